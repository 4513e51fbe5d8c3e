import { setDefaultCACertificates } from 'node:tls';
import { readTrust } from '../../conductorone/trust.ts';
import { systemClock } from '../../core/clock.ts';
import { isAbort } from '../../core/errors.ts';
import { readConfigFile } from '../settings/config-file.ts';
import { oneShotOf } from '../settings/one-shot.ts';
import { type Flags, readSettings, unknownVariables } from '../settings/read-settings.ts';
import { checkTogether, clientCredentials, requireToken } from '../settings/rules.ts';
import type { SettingGroup } from '../settings/setting.ts';
import { refuseWords } from '../settings/words.ts';
import { openLog } from './log.ts';
import { carryOutOneShot } from './one-shot.ts';
import { runService } from './service.ts';
import { openStandalone } from './standalone.ts';
import { syncIntoFile } from './sync-into-file.ts';

export interface ConnectorRun {
  readonly flags: Flags;
  /** What stands on the command line beside the flags. */
  readonly words: readonly string[];
  /** The settings the command takes. */
  readonly groups: readonly SettingGroup[];
  readonly signal: AbortSignal;
}

/**
 * Runs what the settings ask for: one change, service mode, or one sync into a file. Service mode ends without error
 * when `signal` aborts.
 * @throws CodedError
 */
export async function runConnector({ flags, words, groups, signal }: ConnectorRun): Promise<void> {
  refuseWords(words);
  const environment = process.env;
  const file = await readConfigFile(environment);
  const settings = readSettings(groups, { flags, environment, file });
  checkTogether(settings);
  const oneShot = oneShotOf(settings);
  const credentials = clientCredentials(settings);
  const token = requireToken(settings);
  const trust = await readTrust(environment);
  // Go's variable is about every connection of the process, those with Asana among them.
  if (trust) setDefaultCACertificates(trust);
  const log = await openLog(settings);
  try {
    const ignored = [...unknownVariables(environment), ...(file?.unknown ?? [])];
    if (ignored.length > 0) log.warn('settings unknown to this program have no effect', { names: ignored });
    const audit = (line: string) => process.stdout.write(`${line}\n`);
    await using standalone = await openStandalone(settings, token, {
      log,
      audit,
      clock: systemClock,
      signal,
    });
    if (oneShot) await carryOutOneShot(oneShot, settings, standalone, { log, signal });
    else if (credentials) await runService(credentials, settings, standalone, { trust, log, signal });
    else await syncIntoFile(settings, standalone, { log, signal });
  } catch (error) {
    // Asked to stop, the service has done what it should; a sync or a change has not.
    if (credentials && !oneShot && signal.aborted && isAbort(error)) return;
    throw error;
  } finally {
    await log.close();
  }
}
