import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openConnection } from '../../src/conductorone/connection.ts';
import {
  ConductorOneService,
  type ServiceOptions,
  type ServiceState,
} from '../../src/conductorone/service.ts';
import type { TaskHost } from '../../src/conductorone/task-host.ts';
import type { LogFields, Logger } from '../../src/core/logger.ts';
import type { Snapshot } from '../../src/directory/snapshot.ts';
import type { TaskOutcome, TaskRequest } from '../../src/provisioning/task-request.ts';
import { RecordingMeter } from '../asana/recording-meter.ts';
import { Conductor } from './conductor.ts';
import { account, member, snapshotOf, team } from './directories.ts';
import { QuickClock } from './quick-clock.ts';
import { startTenant, type Tenant, type TenantOptions } from './tenant.ts';

/** Two accounts, and a team with one of them. */
export const smallDirectory = snapshotOf(
  [account('905'), account('30', { license: 'ViewOnly' })],
  [team('501', [member('905', { admin: true })])],
);

/** A host without a connector: records the requests, and returns what the test sets. */
export class ScriptedHost implements TaskHost {
  readonly requests: { readonly request: TaskRequest; readonly taskId: string }[] = [];
  reads = 0;
  directory: (signal: AbortSignal) => Promise<Snapshot> = async () => smallDirectory;
  outcome: (request: TaskRequest, signal: AbortSignal) => Promise<TaskOutcome> = async () => ({
    changed: true,
    account: account('905'),
  });

  readDirectory(signal: AbortSignal): Promise<Snapshot> {
    this.reads += 1;
    return this.directory(signal);
  }

  provision(request: TaskRequest, taskId: string, signal: AbortSignal): Promise<TaskOutcome> {
    this.requests.push({ request, taskId });
    return this.outcome(request, signal);
  }
}

/** Returns a promise that rejects with the signal's reason on abort, and otherwise never settles. */
export function never(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
  });
}

export interface Serving {
  readonly conductor: Conductor;
  readonly host: ScriptedHost;
  readonly tenant: Tenant;
  readonly service: ConductorOneService;
  readonly states: ServiceState[];
  readonly clock: QuickClock;
  readonly meter: RecordingMeter;
  /** Every log line, as `level message`, with its fields. */
  readonly lines: { readonly message: string; readonly fields: LogFields }[];
  readonly tempFolder: string;
  /** Lists the temporary folder. */
  readonly leftovers: () => Promise<string[]>;
  /** Resolves when `run` ends, to its error or undefined. */
  readonly ended: Promise<unknown>;
  /** Aborts and waits for the end; resolves to the error of `run`, or undefined. */
  readonly stop: (reason?: Error) => Promise<unknown>;
}

export interface ServingOptions {
  readonly settings?: Partial<ServiceOptions['settings']>;
  readonly concurrency?: number;
  readonly tempFolder?: string;
  readonly clock?: QuickClock;
  /** Overrides calls of the server to inject faults. */
  readonly baton?: (conductor: Conductor) => TenantOptions['baton'];
  readonly tenant?: Omit<TenantOptions, 'baton'>;
  /** Called before the service starts. */
  readonly prepare?: (conductor: Conductor, host: ScriptedHost) => void;
}

/** Runs a service against a scripted ConductorOne over TLS and HTTP/2; stopped after the test. */
export async function serve(t: TestContext, options: ServingOptions = {}): Promise<Serving> {
  const conductor = new Conductor();
  const host = new ScriptedHost();
  options.prepare?.(conductor, host);
  const folder = await mkdtemp(join(tmpdir(), 'service-test-'));
  const abort = new AbortController();
  let close = async () => {};
  // Registered before the server's hook, since hooks run in the order of registration.
  t.after(async () => {
    abort.abort(new Error('the test is over'));
    await close();
    await rm(folder, { recursive: true, force: true });
  });
  const tenant = await startTenant(t, {
    ...options.tenant,
    baton: { ...conductor.baton, ...options.baton?.(conductor) },
  });
  const tempFolder = options.tempFolder ?? folder;
  const clock = options.clock ?? new QuickClock();
  const { clientId, clientSecret, trust } = tenant;
  const connection = openConnection({
    clientId,
    clientSecret,
    hostId: 'host-1',
    allowedHosts: null,
    trust,
    environment: {},
    clock,
  });
  const meter = new RecordingMeter();
  const lines: Serving['lines'] = [];
  const states: ServiceState[] = [];
  const service = new ConductorOneService({
    client: connection.client,
    host,
    settings: { licenses: true, provision: true, serviceAccount: true, ...options.settings },
    concurrency: options.concurrency ?? 3,
    tempFolder,
    labels: { namespace: 'iga', connector: 'acme' },
    clock,
    random: () => 1,
    randomBytes: (bytes) => new Uint8Array(bytes).fill(7),
    log: loggerInto(lines, {}),
    meter,
    onChange: (state) => states.push(state),
  });
  const ended = service.run(abort.signal).catch((error: unknown) => error);
  const stop = (reason = new Error('the lease is lost')) => {
    abort.abort(reason);
    return ended;
  };
  close = async () => {
    await ended;
    await connection.close();
  };
  const leftovers = () => readdir(tempFolder);
  return {
    conductor,
    host,
    tenant,
    service,
    states,
    clock,
    meter,
    lines,
    tempFolder,
    leftovers,
    ended,
    stop,
  };
}

function loggerInto(lines: { message: string; fields: LogFields }[], bound: LogFields): Logger {
  const write = (level: string) => (message: string, fields?: LogFields) =>
    void lines.push({ message: `${level} ${message}`, fields: { ...bound, ...fields } });
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => loggerInto(lines, { ...bound, ...fields }),
  };
}
