import { hostname } from 'node:os';
import { FIELD_MANAGER } from '../../api/resources.ts';
import { GrantReleases } from '../../controllers/grants/grant-releases.ts';
import { unlessAborted } from '../../core/abort.ts';
import { systemClock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import { silentMeter } from '../../core/meter.ts';
import { KubernetesClient } from '../../kubernetes/client.ts';
import { ApiServerConnection, leaseNamespace, loadKubeConfig } from '../../kubernetes/connection.ts';
import { EventRecorder } from '../../kubernetes/events.ts';
import { LEASE_NAME } from '../../kubernetes/leader-election.ts';
import { ObjectWriter } from '../../kubernetes/object-writer.ts';
import { Store } from '../../kubernetes/store.ts';
import { AuditLog } from '../../provisioning/audit.ts';
import { createLogger } from '../../telemetry/log.ts';
import { type LeftGrant, type SweepDeps, sweepGrants } from './grant-sweep.ts';
import { OperatorStop } from './operator-stop.ts';
import { type ReleaseReport, reportJson, reportText } from './release-report.ts';

/** The flags as commander gives them; durations in milliseconds. */
export interface ReleaseFlags {
  readonly namespace?: string[];
  readonly leaderElectionNamespace?: string;
  readonly actionTimeout: number;
  readonly output?: 'text' | 'json';
}

/** Grants could not be released, or an operator took them up again. The grants that are left were printed. */
export class ReleaseIncompleteError extends CodedError {
  constructor(left: readonly LeftGrant[]) {
    const what =
      left.length > 0
        ? `${left.length} grants could not be released. Fix the cause`
        : 'An operator that ignores the lease processes the grants again. If it runs without leader election, stop it (kubectl scale deployment NAME --replicas=0); otherwise specify the namespace of its lease with --leader-election-namespace';
    super(
      'ReleaseIncomplete',
      'stalling',
      `${what}, then run the command again. It continues where it stopped.`,
    );
  }
}

/** Pause between two passes over the grants. */
const PASS_MS = 1_000;
/** The first pass releases everything, and the second finds nothing left. The others are for failures. */
const MOST_PASSES = 6;

/**
 * Stops the operator and releases every grant. May be run again at any time, and continues where it stopped.
 * @throws ReleaseIncompleteError if grants are left, or an operator takes them up again
 */
export async function runRelease(flags: ReleaseFlags, signal: AbortSignal): Promise<void> {
  const config = loadKubeConfig();
  const namespace = leaseNamespace(flags.leaderElectionNamespace, config);
  const json = (flags.output ?? (process.stdout.isTTY ? 'text' : 'json')) === 'json';
  const report = (json ? reportJson : reportText)(process.stdout);
  const connection = new ApiServerConnection(config, systemClock);
  try {
    const client = new KubernetesClient(connection);
    const stop = new OperatorStop(client, { namespace, name: LEASE_NAME }, systemClock);
    report.begins(`${namespace}/${LEASE_NAME}`);
    await stop.during(async (outcome) => {
      report.stopped(outcome);
      const quietAt = systemClock.now() + flags.actionTimeout;
      await releaseAll(sweepDeps(flags, { client, quietAt, report }), report, signal);
    }, signal);
  } finally {
    await connection.close();
  }
}

/** Makes passes over the grants until one finds none that the operator keeps. */
async function releaseAll(deps: SweepDeps, report: ReleaseReport, signal: AbortSignal): Promise<void> {
  let released = 0;
  for (let passes = 0; ; await deps.clock.sleep(PASS_MS, signal)) {
    const pass = await sweepGrants(deps, signal);
    released += pass.released;
    const clean = pass.released === 0 && pass.left.length === 0;
    // Passes that wait for an action do not count: that wait has its own limit.
    if (pass.waiting === 0) passes += 1;
    if (!clean && passes < MOST_PASSES) continue;
    report.ends({ ...pass, released }, clean);
    if (!clean) throw new ReleaseIncompleteError(pass.left);
    return;
  }
}

function sweepDeps(
  { namespace, actionTimeout }: ReleaseFlags,
  parts: {
    client: KubernetesClient;
    quietAt: number;
    report: ReleaseReport;
  },
): SweepDeps {
  const { client, quietAt, report } = parts;
  const log = createLogger({ level: 'warn', format: 'json' });
  const events = new EventRecorder({
    client,
    controller: FIELD_MANAGER,
    instance: `release-${hostname()}`,
    clock: systemClock,
    log,
  });
  const releases = new GrantReleases({
    // The stores are not needed: the objects come from lists.
    connectors: new Store(),
    writer: ({ resource }) => new ObjectWriter(client, resource, new Store(), FIELD_MANAGER),
    events,
    audit: new AuditLog((line) => report.audited(line), systemClock),
    meter: silentMeter,
  });
  return {
    client,
    releases,
    patchStatus: async ({ resource }, { metadata }, body, signal) => {
      await client.patchStatus(resource, metadata.namespace, metadata.name, body, FIELD_MANAGER, signal);
    },
    flush: (signal) => unlessAborted(events.written(), signal),
    namespaces: namespace ?? null,
    quietAt,
    actionTimeoutMs: actionTimeout,
    clock: systemClock,
    onProgress: (count) => report.progress(count),
  };
}
