import { ManifestValidator } from '../../api/validation.ts';
import { parseClientId, parseClientSecret } from '../../conductorone/credentials.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { Redacted } from '../../core/redacted.ts';
import { connectorManifest } from '../baton-settings/connector-manifest.ts';
import type { Setting } from '../baton-settings/setting.ts';
import { type SettingName, settingsList, settingsTable } from '../baton-settings/settings-table.ts';
import type { SecretManifest } from './secret-manifest.ts';

/** Name and namespace of the AsanaConnector. */
export interface Place {
  readonly name: string;
  /** `null` for the namespace that the manifest is applied to. */
  readonly namespace: string | null;
}

export interface Migration {
  readonly manifest: Readonly<Record<string, unknown>>;
  /** Sentences about what the user should know or do. They contain no values. */
  readonly warnings: readonly string[];
}

/** Variables that Go's net/http and crypto/x509 read, with the equivalent values of the chart. */
const VALUES_OF_VARIABLES: Readonly<Record<string, string>> = {
  HTTP_PROXY: 'proxy.httpsProxy',
  HTTPS_PROXY: 'proxy.httpsProxy, or proxy.secretRef if the URL contains a password',
  NO_PROXY: 'proxy.noProxy',
  SSL_CERT_FILE: 'caBundle',
  SSL_CERT_DIR: 'caBundle',
};

/** A placeholder of the documentation that was not filled in, such as `<Asana workspace ID>`. */
const PLACEHOLDER = /^<[^<>]*>$/;

/**
 * Converts a Secret of the Go connector into an equivalent AsanaConnector. The AsanaConnector refers to that Secret and
 * contains none of its secret values.
 * @throws InvalidInputError naming the key that is missing or malformed
 */
export function migrateSecret(secret: SecretManifest, place: Place): Migration {
  const reading = new SecretReading(secret);
  reading.credential('token');
  const conductorOne = hasConductorOne(reading);
  const provisioning = reading.read('provisioning');
  const manifest = connectorManifest(
    {
      useServiceAccount: reading.read('useServiceAccount'),
      useScimApi: reading.read('useScimApi'),
      workspaceIds: reading.read('workspaceIds'),
      defaultWorkspaceId: reading.read('defaultWorkspaceId'),
      allowDeprovision: reading.read('allowDeprovision'),
      maxDeprovisions: reading.read('maxDeprovisions'),
      provisioning: conductorOne ? provisioning : null,
    },
    { secret: secret.name, scimTokenKey: reading.optionalCredential('scimToken') },
  );
  check(manifest, secret);
  const { apiVersion, kind, spec } = manifest;
  const metadata = { name: place.name, ...(place.namespace === null ? {} : { namespace: place.namespace }) };
  return {
    manifest: { apiVersion, kind, metadata, spec },
    warnings: [...unquotedWarning(secret), ...reading.warnings, ...leftOver(secret)],
  };
}

/** The values of one Secret as settings. */
class SecretReading {
  readonly warnings: string[] = [];
  readonly #secret: SecretManifest;

  constructor(secret: SecretManifest) {
    this.#secret = secret;
  }

  /** Returns the key that contains a setting; `null` if it is missing or empty. */
  keyOf(name: SettingName): string | null {
    const { values } = this.#secret;
    return settingsTable[name].variables.find((key) => (values.get(key) ?? '') !== '') ?? null;
  }

  read<Name extends SettingName>(name: Name): (typeof settingsTable)[Name]['fallback'] {
    const setting: Setting<unknown> = settingsTable[name];
    const key = this.keyOf(name);
    const text = key === null ? '' : (this.#secret.values.get(key) ?? '');
    if (key === null) return settingsTable[name].fallback;
    if (PLACEHOLDER.test(text)) {
      this.warnings.push(
        `${key} still contains the placeholder of the documentation and was left out. Set its value or remove the key, and migrate again.`,
      );
      return settingsTable[name].fallback;
    }
    return setting.read(text, this.field(key)) as (typeof settingsTable)[Name]['fallback'];
  }

  /** Checks a required credential, under the key that the operator reads by default. */
  credential(
    name: 'token' | 'clientId' | 'clientSecret',
    parse?: (text: string, field: string) => unknown,
  ): void {
    const [key] = settingsTable[name].variables;
    const text = this.#secret.values.get(key) ?? '';
    if (text === '') throw new InvalidInputError(this.field(key), 'is missing or empty: set it');
    if (this.#isFilledIn(name, key)) parse?.(text, this.field(key));
  }

  /** Returns the key of an optional credential; `null` if it is missing. */
  optionalCredential(name: 'scimToken'): string | null {
    const key = this.keyOf(name);
    if (key !== null) this.#isFilledIn(name, key);
    return key;
  }

  /** Whether the key contains more than a placeholder. Adds a warning if not. */
  #isFilledIn(name: SettingName, key: string): boolean {
    const text = this.#secret.values.get(key) ?? '';
    if (PLACEHOLDER.test(text)) {
      this.warnings.push(`${key} still contains the placeholder of the documentation. Set its value.`);
      return false;
    }
    settingsTable[name].read(text, this.field(key));
    return true;
  }

  field(key: string): string {
    return `Secret ${this.#secret.name}, key ${key}`;
  }
}

/** Whether the Secret has the credentials of service mode. One without the other is an error. */
function hasConductorOne(reading: SecretReading): boolean {
  if (reading.keyOf('clientId') === null && reading.keyOf('clientSecret') === null) return false;
  reading.credential('clientId', (text, field) => parseClientId(text, field));
  reading.credential('clientSecret', (text, field) => parseClientSecret(new Redacted(text), field));
  return true;
}

/** Validates the manifest against its kind. Errors name the key of the Secret that an invalid field comes from. */
function check(manifest: unknown, { name }: SecretManifest): void {
  try {
    new ManifestValidator().check(manifest);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const key = settingsList.find(([, { operator }]) => operator?.split(':')[0] === error.field)?.[1]
      .variables[0];
    if (key === undefined) throw error;
    const words = error.message.slice(error.field.length + 2);
    throw new InvalidInputError(`Secret ${name}, key ${key}`, words, { cause: error });
  }
}

function unquotedWarning({ unquoted, name }: SecretManifest): string[] {
  if (unquoted.length === 0) return [];
  return [
    `${unquoted.join(', ')} of Secret ${name} must be in quotes, as in ${unquoted[0]}: "…". The API server accepts only strings in a Secret.`,
  ];
}

/** Returns the warnings about keys without a field in the kind. The names of some settings do not begin with BATON_. */
function leftOver({ values }: SecretManifest): string[] {
  const migrated = (operator: string | null) => operator?.startsWith('spec.') ?? false;
  return [...values.keys()].flatMap((key) => {
    const value = VALUES_OF_VARIABLES[key.toUpperCase()];
    if (value) return [`${key} has no field in the AsanaConnector. In the chart, set ${value}.`];
    const setting = settingsList.find(([, { variables }]) => variables.includes(key))?.[1];
    if (setting ? migrated(setting.operator) : !key.startsWith('BATON_')) return [];
    return [
      setting?.operator
        ? `${key} has no field in the AsanaConnector. It corresponds to the ${setting.operator}.`
        : `${key} has no effect in the operator.`,
    ];
  });
}
