import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { KubeConfig } from '@kubernetes/client-node';
import { STOPPED_UNTIL_ANNOTATION } from '../../api/resources.ts';
import { checkBaseUrl } from '../../asana/base-url.ts';
import { BudgetRegistry } from '../../asana/budget-registry.ts';
import { checkHostPatterns, conductorOneHosts } from '../../conductorone/hosts.ts';
import { type Leadership, settlingMs } from '../../controllers/leadership.ts';
import { AsanaOperator } from '../../controllers/operator.ts';
import { untilAborted } from '../../core/abort.ts';
import { systemClock } from '../../core/clock.ts';
import { isAbort } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { version } from '../../core/version.ts';
import { type ClusterClient, KubernetesClient } from '../../kubernetes/client.ts';
import { ApiServerConnection, leaseNamespace, loadKubeConfig } from '../../kubernetes/connection.ts';
import { LEASE_NAME, LeaderElection, leaderGauge } from '../../kubernetes/leader-election.ts';
import { createLogger, type LogLevel } from '../../telemetry/log.ts';
import { Metrics } from '../../telemetry/metrics.ts';
import { PageServer, type Pages, parseBindAddress, probePage } from '../../telemetry/servers.ts';
import { openAuditOutput } from '../command-line/audit-output.ts';
import { livenessChecks, readinessChecks } from './probes.ts';
import { openTraceOutput } from './trace-output.ts';

/** The operator's flags as commander gives them; durations in milliseconds. */
export interface OperatorFlags {
  readonly namespace?: string[];
  readonly leaderElect: boolean;
  readonly leaderElectionNamespace?: string;
  readonly leaderElectionLeaseDuration: number;
  readonly leaderElectionRenewDeadline: number;
  readonly leaderElectionRetryPeriod: number;
  readonly metricsBindAddress: string;
  readonly healthBindAddress: string;
  readonly concurrency: number;
  readonly actionTimeout: number;
  readonly asanaRequestsPerMinute: number;
  readonly asanaBudgetPercent: number;
  readonly asanaApiUrl: string;
  readonly conductoroneHost?: string;
  readonly allowedConductoroneHosts?: readonly string[];
  readonly logLevel: LogLevel;
  readonly logFormat: 'json' | 'console';
  readonly auditLogPath?: string;
  readonly otelEndpoint?: string;
}

/** How the process ends. */
export interface ProcessEnd {
  /** Aborts when the process is asked to end. */
  readonly signal: AbortSignal;
  /** Called when the operator stops by itself: the process then ends within a bounded time, even if something hangs. */
  readonly endSoon: () => void;
}

/**
 * Runs the operator until `signal` aborts.
 * @throws CodedError if a flag is invalid, or when the lease is lost
 */
