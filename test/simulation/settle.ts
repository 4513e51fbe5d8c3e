import { modelOf } from './model/kinds.ts';
import {
  ANNOTATIONS,
  CONNECTOR_KIND,
  type Connector,
  conditionOf,
  connectorKeyOf,
  type Grant,
  holdsOf,
  keyOf,
  modeOf,
  nameOf,
} from './model/objects.ts';
import type { NamedRule } from './model/rule.ts';
import { mendAsana } from './steps/faults.ts';
import { attempt, connectorsOf, grantsOf } from './steps/objects.ts';
import type { World } from './world.ts';

const MINUTE = 60_000;
/** Reasons that pass by themselves: a grant that still shows one when all is quiet hangs. */
const PASSING = [
  'Progressing',
  'Throttled',
  'AsanaUnavailable',
  'ConnectorNotReady',
  'ClockSkew',
  'RemovalPending',
];

/** Reasons for which a sync reads nothing until the connector is changed. */
const UNREADABLE = ['WorkspaceNotFound', 'WorkspaceNotSet', 'AmbiguousOrganization'];

const HANGS = {
  name: 'NothingHangs',
  sentence:
    'no grant waits forever: none keeps a temporary reason, and no deleted grant stays Ready or outlives its connector',
};
const TABLE = {
  name: 'AsTheTable',
  sentence: 'Asana shows what every live grant that is Ready declares',
};
const ANSWERED = { name: 'HoldsEnd', sentence: 'a hold ends after it is acknowledged' };
const QUIET = {
  name: 'NothingForEver',
  sentence: 'while nothing changes, nothing is written and no reconcile keeps failing',
};

/** The rules for a world that was left alone. */
export const settledRules: readonly NamedRule[] = [HANGS, TABLE, ANSWERED, QUIET];

/** Leaves a world alone until it must have settled, and checks every object against the contract. */
export async function settle(world: World): Promise<void> {
  mendAsana(world);
  for (const site of world.sites) {
    site.time.skewMs = 0;
    site.settings.enterpriseSeats = null;
    world.judge.facts.moveClocks(site);
  }
  world.lease.stoppedUntil &&= world.clock.now();
  for (const namespace of world.plan.namespaces)
    await attempt(() => Promise.resolve(world.restoreSecrets(namespace)));
  await world.advance(75 * MINUTE);
  await answerHolds(world);
  await world.advance(15 * MINUTE);
  await judgeQuiet(world);
  for (const grant of grantsOf(world)) judgeGrant(world, grant);
}

/** Acknowledges every hold, and reports those that do not end by it. */
async function answerHolds(world: World): Promise<void> {
  const asked = new Set<string>();
  // An answer is followed only when the connector acts (again); until then the connector keeps its holds.
  const answers = (connector: Connector) =>
    !connector.spec.suspend && modeOf(connector) === 'Apply' && !waitsForSpec(connector);
  for (let round = 0; round < 4; round += 1) {
    const holding = connectorsOf(world).filter(
      (connector) => holdsOf(connector).length > 0 && answers(connector),
    );
    if (holding.length === 0) return;
    for (const connector of holding) {
      const { namespace, name } = connector.metadata;
      for (const { token = '' } of holdsOf(connector)) {
        asked.add(`${keyOf(connector)} ${token}`);
        const annotations = { [ANNOTATIONS.acknowledge]: token };
        await attempt(() =>
          world.cluster.edit(CONNECTOR_KIND, namespace, name, { metadata: { annotations } }),
        );
        await world.advance(30_000);
      }
    }
    await world.advance(12 * MINUTE);
  }
  for (const connector of connectorsOf(world)) {
    if (!answers(connector)) continue;
    for (const { reason, token = '' } of holdsOf(connector))
      if (asked.has(`${keyOf(connector)} ${token}`))
        world.judge.report(
          ANSWERED,
          `${nameOf(connector)}: ${reason} ${token} still exists after its acknowledgement`,
        );
  }
}

