import type { Random } from '../../../src/core/clock.ts';
import { ANNOTATIONS, conditionOf, type Grant } from '../model/objects.ts';
import { NAMESPACES } from '../plan.ts';
import { between, chance, pick } from '../random.ts';
import type { World } from '../world.ts';
import {
  addressIn,
  attempt,
  connectorsOf,
  drawExisting,
  drawGrant,
  type GrantDraft,
  grantDrafts,
  grantsOf,
  hasField,
  instant,
  type Place,
  placeOf,
} from './objects.ts';
import { type StepKind, stepKind } from './step.ts';

function drawDraft(random: Random): GrantDraft {
  const total = grantDrafts.reduce((sum, { weight }) => sum + weight, 0);
  let at = random() * total;
  for (const draft of grantDrafts) {
    at -= draft.weight;
    if (at < 0) return draft;
  }
  throw new Error('this program has no kind of grant');
}

/** Draws a grant with one of a few names, so that names recur. */
export function drawNew(world: World, random: Random): (Place & { spec: Record<string, unknown> }) | null {
  const connector = drawExisting(world, random);
  if (!connector) return null;
  const draft = drawDraft(random);
  const own = draft.spec(world, connector, random);
  if (!own) return null;
  const namespace = chance(random, 0.75) ? connector.metadata.namespace : pick(random, NAMESPACES);
  const now = world.clock.monotonic();
  const ends = drawTime(draft.kind, now, random);
  const retains = chance(random, 0.06) && !('expiresAt' in ends) && !('duration' in ends);
  const spec = {
    connectorRef: { name: connector.metadata.name, namespace: connector.metadata.namespace },
    ...own,
    ...ends,
    ...('expiresAt' in ends || 'duration' in ends ? { deletionPolicy: 'Revoke' } : {}),
    ...(retains ? { deletionPolicy: 'Retain' } : {}),
    ...(chance(random, 0.04) ? { suspend: true } : {}),
  };
  return { kind: draft.kind, namespace, name: `g${between(random, 0, 39)}`, spec };
}

function drawTime(kind: string, now: number, random: Random): Record<string, unknown> {
  if (chance(random, 0.12)) return { expiresAt: instant(now + between(random, 60_000, 4 * 3_600_000)) };
  if (hasField(kind, 'duration') && chance(random, 0.06))
    return { duration: pick(random, ['5m', '30m', '2h']) };
  if (hasField(kind, 'startsAt') && chance(random, 0.05))
    return { startsAt: instant(now + between(random, 10_000, 3_600_000)) };
  return {};
}

function drawEdit(world: World, grant: Grant, random: Random): Record<string, unknown> {
  const draft = grantDrafts.find(({ kind }) => kind === grant.kind);
  const now = world.clock.monotonic();
  const edits: (Record<string, unknown> | null | undefined)[] = [
    draft?.edit(world, random),
    draft?.edit(world, random),
    { suspend: grant.spec.suspend !== true },
    { expiresAt: instant(now + between(random, -60_000, 2 * 3_600_000)), deletionPolicy: 'Revoke' },
    { expiresAt: null },
    { deletionPolicy: chance(random, 0.6) ? 'Revoke' : 'Retain' },
    { reason: `why ${between(random, 0, 9)}` },
    hasField(grant.kind, 'startsAt')
      ? { ...draft?.edit(world, random), startsAt: instant(now + between(random, 10_000, 3_600_000)) }
      : null,
  ];
  const possible = edits.filter((edit) => edit !== null && edit !== undefined);
  return pick(random, possible);
}

export async function create(
  world: World,
  { kind, namespace, name, spec }: Place & { spec: Record<string, unknown> },
) {
  const there = world.cluster.object(kind, namespace, name);
  // Applying to an existing object would be an edit; the step means a new object.
  if (!there) await attempt(() => world.apply(kind, namespace, name, spec));
}

/** Installs a CRD again. While objects wait for their finalizers the old CRD still exists, and this retries. */
function install(world: World, kind: string): void {
  // A watch that was refused for long returns only after a backoff.
  world.disturb(() => {});
  try {
    world.cluster.installKind(kind);
  } catch {
    world.clock.schedule(20_000, () => install(world, kind));
  }
}

