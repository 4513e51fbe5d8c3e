import { kinds } from '../../../src/api/kinds.ts';
import type { Random } from '../../../src/core/clock.ts';
import { readHolding } from '../asana/holding.ts';
import { addressOf } from '../asana/site.ts';
import { EPOCH } from '../clock.ts';
import { CONNECTOR_KIND, type Connector, type Grant } from '../model/objects.ts';
import { between, chance, pick } from '../random.ts';
import type { World } from '../world.ts';

/** How to draw one kind of grant. A new kind needs a row here. */
export interface GrantDraft {
  readonly kind: string;
  readonly weight: number;
  readonly spec: (world: World, connector: Connector, random: Random) => Record<string, unknown> | null;
  /** Draws a change of what is specific to the kind; `null` if it has nothing to change. */
  readonly edit: (world: World, random: Random) => Record<string, unknown> | null;
}

/** Draws the address of one of few people, so that objects overlap. */
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

/** Draws one of the workspaces that a connector reads. */
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

/** Whether the schema has this field in the kind's spec; only some versions do. */
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

/** Kind, namespace and name of an object. */
export interface Place {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly [key: string]: unknown;
}

export function placeOf({ kind, metadata }: Connector | Grant): Place {
  return { kind, namespace: metadata.namespace, name: metadata.name };
}

/** Returns the address of a grant's person; `null` if it names a gid. Lower case, since Asana ignores case. */
export function addressIn({ spec }: Grant): string | null {
  return (spec.user?.email ?? spec.email)?.toLowerCase() ?? null;
}

/** Draws one of the grants; `null` if there is none. */
export function drawGrant(world: World, random: Random): Grant | null {
  const grants = grantsOf(world);
  return grants.length === 0 ? null : pick(random, grants);
}

export function drawExisting(world: World, random: Random): Connector | null {
  const connectors = connectorsOf(world);
  return connectors.length === 0 ? null : pick(random, connectors);
}

/** Formats a time of the story, given in milliseconds since the world began, as Kubernetes writes it. */
export function instant(ms: number): string {
  return `${new Date(EPOCH + ms).toISOString().slice(0, 19)}Z`;
}

/** Runs a call that the API server may refuse: in a shortened story, much is missing. */
export async function attempt(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}
