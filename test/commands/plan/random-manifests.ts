import type { Random } from '../../../src/core/clock.ts';
import { addressOf } from '../../simulation/asana/site.ts';
import { EPOCH } from '../../simulation/clock.ts';
import { between, chance, pick } from '../../simulation/random.ts';
import {
  NAMESPACES,
  ORGANIZATION,
  PLAIN,
  type SimulatedSite,
  type TestManifest,
  type TokenHolder,
} from './simulated-site.ts';

const DAY = 86_400_000;

/**
 * Returns a connector in mode Apply with random limits: one for the organization, or one with a personal token, which
 * cannot read licenses or deprovision, for the workspace beside the organization, or for both.
 */
export function drawConnector(random: Random, holder: TokenHolder): TestManifest {
  const personal = holder === 'personal';
  const workspace = personal ? pick(random, [PLAIN, PLAIN, ORGANIZATION]) : ORGANIZATION;
  const spec = {
    credentials: {
      type: personal ? 'PersonalAccessToken' : 'ServiceAccount',
      secretRef: { name: 'asana-acme' },
    },
    ...(personal && chance(random, 0.5) ? { workspaces: [workspace] } : {}),
    ...(chance(random, 0.9) ? { defaultWorkspace: workspace } : {}),
    scim: { enabled: !personal && chance(random, 0.85) },
    provisioning: {
      mode: 'Apply',
      allowDeprovision: !personal && chance(random, 0.6),
      ...(chance(random, 0.5) ? { allowedNamespaces: ['*'] } : {}),
      ...(chance(random, 0.3) ? { protectedUsers: ['p2@acme.example', 'p5@acme.example'] } : {}),
      protectAdmins: chance(random, 0.8),
      // With this limit no license is ever free: which of several grants gets the last one depends on timing.
      ...(chance(random, 0.2) ? { maxEnterpriseLicenses: 1 } : {}),
      removalDelay: pick(random, ['30s', '1m']),
      // A percentage of people depends on when they are counted, which a plan cannot know.
      maxRemovals: { percent: 0, atLeast: pick(random, [0, 1, 2, 5, 20]), window: '12h' },
      maxDeprovisions: pick(random, [0, 1, 2, 5]),
      ...(chance(random, 0.15) ? { maxDuration: '240h' } : {}),
    },
  };
  return { kind: 'AsanaConnector', namespace: 'iga', name: 'acme', spec };
}

/** Returns grants of all kinds for a few people, so that grants meet. */
export function drawGrants(site: SimulatedSite, random: Random, count: number): TestManifest[] {
  return Array.from({ length: count }, (_, index) =>
    drawGrant(site, random, `g${String(index).padStart(2, '0')}`),
  );
}

export function drawGrant(site: SimulatedSite, random: Random, name: string): TestManifest {
  const namespace = chance(random, 0.8) ? 'iga' : pick(random, NAMESPACES);
  const [kind, own] = pick(random, [drawLicense, drawLicense, drawTeam, drawAccount, drawWorkspace])(
    site,
    random,
  );
  const time = drawTime(random);
  const ends = 'expiresAt' in time || 'duration' in time;
  const policy = ends
    ? { deletionPolicy: 'Revoke' }
    : chance(random, 0.2)
      ? { deletionPolicy: 'Retain' }
      : {};
  const spec = {
    connectorRef: { name: 'acme', namespace: 'iga' },
    ...own,
    ...(own['ensure'] === 'Absent' && 'duration' in time ? {} : time),
    ...policy,
    ...(chance(random, 0.05) ? { suspend: true } : {}),
  };
  return { kind, namespace, name, spec };
}

type Draw = readonly [string, Readonly<Record<string, unknown>>];

/** Returns the address of a person of the site, of its guest, or of an unknown person. */
function drawEmail(site: SimulatedSite, random: Random): string {
  if (chance(random, 0.08)) return 'guest@elsewhere.acme';
  return addressOf(site.site.plan, between(random, 0, site.site.plan.people + 3));
}

/** Uses a gid only if the connector reads the person: a plan cannot resolve others, but the operator may. */
function drawUser(site: SimulatedSite, random: Random): Readonly<Record<string, string>> {
  const email = drawEmail(site, random);
  const person = site.site.directory.personByEmail(email);
  return person && site.isReadByAll(person) && chance(random, 0.25) ? { gid: person.gid } : { email };
}

function drawLicense(site: SimulatedSite, random: Random): Draw {
  const spec = {
    user: drawUser(site, random),
    license: pick(random, ['Enterprise', 'Enterprise', 'ViewOnly']),
    onMissingAccount: pick(random, ['Wait', 'Create']),
  };
  return ['AsanaLicenseGrant', spec];
}

function drawTeam(site: SimulatedSite, random: Random): Draw {
  const team = pick(random, site.site.teams);
  const named = chance(random, 0.1)
    ? { name: 'No such team' }
    : // A team whose name is too long for the spec can be declared by gid only.
      pick(random, [{ gid: team.gid }, team.name.length > 255 ? { gid: team.gid } : { name: team.name }]);
  return ['AsanaTeamGrant', { user: drawUser(site, random), team: named }];
}

function drawAccount(site: SimulatedSite, random: Random): Draw {
  const ensure = pick(random, ['Present', 'Present', 'Absent']);
  const workspace = chance(random, 0.3) ? { workspace: pick(random, [ORGANIZATION, PLAIN]) } : {};
  return ['AsanaAccount', { email: drawEmail(site, random), ensure, ...workspace }];
}

function drawWorkspace(site: SimulatedSite, random: Random): Draw {
  const workspace = chance(random, 0.85) ? pick(random, [ORGANIZATION, PLAIN]) : '1999';
  return ['AsanaWorkspaceGrant', { user: drawUser(site, random), workspace }];
}

/** Returns times far from now, so that the plan and Apply evaluate them alike. */
function drawTime(random: Random): Readonly<Record<string, unknown>> {
  const instant = (days: number) => new Date(EPOCH + days * DAY).toISOString();
  if (chance(random, 0.1)) return { expiresAt: instant(pick(random, [-3, 5, 60])) };
  if (chance(random, 0.05)) return { startsAt: instant(pick(random, [-3, 5])) };
  return chance(random, 0.05) ? { duration: pick(random, ['72h', '900h']) } : {};
}
