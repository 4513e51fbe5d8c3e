import type { Random } from '../../../src/core/clock.ts';
import { ANNOTATIONS, CONNECTOR_KIND, type Connector, holdsOf, keyOf } from '../model/objects.ts';
import { drawConnector } from '../plan.ts';
import { between, chance, pick } from '../random.ts';
import type { TaskWish } from '../tasks.ts';
import type { World } from '../world.ts';
import { WRITES } from './faults.ts';
import { create, drawNew } from './grants.ts';
import {
  attempt,
  connectorsOf,
  drawAddress,
  drawExisting,
  grantsOf,
  type Place,
  placeOf,
  siteOf,
} from './objects.ts';
import { type StepKind, stepKind } from './step.ts';

function drawPolicy(world: World, connector: Connector, random: Random): Record<string, unknown> {
  const now = connector.spec.provisioning ?? {};
  const provisioning = pick<Record<string, unknown>>(random, [
    { mode: now.mode === 'Apply' ? 'Plan' : 'Apply' },
    { mode: 'Apply' },
    { allowDeprovision: !now.allowDeprovision },
    {
      protectedUsers: [drawAddress(world, connector, random), drawAddress(world, connector, random)].filter(
        (email, at, all) => all.indexOf(email) === at,
      ),
    },
    { protectedUsers: null },
    { protectAdmins: now.protectAdmins === false },
    { maxEnterpriseLicenses: chance(random, 0.7) ? between(random, 3, 14) : null },
    { maxRemovals: { percent: pick(random, [0, 10, 20, 100]), atLeast: pick(random, [0, 1, 3, 5]) } },
    { maxDeprovisions: pick(random, [0, 1, 3]) },
    { maxDuration: pick(random, ['1h', '24h', null, null]) },
    { removalDelay: pick(random, ['0s', '5s', '1m', '10m']) },
    { allowedNamespaces: pick(random, [['*'], ['team-a'], null]) },
  ]);
  return { provisioning };
}

/** Draws another way to read the same Asana: with SCIM or without, in more workspaces or fewer. */
function drawReading(world: World, connector: Connector, random: Random): Record<string, unknown> {
  const { credentials, scim } = connector.spec;
  const { organization, plain } = siteOf(world, connector);
  const gids = [organization, ...(plain ? [plain] : [])].map(({ gid }) => gid);
  if (credentials.type === 'ServiceAccount' && chance(random, 0.7))
    return { scim: { enabled: !scim?.enabled } };
  const workspaces = chance(random, 0.5) ? gids : [pick(random, gids)];
  return chance(random, 0.5)
    ? { workspaces, defaultWorkspace: pick(random, workspaces) }
    : { workspaces: null };
}

/** Hold tokens that were ever published, oldest first. */
const oldTokens = new WeakMap<World, string[]>();

function tokensOf(world: World): string[] {
  const tokens = oldTokens.get(world) ?? [];
  oldTokens.set(world, tokens);
  for (const connector of connectorsOf(world))
    for (const { token } of holdsOf(connector)) if (token && !tokens.includes(token)) tokens.push(token);
  return tokens;
}

/** The token that a user answers with: that of a standing hold, an old one, or a wrong one. */
type Which = 'Current' | 'Old' | 'Wrong';

function tokenFor(world: World, connector: Connector, which: Which, index: number): string | null {
  if (which === 'Wrong') return 'ffffffff.9';
  const tokens = holdsOf(connector).flatMap(({ token }) => (token ? [token] : []));
  if (which === 'Old') {
    const old = tokensOf(world);
    const ofThese = old.filter((token) => tokens.some((now) => now !== token && idOf(now) === idOf(token)));
    const chosen = ofThese.length > 0 ? ofThese : old;
    return chosen[index % Math.max(chosen.length, 1)] ?? null;
  }
  return tokens[index % Math.max(tokens.length, 1)] ?? null;
}

function idOf(token: string): string {
  return token.slice(0, token.lastIndexOf('.'));
}

/** Draws grants to delete just before a user answers a hold. */
function drawJoining(world: World, random: Random): Place[] {
  return grantsOf(world)
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined && chance(random, 0.3))
    .map(placeOf);
}

