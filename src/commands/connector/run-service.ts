import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { openConnection } from '../../conductorone/connection.ts';
import { ConductorOneService } from '../../conductorone/service.ts';
import type { TaskHost } from '../../conductorone/task-host.ts';
import type { Trust } from '../../conductorone/trust.ts';
import { systemClock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import { silentMeter } from '../../core/meter.ts';
import { version } from '../../core/version.ts';
import { RefusedError } from '../../provisioning/refusal.ts';
import { type ClientCredentials, nameOf } from '../baton-settings/setting-rules.ts';
import { inSettingWords } from '../baton-settings/setting-words.ts';
import type { Settings } from '../baton-settings/settings-table.ts';
import { HealthServer } from './health-server.ts';
import { STANDALONE, type Standalone } from './standalone.ts';
import { tempFolderOf } from './sync-into-file.ts';
import { TokenCheck } from './token-check.ts';

export interface ServiceDeps {
  readonly trust: Trust;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** baton-sdk calls a host without a name after itself. */
const NAMELESS_HOST = 'asana-connector';
const LONGEST_HOST_ID = 256;

/**
 * Keeps the connection with ConductorOne until `signal` aborts.
 * @throws ConductorOneError that a person must mend; InvalidInputError
 */
export async function runService(
  credentials: ClientCredentials,
  settings: Settings,
  { host, model, asana }: Standalone,
  { trust, log, signal }: ServiceDeps,
): Promise<void> {
  const clock = systemClock;
  const hostId = (settings.hostId ?? (hostname() || NAMELESS_HOST)).slice(0, LONGEST_HOST_ID);
  const connection = openConnection({
    ...credentials,
    hostId,
    apiHost: settings.conductoroneHost ?? undefined,
    // Whoever sets the client ID owns this process too.
    allowedHosts: null,
    trust,
    environment: process.env,
    clock,
  });
  const token = new TokenCheck({ asana, clock, signal });
  const health = settings.healthCheck ? await HealthServer.listen(settings, token, clock) : null;
  try {
    const service = new ConductorOneService({
      client: connection.client,
      host: settings.skipFullSync ? withoutSync(host) : host,
      settings: {
        licenses: model.licenses,
        provision: settings.provisioning,
        serviceAccount: model.serviceAccount,
        resourceTypes: settings.syncResourceTypes,
      },
      concurrency: settings.taskConcurrency,
      wording: inSettingWords,
      tempFolder: tempFolderOf(settings),
      labels: { namespace: STANDALONE.namespace, connector: STANDALONE.name },
      clock,
      random: Math.random,
      randomBytes,
      log,
      meter: silentMeter,
      onChange: (state) => health?.show(state),
    });
    log.info('service mode', { version, hostId, provisioning: settings.provisioning });
    await service.run(signal);
    log.info('stopped');
  } finally {
    await connection.close();
    await health?.close();
  }
}

/** A file without contents would tell ConductorOne that everybody is gone: nothing is uploaded at all. */
function withoutSync(host: TaskHost): TaskHost {
  return {
    readDirectory: () =>
      Promise.reject(
        new RefusedError(
          'NotReady',
          `This connector runs with ${nameOf('skipFullSync')}. Unset it to sync the directory.`,
        ),
      ),
    provision: (request, taskId, signal) => host.provision(request, taskId, signal),
  };
}
