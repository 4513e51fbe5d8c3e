import type { AsanaConnector } from '../../api/asana-connector.ts';
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

/** The sync that was asked for was not done in time. */
export class SyncLateError extends CodedError {
  constructor(connectors: readonly string[], ms: number) {
    super(
      'SyncLate',
      'transient',
      `${connectors.join(', ')}: no sync within ${ms / 1000} s. See kubectl asana status, or wait longer with --timeout.`,
    );
  }
}

const LOOK_MS = 500;

/** `kubectl asana sync [NAME] [--wait]`: asks one connector, or all in the scope, to read Asana now. */
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
    await Promise.all(connectors.map((connector) => annotate(cluster, connector, token)));
    const done = flags.wait ? await untilDone(cluster, connectors, token, flags.timeout) : connectors;
    if (flags.output === 'json') {
      writeJson(output, { requestedAt: token, waited: flags.wait === true, connectors: done.map(summaryOf) });
      return;
    }
    for (const connector of done) {
      const { namespace, name: called, phase, reason } = summaryOf(connector);
      output.write(
        flags.wait
          ? `${namespace}/${called}: synced, ${phase} (${reason})\n`
          : `${namespace}/${called}: sync requested\n`,
      );
    }
  });
}

function summaryOf(connector: AsanaConnector) {
  const { metadata, status } = connector;
  const { reason, message } = readinessOf(connector);
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    phase: status?.phase ?? 'Pending',
    reason,
    message,
  };
}

async function annotate({ client }: Cluster, { metadata }: AsanaConnector, token: string): Promise<void> {
  const patch = { metadata: { annotations: { [REQUESTED_AT_ANNOTATION]: token } } };
  await client.mergePatch(asanaConnectors, metadata.namespace, metadata.name, patch, FIELD_MANAGER);
}

async function untilDone(
  { client }: Cluster,
  connectors: readonly AsanaConnector[],
  token: string,
  timeoutMs: number,
): Promise<AsanaConnector[]> {
  const deadline = systemClock.monotonic() + timeoutMs;
  for (;;) {
    const now = await Promise.all(
      connectors.map(({ metadata: { namespace, name } }) =>
        client.get<AsanaConnector>(asanaConnectors, namespace, name),
      ),
    );
    const there = now.filter((connector) => connector !== null);
    const late = there.filter(({ status }) => status?.lastHandledReconcileAt !== token);
    if (late.length === 0) return there;
    if (systemClock.monotonic() > deadline)
      throw new SyncLateError(
        late.map(({ metadata: { namespace, name } }) => `${namespace}/${name}`),
        timeoutMs,
      );
    await systemClock.sleep(LOOK_MS);
  }
}
