import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import type { AsanaConnector } from '../../api/asana-connector.ts';
import { openConnection } from '../../conductorone/connection.ts';
import { ConductorOneService, type ServiceState } from '../../conductorone/service.ts';
import type { TaskHost } from '../../conductorone/task-host.ts';
import { readTrust } from '../../conductorone/trust.ts';
import type { Clock, Random } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { Meter } from '../../core/meter.ts';
import type { Redacted } from '../../core/redacted.ts';
import type { Tracer } from '../../core/tracer.ts';
import type { OpenService } from './link.ts';

/** The service-mode settings of the operator, for all connectors. */
export interface ConductorOneSettings {
  /** `--conductorone-host`; replaces the host that a client ID names. */
  readonly apiHost: string | undefined;
  /** `--allowed-conductorone-hosts`. */
  readonly allowedHosts: readonly string[];
  /** For `SSL_CERT_FILE`, `SSL_CERT_DIR`, `HTTPS_PROXY`, `NO_PROXY` and `BATON_TMPDIR`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface ServiceWish {
  readonly connector: AsanaConnector;
  readonly clientId: Redacted;
  readonly clientSecret: Redacted;
  readonly host: TaskHost;
  readonly onChange: (state: ServiceState) => void;
}

interface Means {
  /** The unique name of this process. */
  readonly identity: string;
  readonly settings: ConductorOneSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly meter: Meter;
  /** By default nothing is traced. */
  readonly tracer?: Tracer | undefined;
}

/** Three tasks at the same time, as in ConductorOne's own connectors. */
const TASK_CONCURRENCY = 3;
const LONGEST_HOST_ID = 256;

/**
 * Prepares service mode for a connector; nothing is sent before it runs.
 * @throws InvalidInputError for malformed credentials; ConductorOneError `HostNotAllowed`
 */
export async function openConductorOne(wish: ServiceWish, means: Means): Promise<OpenService> {
  const { connector, clientId, clientSecret, host, onChange } = wish;
  const { identity, settings, clock, random, log, meter, tracer } = means;
  const { namespace, name } = connector.metadata;
  const connection = openConnection({
    clientId: clientId.reveal(),
    clientSecret,
    // Tasks are leased to this id: two processes that share one would take each other's tasks for their own.
    hostId: identity.slice(0, LONGEST_HOST_ID),
    apiHost: settings.apiHost,
    allowedHosts: settings.allowedHosts,
    trust: await readTrust(settings.environment),
    environment: settings.environment,
    clock,
  });
  const service = new ConductorOneService({
    client: connection.client,
    host,
    settings: serviceSettingsOf(connector),
    concurrency: TASK_CONCURRENCY,
    tempFolder: tempFolderIn(settings.environment),
    labels: { namespace, connector: name },
    clock,
    random,
    randomBytes: (bytes) => randomBytes(bytes),
    log,
    meter,
    tracer,
    onChange,
  });
  return { service, close: () => connection.close() };
}

/** Returns the folder for temporary files. An empty variable counts as not set. */
export function tempFolderIn({ BATON_TMPDIR: folder = '' }: ConductorOneSettings['environment']): string {
  return folder.trim() || tmpdir();
}

/** Returns what ConductorOne is told about a connector, and whether it may request changes. */
export function serviceSettingsOf({ spec }: AsanaConnector): {
  licenses: boolean;
  provision: boolean;
  serviceAccount: boolean;
} {
  return {
    licenses: spec.scim.enabled,
    provision: spec.conductorOne?.provision ?? false,
    serviceAccount: spec.credentials.type === 'ServiceAccount',
  };
}