export async function runOperator(flags: OperatorFlags, { signal, endSoon }: ProcessEnd): Promise<void> {
  checkBaseUrl(flags.asanaApiUrl);
  const allowedHosts = checkHostPatterns(
    '--allowed-conductorone-hosts',
    flags.allowedConductoroneHosts ?? conductorOneHosts,
  );
  const clock = systemClock;
  const random = Math.random;
  const log = createLogger({ level: flags.logLevel, format: flags.logFormat });
  const metrics = new Metrics();
  const audit = openAuditOutput(flags.auditLogPath, { stdout: process.stdout, log, meter: metrics, clock });
  const identity = `${hostname()}_${randomUUID()}`;
  const environment = process.env;
  const traces = await openTraceOutput(flags.otelEndpoint, {
    identity,
    environment,
    log,
    meter: metrics,
    clock,
  });
  const config = loadKubeConfig();
  const connection = new ApiServerConnection(config, clock);
  const client = new KubernetesClient(connection);
  const election = flags.leaderElect ? electionFor(flags, { config, client, identity, log, metrics }) : null;
  const leadership = election ?? leadAlone(metrics);
  const budgets = new BudgetRegistry(
    { requestsPerMinute: flags.asanaRequestsPerMinute, percent: flags.asanaBudgetPercent },
    { clock, meter: metrics },
  );
  const operator = new AsanaOperator({
    config,
    client,
    clock,
    random,
    log,
    meter: metrics,
    namespaces: flags.namespace && flags.namespace.length > 0 ? flags.namespace : null,
    concurrency: flags.concurrency,
    asanaApiUrl: flags.asanaApiUrl,
    budgets,
    actionTimeoutMs: flags.actionTimeout,
    leadership,
    identity,
    audit: audit.sink,
    tracer: traces.tracer,
    conductorOne: { apiHost: flags.conductoroneHost, allowedHosts, environment },
  });
  const servers: PageServer[] = [];
  log.info('starting', { version, node: process.version, identity, asanaApiUrl: flags.asanaApiUrl });
  // The lease is renewed until everything is drained, because the actions in progress rely on it.
  const drained = new AbortController();
  let keeping: Promise<void> = Promise.resolve();
  try {
    await listen(servers, flags, operator, metrics, election);
    await operator.start();
    await election?.acquire(signal);
    keeping = election?.keep(drained.signal) ?? untilAborted(drained.signal);
    await Promise.race([keeping, Promise.all([operator.lead(signal), untilAborted(signal)])]);
  } catch (error) {
    if (signal.aborted && isAbort(error)) return;
    endSoon();
    throw error;
  } finally {
    log.info('stopping');
    await operator.drain();
    drained.abort();
    await keeping.catch((error: unknown) => log.warn('the lease could not be released', { error }));
    await election?.release();
    await Promise.all([...servers.map((server) => server.close()), traces.close()]);
    await connection.close();
    audit.close();
    log.info('stopped');
  }
}

/** Returns the leadership without an election: this process always leads, and no lease annotation can stop it. */
function leadAlone(metrics: Metrics): Leadership {
  leaderGauge(metrics).set(1);
  return { leads: true, leadingForMs: Number.POSITIVE_INFINITY, takenOver: false, stoppedUntil: null };
}

function electionFor(
  flags: OperatorFlags,
  deps: { config: KubeConfig; client: ClusterClient; identity: string; log: Logger; metrics: Metrics },
): LeaderElection {
  return new LeaderElection({
    client: deps.client,
    namespace: leaseNamespace(flags.leaderElectionNamespace, deps.config),
    name: LEASE_NAME,
    identity: deps.identity,
    leaseDurationMs: flags.leaderElectionLeaseDuration,
    renewDeadlineMs: flags.leaderElectionRenewDeadline,
    retryPeriodMs: flags.leaderElectionRetryPeriod,
    settlingMs: (election) => settlingMs(election, flags.actionTimeout),
    stopAnnotation: STOPPED_UNTIL_ANNOTATION,
    clock: systemClock,
    random: Math.random,
    log: deps.log,
    meter: deps.metrics,
  });
}

/** Starts the metrics and probe servers. Adds each to `servers` once it listens, so that the caller can close it. */
async function listen(
  servers: PageServer[],
  flags: OperatorFlags,
  operator: AsanaOperator,
  metrics: Metrics,
  election: LeaderElection | null,
): Promise<void> {
  const alive = livenessChecks(operator, election);
  const health: Pages = {
    '/livez': probePage(alive),
    '/readyz': probePage([...alive, ...readinessChecks(operator)]),
  };
  const scrape: Pages = {
    '/metrics': async () => {
      operator.refreshMetrics();
      return { contentType: metrics.contentType, body: await metrics.render() };
    },
  };
  const bound: [string, string, Pages][] = [
    ['--metrics-bind-address', flags.metricsBindAddress, scrape],
    ['--health-bind-address', flags.healthBindAddress, health],
  ];
  for (const [flag, text, pages] of bound) {
    const address = parseBindAddress(flag, text);
    if (!address) continue;
    const server = new PageServer(pages);
    await server.listen(address);
    servers.push(server);
  }
}