function drawWith(world: World, random: Random, wanted: (connector: Connector) => boolean): Place | null {
  const found = connectorsOf(world).filter(wanted);
  return found.length === 0 ? null : placeOf(pick(random, found));
}

/** Draws a task that takes a license, and a change of the connector that forbids it. */
function drawTaking(
  world: World,
  connector: Connector,
  random: Random,
): { task: TaskWish; spec: Record<string, unknown> } | null {
  const people = siteOf(world, connector).organization.people.filter(
    ({ kind, profile }) => kind === 'member' && profile.active && !profile.admin,
  );
  if (people.length === 0) return null;
  const { gid, profile } = pick(random, people);
  const license = pick(random, ['Enterprise', 'ViewOnly'] as const);
  const task = {
    want: 'Take',
    right: { type: 'License', license },
    user: gid,
    connector: keyOf(connector),
  } as const;
  const protectedUsers = { protectedUsers: [profile.email.toLowerCase()] };
  const forbids =
    license === 'ViewOnly' ? pick(random, [protectedUsers, { allowDeprovision: false }]) : protectedUsers;
  return { task, spec: { provisioning: forbids } };
}

type DrawSpec = (world: World, connector: Connector, random: Random) => Record<string, unknown>;

/** Returns a step in which a user edits fields of a connector. */
function edit(name: string, weight: number, drawSpec: DrawSpec): StepKind {
  return stepKind({
    name,
    weight,
    draw: (world, random) => {
      const connector = drawExisting(world, random);
      return connector && { ...placeOf(connector), spec: drawSpec(world, connector, random) };
    },
    run: (world, { kind, namespace, name, spec }) =>
      attempt(() => world.cluster.edit(kind, namespace, name, { spec })),
    tell: ({ namespace, name, spec }) => `edit connector ${namespace}/${name} ${JSON.stringify(spec)}`,
  });
}

