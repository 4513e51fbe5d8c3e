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

/** The host ID of a host without a name. baton-sdk uses its own name in this case. */
const NAMELESS_HOST = 'asana-connector';
const LONGEST_HOST_ID = 256;

/**
 * Runs service mode until `signal` aborts.
 * @throws ConductorOneError that a person must fix; InvalidInputError
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
    // Any host is allowed, because the user who sets the client ID also controls this process.
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

/** Refuses syncs. Uploading an empty file instead would tell ConductorOne that every account is gone. */
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
