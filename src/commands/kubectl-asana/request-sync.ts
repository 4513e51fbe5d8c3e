import type { AsanaConnector } from '../../api/asana-connector.ts';
import { findCondition } from '../../api/conditions.ts';
import { asanaConnectors, REQUESTED_AT_ANNOTATION } from '../../api/resources.ts';
import { systemClock } from '../../core/clock.ts';
import { CodedError, InvalidInputError } from '../../core/errors.ts';
import type { Output } from '../command-line/output.ts';
import { type Cluster, type ClusterFlags, FIELD_MANAGER, listConnectors, withCluster } from './cluster.ts';
import { readinessOf } from './grant-words.ts';
import { writeJson } from './screen.ts';

export interface SyncFlags extends ClusterFlags {
  readonly wait?: boolean;
  /** Milliseconds. */
  readonly timeout: number;
}

/** A requested sync did not finish in time. */
export class SyncLateError extends CodedError {
  constructor(connectors: readonly string[], ms: number) {
    super(
      'SyncLate',
      'transient',
      `${connectors.join(', ')}: no sync within ${ms / 1000} s. See kubectl asana status, or wait longer with --timeout.`,
    );
  }
}

/** A sync that the command waited for did not read Asana completely. */
export class SyncFailedError extends CodedError {
  constructor(failed: readonly string[]) {
    super('SyncFailed', 'stalling', `The sync failed. ${failed.join(' ')}`);
  }
}

const LOOK_MS = 500;

/**
 * `kubectl asana sync [NAME] [--wait]`: asks one connector, or all in the scope, to read Asana now.
 * @throws SyncFailedError if it waits, and a sync was not done or not complete
 * @throws SyncLateError if it waits, and a sync does not finish in time
 */
export async function requestSync(name: string | undefined, flags: SyncFlags, output: Output): Promise<void> {
  await withCluster(flags, async (cluster) => {
    const connectors = (await listConnectors(cluster)).filter(
      ({ metadata }) => name === undefined || metadata.name === name,
    );
    if (connectors.length === 0)
      throw new InvalidInputError(
        'NAME',
        name === undefined
          ? 'no AsanaConnector exists: specify a namespace with -n, or use -A'
          : `AsanaConnector ${name} does not exist: correct the name, specify its namespace with -n, or use -A`,
      );
    const token = new Date(systemClock.now()).toISOString();
    const asked = await Promise.all(connectors.map((connector) => annotate(cluster, connector, token)));
    const waited = flags.wait === true;
    const done = waited ? await untilDone(cluster, asked, token, flags.timeout) : asked;
    const outcomes = done.map((connector) => summaryOf(connector, waited));
    if (flags.output === 'json') writeJson(output, { requestedAt: token, waited, connectors: outcomes });
    else for (const outcome of outcomes) output.write(`${lineOf(outcome)}\n`);
    const failed = outcomes.flatMap(({ namespace, name: called, failure }) =>
      failure === null ? [] : [`${namespace}/${called}: ${failure}`],
    );
    if (failed.length > 0) throw new SyncFailedError(failed);
  });
}

type Outcome = ReturnType<typeof summaryOf>;

function summaryOf(connector: AsanaConnector, waited: boolean) {
  const { metadata, status } = connector;
  const { reason, message } = readinessOf(connector);
  const failure = waited ? failureOf(connector) : null;
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    phase: status?.phase ?? 'Pending',
    reason,
    message,
    /** True if Asana was read completely; `null` without --wait. */
    synced: waited ? failure === null : null,
    failure,
  };
}

/** Describes why a handled request did not lead to a complete reading; `null` if it did. */
function failureOf(connector: AsanaConnector): string | null {
  const { ready, reason, message } = readinessOf(connector);
  // A suspended connector does not read Asana, but its readiness does not change.
  if (ready === 'False' || reason === 'Suspended') return `${reason}: ${message}`;
  const synced = findCondition(connector.status?.conditions, 'Synced');
  if (synced?.status === 'True') return null;
  return synced ? `${synced.reason}: ${synced.message}` : 'Pending: No sync has finished yet.';
}

function lineOf({ namespace, name, phase, reason, synced, failure }: Outcome): string {
  const what = synced === null ? 'sync requested' : synced ? `synced, ${phase} (${reason})` : null;
  return `${namespace}/${name}: ${what ?? `sync failed, ${phase} (${failure ?? reason})`}`;
}

/** Annotates the connector with the request, and returns the connector as of that write. */
function annotate({ client }: Cluster, { metadata }: AsanaConnector, token: string): Promise<AsanaConnector> {
  const patch = { metadata: { annotations: { [REQUESTED_AT_ANNOTATION]: token } } };
  return client.mergePatch<AsanaConnector>(
    asanaConnectors,
    metadata.namespace,
    metadata.name,
    patch,
    FIELD_MANAGER,
  );
}

async function untilDone(
  { client }: Cluster,
  asked: readonly AsanaConnector[],
  token: string,
  timeoutMs: number,
): Promise<AsanaConnector[]> {
  const deadline = systemClock.monotonic() + timeoutMs;
  for (;;) {
    const late: string[] = [];
    const now = await Promise.all(
      asked.map(async (before) => {
        const { namespace, name } = before.metadata;
        const connector = await client.get<AsanaConnector>(asanaConnectors, namespace, name);
        if (!connector) throw new SyncFailedError([`${namespace}/${name} was deleted.`]);
        if (!isHandled(connector, before, token)) late.push(`${namespace}/${name}`);
        return connector;
      }),
    );
    if (late.length === 0) return now;
    if (systemClock.monotonic() > deadline) throw new SyncLateError(late, timeoutMs);
    await systemClock.sleep(LOOK_MS);
  }
}

/**
 * Whether this request, or a later one, was handled: the annotation holds one request, which a later one replaces. A
 * request that had been handled before this one never counts, even if the clock of its author was ahead.
 */
function isHandled({ metadata, status }: AsanaConnector, before: AsanaConnector, token: string): boolean {
  const handled = status?.lastHandledReconcileAt;
  if (handled === token) return true;
  if (handled === undefined || handled === before.status?.lastHandledReconcileAt) return false;
  if (handled === metadata.annotations?.[REQUESTED_AT_ANNOTATION]) return true;
  return Date.parse(handled) >= Date.parse(token);
}
