import { CodedError } from '../../core/errors.ts';
import { acceptedSettings } from './accepted-settings.ts';
import { parseGoBool } from './go-bool.ts';
import type { Sources } from './read-settings.ts';
import { findAccepted } from './setting-warnings.ts';

/** A flag or variable requests an unsupported operation. Such tasks of ConductorOne are declined with the same code. */
class UnsupportedRequestError extends CodedError {
  constructor(origin: string, effect: string) {
    super('UnsupportedTask', 'stalling', `${origin} is not supported: ${effect} Unset it to make a sync.`);
  }
}

/**
 * Rejects requests for a single operation that only the Go connector supports: the user expects that operation, and not
 * a sync into the file instead.
 * @throws UnsupportedRequestError for the first such request
 */
export function refuseUnsupported(sources: Sources): void {
  for (const setting of acceptedSettings.filter(({ isRequest }) => isRequest)) {
    const given = findAccepted(setting, sources);
    if (given === null || (setting.shape === 'switch' && parseGoBool(given.text) !== true)) continue;
    throw new UnsupportedRequestError(given.origin, setting.effect);
  }
}
