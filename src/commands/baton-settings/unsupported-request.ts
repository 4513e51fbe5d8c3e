import { CodedError } from '../../core/errors.ts';
import { acceptedSettings } from './accepted-settings.ts';
import { parseGoBool } from './go-bool.ts';
import type { Sources } from './read-settings.ts';
import { findAccepted } from './setting-warnings.ts';

/** Flags or variables ask for something that this connector does not do; ConductorOne hears the same of such a task. */
class UnsupportedRequestError extends CodedError {
  constructor(origin: string, effect: string) {
    super('UnsupportedTask', 'stalling', `${origin} is not supported: ${effect} Unset it to make a sync.`);
  }
}

/**
 * Refuses a single thing to be done that the Go connector does and this one cannot. Whoever asks for it waits for it, and
 * not for a sync into the file in its place.
 * @throws UnsupportedRequestError for the first of them
 */
export function refuseUnsupported(sources: Sources): void {
  for (const setting of acceptedSettings.filter(({ isRequest }) => isRequest)) {
    const given = findAccepted(setting, sources);
    if (given === null || (setting.shape === 'switch' && parseGoBool(given.text) !== true)) continue;
    throw new UnsupportedRequestError(given.origin, setting.effect);
  }
}