/** Whether only an edit ends the stall. For OrganizationChanged an answer does, unless the directory cannot be read. */
function waitsForSpec(connector: Connector): boolean {
  const stalled = conditionOf(connector, 'Stalled');
  if (stalled?.reason === 'OrganizationChanged') return UNREADABLE.includes(reasonOf(connector, 'Synced'));
  return stalled !== undefined;
}

function reasonOf(connector: Connector, condition: string): string {
  return conditionOf(connector, condition)?.reason ?? '';
}

/** Judges 45 minutes in which nothing happens. */
async function judgeQuiet(world: World): Promise<void> {
  const { asanaWrites, grantWrites } = world;
  const failures = world.complaints.length;
  // An action that Asana refused is tried once more on the next new reading, which an answer to a hold has just caused.
  const refused = grantsOf(world).filter(
    (grant) => conditionOf(grant, 'Ready')?.reason === 'AsanaRefused',
  ).length;
  await world.advance(45 * MINUTE);
  const failed = world.complaints.slice(failures).filter(({ message }) => message === 'reconcile failed');
  const [first] = failed;
  if (failed.length > 2 && first)
    world.judge.report(
      QUIET,
      `${failed.length} reconciles failed, such as ${String(first.fields['namespace'])}/${String(first.fields['name'])}: ${describe(first.fields['error'])}`,
    );
  // A grant that begins or ends meanwhile is written when it does.
  const timed = grantsOf(world).filter(({ spec }) => spec.expiresAt ?? spec.startsAt ?? spec.duration).length;
  if (world.asanaWrites > asanaWrites + 1 + refused + 2 * timed)
    world.judge.report(QUIET, `${world.asanaWrites - asanaWrites} changes reached Asana`);
  if (world.grantWrites > grantWrites + 3 + 3 * refused + 6 * timed)
    world.judge.report(QUIET, `${world.grantWrites - grantWrites} grant statuses were written`);
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name} ${error.message}` : String(error);
}

function judgeGrant(world: World, grant: Grant): void {
  const { facts } = world.judge;
  const connector =
    connectorsOf(world).find((candidate) => keyOf(candidate) === connectorKeyOf(grant)) ?? null;
  const ready = conditionOf(grant, 'Ready');
  const reason = ready?.reason ?? 'none';
  if (!connector) {
    if (grant.metadata.deletionTimestamp)
      world.judge.report(HANGS, `${nameOf(grant)} is deleted but still exists, and its connector is gone`);
    return;
  }
  if (!canAct(connector)) return;
  const site = facts.siteOf(connector);
  if (!site) return;
  if (PASSING.includes(reason) && !isWaitingForTime(world, grant))
    world.judge.report(HANGS, `${nameOf(grant)} still shows ${reason}: ${ready?.message ?? ''}`);
  if (grant.metadata.deletionTimestamp !== undefined) {
    if (ready?.status === 'True')
      world.judge.report(HANGS, `${nameOf(grant)} is deleted but shows ${reason}`);
    return;
  }
  if (modeOf(connector) === 'Plan' || !facts.isLive(grant)) return;
  const holding = facts.holdingOf(grant, site);
  const model = modelOf(grant.kind);
  if (!model || !holding || ready?.status !== 'True' || reason === 'Suspended') return;
  if (!model.has(grant, holding))
    world.judge.report(TABLE, `${nameOf(grant)} shows ${reason}, but Asana shows ${JSON.stringify(holding)}`);
}

function canAct(connector: Connector): boolean {
  const stalled = conditionOf(connector, 'Stalled') !== undefined;
  return (
    !stalled &&
    !connector.spec.suspend &&
    !connector.metadata.deletionTimestamp &&
    holdsOf(connector).length === 0
  );
}

function isWaitingForTime(world: World, { status }: Grant): boolean {
  const until = Date.parse(status?.planned?.notBefore ?? '');
  return !Number.isNaN(until) && until > world.clock.now() - MINUTE;
}