/** Steps in which objects come, change and go. */
export const grantSteps: readonly StepKind[] = [
  stepKind({
    name: 'CreateGrant',
    weight: 18,
    draw: drawNew,
    run: create,
    tell: ({ kind, namespace, name, spec }) => `create ${kind} ${namespace}/${name} ${JSON.stringify(spec)}`,
  }),
  stepKind({
    name: 'CreateMany',
    weight: 4,
    draw: (world, random) => {
      const objects = Array.from({ length: between(random, 4, 12) }, () => drawNew(world, random));
      return { objects: objects.filter((object) => object !== null) };
    },
    run: async (world, { objects }) => {
      for (const object of objects) await create(world, object);
    },
    tell: ({ objects }) =>
      `create ${objects.map(({ namespace, name, spec }) => `${namespace}/${name} ${JSON.stringify(spec)}`).join('; ')}`,
  }),
  stepKind({
    name: 'EditGrant',
    weight: 10,
    draw: (world, random) => {
      const grant = drawGrant(world, random);
      return grant && { ...placeOf(grant), spec: drawEdit(world, grant, random) };
    },
    run: (world, { kind, namespace, name, spec }) =>
      attempt(() => world.cluster.edit(kind, namespace, name, { spec })),
    tell: ({ kind, namespace, name, spec }) => `edit ${kind} ${namespace}/${name} ${JSON.stringify(spec)}`,
  }),
  stepKind({
    name: 'DeleteGrant',
    weight: 8,
    draw: (world, random) => {
      const grant = drawGrant(world, random);
      return grant && placeOf(grant);
    },
    run: (world, { kind, namespace, name }) => attempt(() => world.cluster.remove(kind, namespace, name)),
    tell: ({ kind, namespace, name }) => `delete ${kind} ${namespace}/${name}`,
  }),
  stepKind({
    name: 'DeleteMany',
    weight: 5,
    draw: (world, random) => {
      const share = pick(random, [0.3, 0.6, 1]);
      const places = grantsOf(world)
        .filter(() => chance(random, share))
        .map(placeOf);
      return places.length < 2 ? null : { places };
    },
    run: async (world, { places }) => {
      for (const { kind, namespace, name } of places)
        await attempt(() => world.cluster.remove(kind, namespace, name));
    },
    tell: ({ places }) => `delete ${places.map(({ namespace, name }) => `${namespace}/${name}`).join(', ')}`,
  }),
  stepKind({
    name: 'Offboard',
    weight: 3,
    draw: (world, random) => {
      const grant = drawGrant(world, random);
      const email = grant && addressIn(grant);
      if (!grant || !email) return null;
      const { connectorRef } = grant.spec;
      return {
        places: grantsOf(world)
          .filter((other) => addressIn(other) === email)
          .map(placeOf),
        kind: 'AsanaAccount',
        namespace: grant.metadata.namespace,
        name: `g${between(random, 0, 39)}`,
        spec: { connectorRef, email, ensure: 'Absent' },
      };
    },
    run: async (world, { places, ...account }) => {
      for (const { kind, namespace, name } of places)
        await attempt(() => world.cluster.remove(kind, namespace, name));
      await create(world, account);
    },
    tell: ({ places, namespace, name, spec }) =>
      `delete ${places.map((place) => `${place.namespace}/${place.name}`).join(', ')}, and create AsanaAccount ${namespace}/${name} ${JSON.stringify(spec)}`,
  }),
  stepKind({
    name: 'Recreate',
    weight: 4,
    draw: (world, random) => {
      // Stalled grants are created again more often than working ones, as their messages suggest.
      const stalled = grantsOf(world).filter((grant) => conditionOf(grant, 'Stalled') !== undefined);
      const grant =
        stalled.length > 0 && chance(random, 0.3) ? pick(random, stalled) : drawGrant(world, random);
      const draft = grantDrafts.find(({ kind }) => kind === grant?.kind);
      if (!grant || !draft) return null;
      const change = chance(random, 0.5) ? (draft.edit(world, random) ?? {}) : {};
      return {
        ...placeOf(grant),
        spec: { ...grant.spec, ...change },
        afterMs: pick(random, [0, 100, 2_000, 70_000]),
      };
    },
    run: async (world, { kind, namespace, name, spec, afterMs }) => {
      await attempt(() => world.cluster.remove(kind, namespace, name));
      await world.advance(afterMs);
      await create(world, { kind, namespace, name, spec });
    },
    tell: ({ kind, namespace, name, spec, afterMs }) =>
      `delete ${kind} ${namespace}/${name}, and ${afterMs} ms later create it again with ${JSON.stringify(spec)}`,
  }),
  stepKind({
    name: 'Move',
    weight: 3,
    draw: (world, random) => {
      const grant = drawGrant(world, random);
      const connector = drawExisting(world, random);
      if (!grant || !connector) return null;
      const { namespace, name } = connector.metadata;
      const connectorRef = chance(random, 0.5) ? { name, namespace } : grant.spec.connectorRef;
      const to = {
        kind: grant.kind,
        namespace: grant.metadata.namespace,
        name: `g${between(random, 0, 39)}`,
      };
      return {
        from: placeOf(grant),
        ...to,
        spec: { ...grant.spec, connectorRef },
        afterMs: pick(random, [0, 2_000, 20_000]),
      };
    },
    run: async (world, { from, kind, namespace, name, spec, afterMs }) => {
      await create(world, { kind, namespace, name, spec });
      await world.advance(afterMs);
      await attempt(() => world.cluster.remove(from.kind, from.namespace, from.name));
    },
    tell: ({ from, kind, namespace, name, spec, afterMs }) =>
      `create ${kind} ${namespace}/${name} ${JSON.stringify(spec)}, and ${afterMs} ms later delete ${from.namespace}/${from.name}, which it replaces`,
  }),
  stepKind({
    name: 'RequestGrant',
    weight: 4,
    draw: (world, random) => {
      const grant = drawGrant(world, random);
      return grant && { ...placeOf(grant), value: `r${between(random, 0, 99_999)}` };
    },
    run: (world, { kind, namespace, name, value }) =>
      attempt(() =>
        world.cluster.edit(kind, namespace, name, {
          metadata: { annotations: { [ANNOTATIONS.requestedAt]: value } },
        }),
      ),
    tell: ({ kind, namespace, name }) => `set requestedAt on ${kind} ${namespace}/${name}`,
  }),
  stepKind({
    name: 'RequestWhileUnshown',
    weight: 1,
    draw: (world, random) => {
      const grants = grantsOf(world).filter(
        ({ kind, spec, metadata }) =>
          kind === 'AsanaLicenseGrant' &&
          spec.license === 'ViewOnly' &&
          metadata.deletionTimestamp === undefined,
      );
      if (grants.length === 0) return null;
      const value = `r${between(random, 0, 99_999)}`;
      return { ...placeOf(pick(random, grants)), value, afterMs: between(random, 2_000, 30_000) };
    },
    run: async (world, { kind, namespace, name, value, afterMs }) => {
      for (const { faults } of world.sites)
        faults.add({ match: { operation: 'scimPatchUser', times: 1 }, effect: { staleForMs: 100_000 } });
      const edit = (change: Readonly<Record<string, unknown>>) =>
        attempt(() => world.cluster.edit(kind, namespace, name, change));
      await edit({ spec: { license: 'Enterprise' } });
      await world.advance(afterMs);
      await edit({ metadata: { annotations: { [ANNOTATIONS.requestedAt]: value } } });
    },
    tell: ({ kind, namespace, name, afterMs }) =>
      `edit ${kind} ${namespace}/${name} to Enterprise, which Asana shows 100 s late, and set requestedAt on it ${afterMs} ms later`,
  }),
  stepKind({
    name: 'Abandon',
    weight: 1,
    draw: (world, random) => {
      const going = grantsOf(world).filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
      return going.length === 0 ? null : placeOf(pick(random, going));
    },
    run: (world, { kind, namespace, name }) =>
      attempt(() =>
        world.cluster.edit(kind, namespace, name, {
          metadata: { annotations: { [ANNOTATIONS.abandon]: 'true' } },
        }),
      ),
    tell: ({ kind, namespace, name }) => `set the annotation abandon on ${kind} ${namespace}/${name}`,
  }),
  stepKind({
    name: 'RemoveNamespace',
    weight: 0.3,
    draw: (_world, random) => ({ namespace: pick(random, NAMESPACES) }),
    run: async (world, { namespace }) => {
      await attempt(() => Promise.resolve(world.cluster.removeNamespace(namespace)));
      await world.advance(60_000);
      await attempt(async () => {
        world.cluster.createNamespace(namespace);
        world.restoreSecrets(namespace);
      });
      for (const { namespace: home, name, spec } of world.plan.connectors)
        if (home === namespace && !connectorsOf(world).some(({ metadata }) => metadata.name === name))
          await attempt(() => world.apply('AsanaConnector', home, name, spec));
    },
    tell: ({ namespace }) => `delete namespace ${namespace}, and create it again one minute later`,
  }),
  stepKind({
    name: 'RemoveKind',
    weight: 0.15,
    draw: (_world, random) => ({ kind: pick(random, grantDrafts).kind }),
    run: async (world, { kind }) => {
      await attempt(() => Promise.resolve(world.cluster.removeKind(kind)));
      await world.advance(60_000);
      install(world, kind);
    },
    tell: ({ kind }) => `delete the CRD of ${kind}, and install it again one minute later`,
  }),
];