/** Steps in which users change connectors. */
export const connectorSteps: readonly StepKind[] = [
  edit('EditPolicy', 9, drawPolicy),
  edit('EditReading', 1.5, drawReading),
  stepKind({
    name: 'SuspendConnector',
    weight: 2.5,
    draw: (world, random) => drawWith(world, random, ({ spec }) => spec.suspend !== true),
    run: (world, { kind, namespace, name }) =>
      attempt(() => world.cluster.edit(kind, namespace, name, { spec: { suspend: true } })),
    tell: ({ namespace, name }) => `suspend connector ${namespace}/${name}`,
  }),
  stepKind({
    name: 'EditWhileThrottled',
    weight: 2.5,
    draw: (world, random) => {
      const connector = drawExisting(world, random);
      if (!connector) return null;
      const retryAfter = between(random, 9, 14);
      if (chance(random, 0.35)) {
        const found = drawTaking(world, connector, random);
        return found && { ...placeOf(connector), ...found, object: null, retryAfter };
      }
      const object = drawNew(world, random);
      const spec = chance(random, 0.4) ? { suspend: true } : drawPolicy(world, connector, random);
      return object && { ...placeOf(connector), spec, object, task: null, retryAfter };
    },
    run: async (world, { kind, namespace, name, spec, object, task, retryAfter }) => {
      if (object) await create(world, object);
      if (task) world.give(task);
      for (const { faults } of world.sites)
        for (const operation of WRITES)
          faults.add({ match: { operation, times: 1 }, effect: { status: 429, retryAfter } });
      // By then the requested change has met the pause, and waits.
      await world.advance(1_500);
      await attempt(() => world.cluster.edit(kind, namespace, name, { spec }));
    },
    tell: ({ namespace, name, spec, object, task, retryAfter }) => {
      const asked = object
        ? `create ${object.kind} ${object.namespace}/${object.name} ${JSON.stringify(object.spec)}`
        : `order the task ${JSON.stringify(task)}`;
      return `${asked}, and while Asana answers writes with 429 and Retry-After ${retryAfter} s, edit connector ${namespace}/${name} ${JSON.stringify(spec)}`;
    },
  }),
  stepKind({
    name: 'ResumeConnector',
    // Far more often than SuspendConnector, since nothing happens while connectors are suspended.
    weight: 18,
    draw: (world, random) => drawWith(world, random, ({ spec }) => spec.suspend === true),
    run: (world, { kind, namespace, name }) =>
      attempt(() => world.cluster.edit(kind, namespace, name, { spec: { suspend: false } })),
    tell: ({ namespace, name }) => `resume connector ${namespace}/${name}`,
  }),
  stepKind({
    name: 'RequestSync',
    weight: 4,
    draw: (world, random) => {
      const connector = drawExisting(world, random);
      return connector && { ...placeOf(connector), value: `r${between(random, 0, 99_999)}` };
    },
    run: (world, { kind, namespace, name, value }) =>
      attempt(() =>
        world.cluster.edit(kind, namespace, name, {
          metadata: { annotations: { [ANNOTATIONS.requestedAt]: value } },
        }),
      ),
    tell: ({ namespace, name }) => `set requestedAt on connector ${namespace}/${name}`,
  }),
  stepKind({
    name: 'AnswerHold',
    weight: 9,
    draw: (world, random) => {
      tokensOf(world);
      const connector = drawExisting(world, random);
      const holding = connectorsOf(world).filter((candidate) => holdsOf(candidate).length > 0);
      const chosen = holding.length > 0 ? pick(random, holding) : connector;
      if (!chosen) return null;
      if (holding.length === 0 && chance(random, 0.8)) return null;
      const which = pick<Which>(random, ['Current', 'Current', 'Current', 'Old', 'Wrong']);
      const verb = chance(random, 0.6) ? ('acknowledge' as const) : ('discard' as const);
      const index = between(random, 0, 5);
      const joining = chance(random, 0.35) ? drawJoining(world, random) : null;
      return { ...placeOf(chosen), which, verb, index, joining, joinMs: between(random, 100, 4_000) };
    },
    run: async (world, { kind, namespace, name, which, verb, index, joining, joinMs }) => {
      const connector = world.cluster.object(kind, namespace, name) as unknown as Connector | null;
      const token = connector && tokenFor(world, connector, which, index);
      if (!token) return;
      for (const place of joining ?? [])
        await attempt(() => world.cluster.remove(place.kind, place.namespace, place.name));
      if (joining) await world.advance(joinMs);
      const annotations = { [ANNOTATIONS[verb]]: token };
      await attempt(() => world.cluster.edit(kind, namespace, name, { metadata: { annotations } }));
    },
    tell: ({ namespace, name, which, verb, joining, joinMs }) => {
      const answer = `${verb} a hold of connector ${namespace}/${name} with the ${which.toLowerCase()} token`;
      if (!joining) return answer;
      const names = joining.map((place) => `${place.namespace}/${place.name}`).join(', ');
      return `delete ${names}, and ${joinMs} ms later ${answer} from before the deletions`;
    },
  }),
  stepKind({
    name: 'DeleteConnector',
    weight: 0.7,
    draw: (world, random) => {
      const connector = drawExisting(world, random);
      return connector && placeOf(connector);
    },
    run: (world, { kind, namespace, name }) => attempt(() => world.cluster.remove(kind, namespace, name)),
    tell: ({ namespace, name }) => `delete connector ${namespace}/${name}`,
  }),
  stepKind({
    name: 'CreateConnector',
    weight: 8,
    draw: (world, random) => {
      const planned = pick(random, world.plan.connectors);
      if (world.cluster.object(CONNECTOR_KIND, planned.namespace, planned.name)) return null;
      const moved = chance(random, 0.2) ? 1 - planned.site : planned.site;
      return { ...drawConnector(planned.name, planned.namespace, moved, random) };
    },
    run: (world, { namespace, name, spec }) =>
      attempt(() => world.apply(CONNECTOR_KIND, namespace, name, spec)),
    tell: ({ namespace, name, spec }) => `create connector ${namespace}/${name} ${JSON.stringify(spec)}`,
  }),
  stepKind({
    name: 'SecretGone',
    weight: 0.7,
    draw: (world, random) => {
      const connector = drawExisting(world, random);
      return (
        connector && {
          namespace: connector.metadata.namespace,
          name: connector.spec.credentials.secretRef.name,
        }
      );
    },
    run: (world, { namespace, name }) =>
      attempt(() => Promise.resolve(world.cluster.removeSecret(namespace, name))),
    tell: ({ namespace, name }) => `delete Secret ${namespace}/${name}`,
  }),
];
