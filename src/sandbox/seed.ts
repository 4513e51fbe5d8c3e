import type { Random } from '../core/clock.ts';
import type { Directory, NewProfile } from './directory.ts';
import { addressPart, departments, familyNames, givenNames, titles } from './names.ts';
import type { Person, TeamVisibility, Workspace } from './records.ts';

/** The size of the directory. */
export interface SeedSizes {
  /** Gid of the organization, so that two directories can belong to two organizations. */
  readonly organization: string;
  /** Active people in the organization, including guests and the named people. */
  readonly accounts: number;
  readonly teams: number;
  /** Members of each team, at most the number of people. */
  readonly membersPerTeam: number;
  /** Deprovisioned people, in addition to `accounts`. */
  readonly deprovisioned: number;
  /** People among `accounts` who left and came back: each has a second, ended membership. */
  readonly rejoined: number;
  /** A second workspace with the personal token's owner in it, who is a guest if it is an organization. */
  readonly secondWorkspace: 'none' | 'workspace' | 'organization';
}

export interface Seeded {
  readonly organization: Workspace;
  readonly root: Person;
  readonly serviceAccount: Person;
}

export const ORGANIZATION_GID = '1200000000000001';
export const SECOND_WORKSPACE_GID = '1200000000000002';

/** A member of the second organization who is unknown in the first. */
export const STRANGER = 'stella@second.example';

/** When the organization was founded: no seeded membership is older. */
const FOUNDED = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;

/** The people in every directory, whatever its size; the demo and the tests use them by name. */
const cast: readonly NewProfile[] = [
  {
    email: 'root@acme.example',
    name: 'Robin Root',
    admin: true,
    license: 'enterprise',
    title: 'Director',
    department: 'Platform',
  },
  { email: 'alice@acme.example', name: 'Alice Adams', license: 'view only', department: 'Design' },
  { email: 'bob@acme.example', name: 'Bob Brandt', license: 'enterprise', department: 'Design' },
  { email: 'carol@acme.example', name: 'Carol Chen', license: 'view only', department: 'Data' },
  { email: 'dave@partner.example', name: 'Dave Diaz', license: 'enterprise' },
];

/** The size of the smallest directory: the named people. */
export const FEWEST_ACCOUNTS = cast.length;

/** One account in this many is a guest. */
const GUEST_EVERY = 20;
/** One account in this many is an administrator. Its index is a multiple of ten, and a guest's never is. */
const ADMIN_EVERY = 150;
/** Share of members with a view-only license. */
const VIEW_ONLY_SHARE = 0.6;

/** Fills an empty directory. The same sizes and random numbers give the same directory. */
export function seedDirectory(directory: Directory, random: Random, sizes: SeedSizes): Seeded {
  const organization = directory.addWorkspace(sizes.organization, 'Acme', ['acme.example', 'acme.test']);
  const serviceAccount = directory.addPerson('serviceAccount', {
    email: 'identity-governance@service-accounts.example',
    name: 'Identity governance',
  });
  const invent = new Inventor(random);
  const people: Person[] = [];
  for (let i = 0; i < sizes.accounts; i += 1) {
    const profile = cast[i] ?? (i % GUEST_EVERY === GUEST_EVERY - 1 ? invent.guest() : invent.member(i));
    people.push(
      settle(directory, random, organization, profile, i >= cast.length && i < cast.length + sizes.rejoined),
    );
  }
  for (let i = 0; i < sizes.deprovisioned; i += 1) {
    const leaver = settle(directory, random, organization, invent.member(i + 1), false);
    directory.deprovision(leaver, null);
  }
  const [root] = people;
  if (root === undefined) throw new Error('a directory has at least its named people');
  addTeams(directory, random, organization, people, sizes);
  addSecondWorkspace(directory, people, sizes.secondWorkspace);
  return { organization, root, serviceAccount };
}

