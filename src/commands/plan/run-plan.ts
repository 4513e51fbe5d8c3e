import type { AxiosAdapter } from 'axios';
import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { REVOKE_FINALIZER } from '../../api/resources.ts';
import { ManifestValidator } from '../../api/validation.ts';
import { connectorKeyOf } from '../../controllers/grants/grant-identity.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { InvalidInputError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { DirectoryCounts } from '../../directory/directory.ts';
import { keyOf } from '../../kubernetes/resource.ts';
import type { AsanaFlags } from '../asana-reading/asana-flags.ts';
import { readTokens } from '../asana-reading/asana-tokens.ts';
import { type AsanaAccess, accessOf, readDirectory } from '../asana-reading/directory-reading.ts';
import type { Output } from '../command-line/output.ts';
import { readManifestFiles } from '../manifests/manifest-files.ts';
import { type DeclaredObject, readDeclarations } from '../manifests/manifest-reading.ts';
import { applyManifests, type ClusterObjects, type PlannedGrant } from './applied-manifests.ts';
import { faultsOf, hasChanges, type PlanReport, reportPlan } from './plan-report.ts';
import { Planner } from './planner.ts';
import { type OutputFormat, printPlan } from './print-plan.ts';

export interface PlanFlags extends AsanaFlags {
  /** Paths, or `-` for standard input. */
  readonly file: readonly string[];
  readonly connector?: string;
  readonly against?: 'cluster';
  /** True if objects of the cluster that the manifests lack count as removed. */
  readonly prune: boolean;
  /** `key=value`: only objects with these labels count as removed. */
  readonly selector?: Readonly<Record<string, string>>;
  readonly namespace: string;
  readonly output: OutputFormat;
}

/** The inputs and outputs of a plan. */
export interface PlanMeans {
  readonly input: NodeJS.ReadableStream;
  readonly output: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readCluster: (clock: Clock, signal: AbortSignal) => Promise<ClusterObjects>;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Transport of the read requests; HTTP by default. */
  readonly carrier?: AxiosAdapter;
}

/** The outcome of a plan: nothing to do, changes, or manifests that cannot be applied as declared. */
export type PlanOutcome = 'NothingToDo' | 'Changes' | 'Faults';

const NOTHING_THERE: ClusterObjects = { connectors: [], grants: [] };

/**
 * Plans manifests against the real Asana, and prints what Apply would do. Nothing is changed anywhere.
 * @throws CodedError if a manifest, a flag, a token or a reading cannot be used
 */
export async function runPlan(flags: PlanFlags, means: PlanMeans, signal: AbortSignal): Promise<PlanOutcome> {
  const report = await makePlan(flags, means, signal);
  means.output.write(printPlan(report, flags.output));
  if (faultsOf(report).length > 0) return 'Faults';
  return hasChanges(report) ? 'Changes' : 'NothingToDo';
}

/** Makes a plan without printing it. */
export async function makePlan(flags: PlanFlags, means: PlanMeans, signal: AbortSignal): Promise<PlanReport> {
  const clock = means.clock ?? systemClock;
  const validator = new ManifestValidator();
  const paths = [...(flags.connector === undefined ? [] : [flags.connector]), ...flags.file];
  const files = await readManifestFiles(paths, means.input);
  const { objects, foreign } = readDeclarations(files, { validator, namespace: flags.namespace });
  const there = flags.against === 'cluster' ? await means.readCluster(clock, signal) : NOTHING_THERE;
  const planned = applyManifests(objects, there, {
    validator,
    now: clock.now(),
    isPruned: pruningOf(flags),
  });
  const connectors = planned.connectors.filter((connector) => isConcerned(connector, objects));
  if (connectors.length === 0) throw noConnector(flags);
  const keys = new Set(connectors.map((connector) => keyOf(connector)));
  const grants = planned.grants.filter(({ known }) => keys.has(connectorKeyOf(known.object)));
  const planner = new Planner({
    connectors,
    bystanders: planned.connectors.filter((connector) => !keys.has(keyOf(connector))),
    grants: grants.filter(isStanding).map(({ known }) => known),
    clock,
    log: means.log,
  });
  try {
    const tokens = await readTokens(flags.tokenFile, means.environment);
    const access = accessOf(flags, { tokens, carrier: means.carrier, clock, log: means.log });
    const before = await readAll(planner, connectors, access, signal);
    await planner.run(signal);
    return reportPlan({ planner, connectors, grants, before, foreign });
  } finally {
    await planner.registry.closeAll();
  }
}

/** Whether a grant still exists. Without our finalizer, nothing was applied, and the API server deletes it at once. */
function isStanding({ known: { object } }: PlannedGrant): boolean {
  const held = object.metadata.finalizers?.includes(REVOKE_FINALIZER) ?? false;
  return object.metadata.deletionTimestamp === undefined || held;
}

/** Whether a manifest declares or names the connector. Others are not read, because the token may not be theirs. */
function isConcerned(connector: AsanaConnector, declared: readonly DeclaredObject[]): boolean {
  const key = keyOf(connector);
  return declared.some(({ spec, namespace, name }) => {
    const ref = spec['connectorRef'] as { name: string; namespace?: string } | undefined;
    return ref ? `${ref.namespace ?? namespace}/${ref.name}` === key : `${namespace}/${name}` === key;
  });
}

function noConnector({ connector, against }: PlanFlags): InvalidInputError {
  const where =
    connector === undefined && against === undefined ? ', or specify it with --connector FILE' : '';
  return new InvalidInputError(
    '--file',
    `contains no AsanaConnector and no grant for one: add its manifest${where}`,
  );
}

/** Returns a test of whether a missing grant counts as removed, even in namespaces that have no manifest left. */
function pruningOf({ prune, selector }: PlanFlags): (object: GrantObject) => boolean {
  return ({ metadata }) => {
    const labels = metadata.labels ?? {};
    return prune && Object.entries(selector ?? {}).every(([key, value]) => labels[key] === value);
  };
}

async function readAll(
  planner: Planner,
  connectors: readonly AsanaConnector[],
  access: AsanaAccess,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, DirectoryCounts>> {
  const before = new Map<string, DirectoryCounts>();
  for (const connector of connectors) {
    const key = keyOf(connector);
    const session = await planner.registry.of(key, connector);
    await readDirectory(connector, session, access, signal);
    before.set(key, session.directory.counts());
  }
  return before;
}
