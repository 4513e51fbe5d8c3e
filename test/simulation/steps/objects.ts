import { kinds } from '../../../src/api/kinds.ts';
import type { Random } from '../../../src/core/clock.ts';
import { readHolding } from '../asana/holding.ts';
import { addressOf } from '../asana/site.ts';
import { EPOCH } from '../clock.ts';
import { CONNECTOR_KIND, type Connector, type Grant } from '../model/objects.ts';
import { between, chance, pick } from '../random.ts';
import type { World } from '../world.ts';

/** What is drawn of one kind of grant. To add a kind is to add a row. */
export interface GrantDraft {
  readonly kind: string;
  readonly weight: number;
  readonly spec: (world: World, connector: Connector, random: Random) => Record<string, unknown> | null;
  /** A change of what is peculiar to the kind; null where it has none. */
  readonly edit: (world: World, random: Random) => Record<string, unknown> | null;
}

/** People are chosen from few, so that objects meet. */
export function drawAddress(world: World, connector: Connector, random: Random): string {
  const site = siteOf(world, connector);
  const known = [...site.organization.people];
  if (chance(random, 0.1)) return `new${between(random, 0, 3)}@${site.plan.domain}`;
  if (chance(random, 0.04)) return `guest@elsewhere.${site.plan.name}`;
  if (chance(random, 0.1)) return pick(random, known).profile.email.toLowerCase();
  return addressOf(site.plan, between(random, 0, Math.min(site.plan.people, 14) - 1));
}

export function siteOf(world: World, connector: Connector) {
  const site = world.sites.find(({ plan }) =>
    connector.spec.credentials.secretRef.name.startsWith(`asana-${plan.name}-`),
  );
  const [first] = world.sites;
  if (!first) throw new Error('a world needs an organization');
  return site ?? first;
}

/** One of the workspaces that a connector is about. */
export function drawWorkspace(world: World, connector: Connector, random: Random): string {
  const { workspaces = [siteOf(world, connector).organization.gid] } = connector.spec;
  const [only] = workspaces;
  return workspaces.length === 1 && only !== undefined ? only : pick(random, workspaces);
}

function drawUser(world: World, connector: Connector, random: Random): Record<string, unknown> {
  const email = drawAddress(world, connector, random);
  const person = siteOf(world, connector).directory.personByEmail(email);
  return person && chance(random, 0.15)
    ? { gid: readHolding(siteOf(world, connector), person).gid }
    : { email };
}

const drafts: readonly GrantDraft[] = [
  {
    kind: 'AsanaLicenseGrant',
    weight: 6,
    spec: (world, connector, random) => ({
      user: drawUser(world, connector, random),
      license: chance(random, 0.65) ? 'Enterprise' : 'ViewOnly',
      ...(chance(random, 0.4) ? { onMissingAccount: 'Create' } : {}),
    }),
    edit: (_world, random) => ({ license: chance(random, 0.5) ? 'Enterprise' : 'ViewOnly' }),
  },
  {
    kind: 'AsanaTeamGrant',
    weight: 3,
    spec: (world, connector, random) => {
      const { teams } = siteOf(world, connector);
      if (teams.length === 0) return null;
      const { gid, name } = pick(random, teams);
      const team = chance(random, 0.7) ? { gid } : { name };
      return { user: drawUser(world, connector, random), team };
    },
    edit: () => null,
  },
  {
    kind: 'AsanaWorkspaceGrant',
    weight: 2,
    spec: (world, connector, random) => ({
      user: drawUser(world, connector, random),
      workspace: drawWorkspace(world, connector, random),
      ...(chance(random, 0.6) ? { deletionPolicy: 'Revoke' } : {}),
    }),
    edit: () => null,
  },
  {
    kind: 'AsanaAccount',
    weight: 2,
    spec: (world, connector, random) => ({
      email: drawAddress(world, connector, random),
      ensure: chance(random, 0.6) ? 'Present' : 'Absent',
      ...(chance(random, 0.6) ? { deletionPolicy: 'Revoke' } : {}),
    }),
    edit: (_world, random) => ({ ensure: chance(random, 0.7) ? 'Present' : 'Absent' }),
  },
];

/** The kinds of grants that this program has. */
export const grantDrafts: readonly GrantDraft[] = drafts.filter(({ kind }) =>
  kinds.some(({ names }) => names.kind === kind),
);

/** Fields of a grant's spec that only some versions of the schema have. */
export function hasField(kind: string, field: string): boolean {
  const definition = kinds.find(({ names }) => names.kind === kind);
  return definition !== undefined && field in definition.spec.properties;
}

export function connectorsOf(world: World): Connector[] {
  return world.cluster.objects(CONNECTOR_KIND) as unknown as Connector[];
}

export function grantsOf(world: World): Grant[] {
  return grantDrafts.flatMap(({ kind }) => world.cluster.objects(kind) as unknown as Grant[]);
}

/** Where an object is. */
export interface Place {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly [key: string]: unknown;
}

export function placeOf({ kind, metadata }: Connector | Grant): Place {
  return { kind, namespace: metadata.namespace, name: metadata.name };
}

/** The address of whom a grant names; null where it names them by gid. Asana's addresses know no case. */
export function addressIn({ spec }: Grant): string | null {
  return (spec.user?.email ?? spec.email)?.toLowerCase() ?? null;
}

/** One of the objects there are; null when there is none. */
export function drawGrant(world: World, random: Random): Grant | null {
  const grants = grantsOf(world);
  return grants.length === 0 ? null : pick(random, grants);
}

export function drawExisting(world: World, random: Random): Connector | null {
  const connectors = connectorsOf(world);
  return connectors.length === 0 ? null : pick(random, connectors);
}

/** A time of the story as Kubernetes writes it; drawn as milliseconds since the world began. */
export function instant(ms: number): string {
  return `${new Date(EPOCH + ms).toISOString().slice(0, 19)}Z`;
}

/** Runs what the API server may refuse: in a story that was cut short much is not there. */
export async function attempt(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}