/** Makes a person a member or guest of the organization, for the second time if `rejoined`. */
function settle(
  directory: Directory,
  random: Random,
  organization: Workspace,
  profile: NewProfile,
  rejoined: boolean,
): Person {
  const person = directory.addPerson(directory.kindOf(profile.email, organization), profile);
  const firstDay = Math.floor(random() * 400);
  if (rejoined)
    directory.joinWorkspace(person, organization, { createdAt: FOUNDED + firstDay * DAY_MS, ended: true });
  directory.joinWorkspace(person, organization, {
    createdAt: FOUNDED + (firstDay + (rejoined ? 200 : 0)) * DAY_MS,
  });
  return person;
}

/** Adds teams. The first has named people in it, so the administrator's token may change it; all others are random. */
function addTeams(
  directory: Directory,
  random: Random,
  organization: Workspace,
  people: readonly Person[],
  sizes: SeedSizes,
): void {
  const visibilities: readonly TeamVisibility[] = ['public', 'request_to_join', 'secret'];
  for (let i = 0; i < sizes.teams; i += 1) {
    const topic = departments[i % departments.length] ?? 'Team';
    const round = Math.floor(i / departments.length);
    const team = directory.addTeam(organization, {
      name: round === 0 ? topic : `${topic} ${round + 1}`,
      description: `${topic} & friends`,
      visibility: visibilities[i % visibilities.length] ?? 'public',
    });
    const members = new Set(i === 0 ? people.slice(0, Math.min(3, sizes.membersPerTeam)) : []);
    const wanted = Math.min(sizes.membersPerTeam, people.length);
    while (members.size < wanted) {
      const member = people[Math.floor(random() * people.length)];
      if (member !== undefined) members.add(member);
    }
    let place = 0;
    for (const member of members) {
      directory.joinTeam(member, team, {
        isAdmin: place === 0,
        isLimitedAccess: place > 0 && random() < 0.05,
      });
      place += 1;
    }
  }
}

function addSecondWorkspace(
  directory: Directory,
  people: readonly Person[],
  kind: SeedSizes['secondWorkspace'],
): void {
  if (kind === 'none') return;
  const domains = kind === 'organization' ? ['second.example'] : [];
  const workspace = directory.addWorkspace(SECOND_WORKSPACE_GID, 'Skunkworks', domains);
  for (const person of people.slice(0, 3)) directory.joinWorkspace(person, workspace, { createdAt: FOUNDED });
  if (kind === 'workspace') return;
  // The first three are guests there: their addresses are in another domain.
  const stranger = directory.addPerson('member', { email: STRANGER, name: 'Stella Stranger' });
  directory.joinWorkspace(stranger, workspace, { createdAt: FOUNDED });
}

/** Invents people, each with a unique address. */
class Inventor {
  readonly #random: Random;
  readonly #taken = new Map<string, number>();

  constructor(random: Random) {
    this.#random = random;
  }

  member(index: number): NewProfile {
    const { name, address } = this.#person('acme.example');
    return {
      // Some addresses have capitals, as people type them.
      email: this.#random() < 0.1 ? address : address.toLowerCase(),
      name,
      license: this.#random() < VIEW_ONLY_SHARE ? 'view only' : 'enterprise',
      admin: index % ADMIN_EVERY === 100,
      department: this.#pick(departments),
      title: this.#random() < 0.7 ? this.#pick(titles) : null,
    };
  }

  guest(): NewProfile {
    const { name, address } = this.#person(this.#random() < 0.5 ? 'partner.example' : 'contractor.example');
    return { email: address.toLowerCase(), name };
  }

  #person(domain: string): { name: string; address: string } {
    const given = this.#pick(givenNames);
    const family = this.#pick(familyNames);
    const local = `${addressPart(given)}.${addressPart(family)}`;
    const count = (this.#taken.get(`${local}@${domain}`) ?? 0) + 1;
    this.#taken.set(`${local}@${domain}`, count);
    return { name: `${given} ${family}`, address: `${local}${count === 1 ? '' : count}@${domain}` };
  }

  #pick(choices: readonly string[]): string {
    return choices[Math.floor(this.#random() * choices.length)] ?? '';
  }
}
