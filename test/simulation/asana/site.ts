import type { Clock } from '../../../src/core/clock.ts';
import { Directory } from '../../../src/sandbox/directory.ts';
import { AsanaFaults } from '../../../src/sandbox/faults.ts';
import { FieldCompiler } from '../../../src/sandbox/fields.ts';
import { Pager } from '../../../src/sandbox/paging.ts';
import type { Person, Team, Workspace } from '../../../src/sandbox/records.ts';
import { teamRoutes } from '../../../src/sandbox/rest-teams.ts';
import { userRoutes } from '../../../src/sandbox/rest-users.ts';
import { workspaceRoutes } from '../../../src/sandbox/rest-workspaces.ts';
import { SandboxTime } from '../../../src/sandbox/sandbox-time.ts';
import { scimGroupRoutes } from '../../../src/sandbox/scim-groups.ts';
import { scimMetaRoutes } from '../../../src/sandbox/scim-meta.ts';
import { scimUserRoutes } from '../../../src/sandbox/scim-users.ts';
import { defaultSettings, type Settings } from '../../../src/sandbox/settings.ts';
import { Tokens } from '../../../src/sandbox/tokens.ts';
import type { Route } from '../../../src/sandbox/world.ts';
import { stream } from '../random.ts';

export const ASANA_URL = 'http://127.0.0.1:1/api/1.0';

/** The initial state of one organization. */
export interface SitePlan {
  readonly name: string;
  /** gid of the organization. */
  readonly organization: string;
  /** Email domain of its members. */
  readonly domain: string;
  readonly people: number;
  readonly teams: number;
  /** gid of a workspace beside the organization that its first people are also in; undefined for none. */
  readonly workspace?: string;
}

/** A listing that shows fewer records than there are, and looks whole. */
export interface Lie {
  readonly operations: readonly string[];
  /** Share of the records that is shown. */
  readonly keep: number;
}

/** Misleading answers to a look at one person: Asana may give each of them, and none means that the person is gone. */
export const misleadingLooks = ['NoWorkspace', 'NoMembership', 'NotInScim'] as const;
export type MisleadingLook = (typeof misleadingLooks)[number];

/** One organization of the simulated Asana, with its people and its faults. */
export interface Site {
  readonly plan: SitePlan;
  readonly directory: Directory;
  readonly organization: Workspace;
  /** The workspace beside the organization; `null` if there is none. */
  readonly plain: Workspace | null;
  readonly teams: readonly Team[];
  readonly settings: Settings;
  readonly faults: AsanaFaults;
  readonly tokens: Tokens;
  readonly time: SandboxTime;
  readonly routes: readonly Route[];
  lies: Lie[];
  /** How looks at one person mislead; `null` if they do not. */
  misleading: MisleadingLook | null;
}

/** The owners of tokens: each connector has its own token in every organization, which identifies its requests. */
export const TOKEN_HOLDERS = ['acme', 'beta', 'second', 'personal'] as const;
/** How many people, from the first on, are in the workspace beside the organization. */
const IN_PLAIN = 4;

/** Returns the token of a connector, given by name, for an organization. */
export function tokenOf(site: Pick<SitePlan, 'name'>, connector: string): string {
  return `${site.name}.${connector}`;
}

/** Returns the name of the Secret that holds this token. */
export function secretOf(site: Pick<SitePlan, 'name'>, connector: string): string {
  return `asana-${site.name}-${connector}`;
}

/** Returns the token in a Secret, by the Secret's name. */
export function tokenInSecret(name: string): string {
  const [, site = '', connector = ''] = name.split('-');
  return tokenOf({ name: site }, connector);
}

/** Returns the address of the n-th person of a site; steps prefer the first people. */
export function addressOf(plan: SitePlan, index: number): string {
  return `p${index}@${plan.domain}`;
}

/** Builds an organization: an administrator, members with both licenses, a guest, teams. */
export function openSite(plan: SitePlan, seed: number, clock: Clock): Site {
  const random = stream(seed, `site ${plan.name}`);
  const settings = { ...defaultSettings };
  const time = new SandboxTime(clock);
  const directory = new Directory(settings, time, random);
  const organization = directory.addWorkspace(plan.organization, plan.name, [plan.domain]);
  const owner = directory.addPerson('serviceAccount', {
    email: `governance@${plan.name}.service`,
    name: 'Governance',
  });
  const people: Person[] = [];
  for (let index = 0; index < plan.people; index += 1) {
    const person = directory.addPerson('member', {
      email: addressOf(plan, index),
      name: `Person ${index}`,
      license: random() < 0.5 ? 'enterprise' : 'view only',
      admin: index === 0,
    });
    directory.joinWorkspace(person, organization);
    people.push(person);
  }
  const guest = directory.addPerson('guest', { email: `guest@elsewhere.${plan.name}`, name: 'Guest' });
  directory.joinWorkspace(guest, organization);
  const teams = openTeams(directory, organization, [...people, guest], plan.teams, random);
  const plain = plan.workspace === undefined ? null : directory.addWorkspace(plan.workspace, 'Plain', []);
  if (plain) for (const person of people.slice(0, IN_PLAIN)) directory.joinWorkspace(person, plain);
  const tokens = new Tokens(settings, clock);
  const [first] = people;
  for (const holder of TOKEN_HOLDERS) {
    const isPersonal = holder === 'personal' && first !== undefined;
    tokens.issue(
      tokenOf(plan, holder),
      isPersonal ? 'personalAccessToken' : 'serviceAccount',
      isPersonal ? first : owner,
    );
  }
  const pager = new Pager(`site ${plan.name}`, () => time.now());
  const world = { directory, settings, pager, fields: new FieldCompiler(), baseUrl: () => ASANA_URL };
  const routes = [
    ...userRoutes(world),
    ...workspaceRoutes(world),
    ...teamRoutes(world),
    ...scimMetaRoutes(world),
    ...scimUserRoutes(world),
    ...scimGroupRoutes(world),
  ];
  const faults = new AsanaFaults();
  return {
    plan,
    directory,
    organization,
    plain,
    teams,
    settings,
    faults,
    tokens,
    time,
    routes,
    lies: [],
    misleading: null,
  };
}

function openTeams(
  directory: Directory,
  organization: Workspace,
  people: readonly Person[],
  count: number,
  random: () => number,
): Team[] {
  return Array.from({ length: count }, (_, index) => {
    const team = directory.addTeam(organization, {
      // With nine teams, two have the same name; with three or more, one has a name of the maximum length.
      name: index === 2 ? `Team 2 ${'\u{1f600}'.repeat(500)}` : `Team ${index === 8 ? 0 : index}`,
      description: '',
      visibility: 'public',
    });
    for (const person of people)
      if (random() < 0.3) directory.joinTeam(person, team, { isAdmin: random() < 0.2 });
    return team;
  });
}
