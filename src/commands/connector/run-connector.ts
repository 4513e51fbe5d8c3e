import { setDefaultCACertificates } from 'node:tls';
import { readTrust } from '../../conductorone/trust.ts';
import { systemClock } from '../../core/clock.ts';
import { CodedError, isAbort } from '../../core/errors.ts';
import { silentMeter } from '../../core/meter.ts';
import { readConfigFile } from '../baton-settings/config-file.ts';
import { oneShotOf } from '../baton-settings/one-shot-request.ts';
import { type Flags, readSettings } from '../baton-settings/read-settings.ts';
import type { SettingGroup } from '../baton-settings/setting.ts';
import { checkTogether, clientCredentials, requireToken } from '../baton-settings/setting-rules.ts';
import { settingWarnings } from '../baton-settings/setting-warnings.ts';
import { inSettingWords } from '../baton-settings/setting-words.ts';
import { refuseWords } from '../baton-settings/stray-words.ts';
import { refuseUnsupported } from '../baton-settings/unsupported-request.ts';
import { openAuditOutput } from '../command-line/audit-output.ts';
import { carryOutOneShot } from './carry-out-one-shot.ts';
import { openLog } from './connector-log.ts';
import { runService } from './run-service.ts';
import { openStandalone } from './standalone.ts';
import { syncIntoFile } from './sync-into-file.ts';

export interface ConnectorRun {
  readonly flags: Flags;
  /** The arguments on the command line that belong to no flag. */
  readonly words: readonly string[];
  /** The groups of settings that the command uses. */
  readonly groups: readonly SettingGroup[];
  readonly signal: AbortSignal;
}

/**
 * Runs what the settings request: one change, service mode, or one sync into a file. Service mode ends without an error
 * when `signal` aborts.
 * @throws CodedError
 */
export async function runConnector({ flags, words, groups, signal }: ConnectorRun): Promise<void> {
  refuseWords(words);
  const environment = process.env;
  const file = await readConfigFile(environment);
  const sources = { flags, environment, file };
  const settings = readSettings(groups, sources);
  checkTogether(settings);
  const credentials = clientCredentials(settings);
  // As in the Go connector, both credentials mean service mode, whatever else is requested.
  const oneShot = credentials === null ? oneShotOf(settings) : null;
  if (credentials === null && groups.includes('oneShot')) refuseUnsupported(sources);
  const token = requireToken(settings);
  const trust = await readTrust(environment);
  // As in Go, the certificate authorities apply to every connection of the process, including those to Asana.
  if (trust) setDefaultCACertificates(trust);
  const log = await openLog(settings, systemClock);
  const audit = openAuditOutput(undefined, {
    stdout: process.stdout,
    log,
    meter: silentMeter,
    clock: systemClock,
  });
  try {
    for (const { message, ...fields } of settingWarnings(groups, sources, credentials !== null)) {
      log.warn(message, fields);
    }
    await using standalone = await openStandalone(settings, token, {
      log,
      audit: audit.sink,
      clock: systemClock,
      signal,
    });
    if (credentials) await runService(credentials, settings, standalone, { trust, log, signal });
    else if (oneShot) await carryOutOneShot(oneShot, settings, standalone, { log, signal });
    else await syncIntoFile(settings, standalone, { log, signal });
  } catch (error) {
    // An abort is the normal end of the service, but not of a sync or a change.
    if (credentials && signal.aborted && isAbort(error)) return;
    if (error instanceof CodedError) error.message = inSettingWords(error.message);
    throw error;
  } finally {
    audit.close();
    await log.close();
  }
}
