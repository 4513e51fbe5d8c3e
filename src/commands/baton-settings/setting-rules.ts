import { checkBaseUrl } from '../../asana/base-url.ts';
import { parseClientId, parseClientSecret } from '../../conductorone/credentials.ts';
import { resourceTypes } from '../../conductorone/resource-types.ts';
import { InvalidInputError } from '../../core/errors.ts';
import type { Redacted } from '../../core/redacted.ts';
import { type SettingName, type Settings, settingsTable } from './settings-table.ts';

/** Returns the name of a setting for its user: `--token (BATON_TOKEN)`. */
export function nameOf(setting: SettingName): string {
  const { flag, variables } = settingsTable[setting];
  return `--${flag} (${variables[0]})`;
}

/**
 * Checks the rules that involve several settings, and the URL of Asana.
 * @throws InvalidInputError naming the setting to change
 */
export function checkTogether(settings: Settings): void {
  const { useServiceAccount, scimToken, useScimApi, allowDeprovision, skipGrants, syncResources } = settings;
  const { syncResourceTypes } = settings;
  checkBaseUrl(settings.asanaApiUrl);
  if (useScimApi && !useServiceAccount && !scimToken) {
    throw new InvalidInputError(
      nameOf('useScimApi'),
      `requires the token of a service account: set ${nameOf('useServiceAccount')} to "true" if it is one, or specify one for SCIM with ${nameOf('scimToken')}`,
    );
  }
  if (allowDeprovision && !useServiceAccount) {
    throw new InvalidInputError(
      nameOf('allowDeprovision'),
      `requires the token of a service account, and ${nameOf('useServiceAccount')}: with a personal access token a deprovisioned person's work would pass to the owner of the token`,
    );
  }
  const all = resourceTypes({ licenses: useScimApi }).map(({ id }) => id);
  if (syncResourceTypes.length > 0 && !syncResourceTypes.some((type) => all.includes(type))) {
    throw new InvalidInputError(
      nameOf('syncResourceTypes'),
      `must name one of ${all.join(', ')} (license requires ${nameOf('useScimApi')}): a full sync without any type would look as if everything were gone`,
    );
  }
  if (skipGrants && syncResources.length === 0) {
    throw new InvalidInputError(
      nameOf('skipGrants'),
      `requires ${nameOf('syncResources')}: a full sync without grants would look as if nobody had access`,
    );
  }
}

/** @throws InvalidInputError if there is no token */
export function requireToken({ token }: Settings): Redacted {
  if (token) return token;
  throw new InvalidInputError(
    nameOf('token'),
    'is missing: set it to a personal access token or a service account token of Asana',
  );
}

export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: Redacted;
}

/**
 * Returns the credentials of service mode; `null` if there are none, which means no service mode.
 * @throws InvalidInputError if one of the two is missing or malformed
 */
export function clientCredentials({ clientId, clientSecret }: Settings): ClientCredentials | null {
  if (clientId !== null && clientSecret !== null) {
    parseClientId(clientId, nameOf('clientId'));
    parseClientSecret(clientSecret, nameOf('clientSecret'));
    return { clientId, clientSecret };
  }
  if (clientId === null && clientSecret === null) return null;
  const [there, missing] =
    clientId === null ? (['clientSecret', 'clientId'] as const) : (['clientId', 'clientSecret'] as const);
  throw new InvalidInputError(
    nameOf(missing),
    `is missing: ${nameOf(there)} is set, and service mode requires both; unset it to sync into a file`,
  );
}
