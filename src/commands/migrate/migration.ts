import { ManifestValidator } from '../../api/validation.ts';
import { parseClientId, parseClientSecret } from '../../conductorone/credentials.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { Redacted } from '../../core/redacted.ts';
import { connectorManifest } from '../baton-settings/connector-manifest.ts';
import type { Setting } from '../baton-settings/setting.ts';
import { type SettingName, settingsList, settingsTable } from '../baton-settings/settings-table.ts';
import type { SecretManifest } from './secret-manifest.ts';

/** Where the AsanaConnector goes. */
export interface Place {
  readonly name: string;
  /** Null: whatever namespace it is applied to. */
  readonly namespace: string | null;
}

export interface Migration {
  readonly manifest: Readonly<Record<string, unknown>>;
  /** What the user should know or do, a sentence each; no values. */
  readonly warnings: readonly string[];
}

/** What Go's net/http and crypto/x509 read from the environment, and the value of the chart that means the same. */
const VALUES_OF_VARIABLES: Readonly<Record<string, string>> = {
  HTTP_PROXY: 'proxy.httpsProxy',
  HTTPS_PROXY: 'proxy.httpsProxy, or proxy.secretRef if the URL contains a password',
  NO_PROXY: 'proxy.noProxy',
  SSL_CERT_FILE: 'caBundle',
  SSL_CERT_DIR: 'caBundle',
};

/** The documentation's `<Asana workspace ID>`, not yet filled in. */
const PLACEHOLDER = /^<[^<>]*>$/;

/**
 * The AsanaConnector that means what a Secret of the Go connector means. It refers to that Secret and repeats
 * nothing of what is secret in it.
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

  /** The key a setting is under; null when it is not there, or empty. */
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

  /** A credential that must be there, under the key the operator looks for by default. */
  credential(
    name: 'token' | 'clientId' | 'clientSecret',
    parse?: (text: string, field: string) => unknown,
  ): void {
    const [key] = settingsTable[name].variables;
    const text = this.#secret.values.get(key) ?? '';
    if (text === '') throw new InvalidInputError(this.field(key), 'is missing or empty: set it');
    if (this.#isFilledIn(name, key)) parse?.(text, this.field(key));
  }

  /** The key of a credential that need not be there; null where it is not. */
  optionalCredential(name: 'scimToken'): string | null {
    const key = this.keyOf(name);
    if (key !== null) this.#isFilledIn(name, key);
    return key;
  }

  /** Whether the key holds more than the placeholder, which is warned of. */
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

/** Service mode needs both credentials; half of them is a mistake. */
function hasConductorOne(reading: SecretReading): boolean {
  if (reading.keyOf('clientId') === null && reading.keyOf('clientSecret') === null) return false;
  reading.credential('clientId', (text, field) => parseClientId(text, field));
  reading.credential('clientSecret', (text, field) => parseClientSecret(new Redacted(text), field));
  return true;
}

/** The kind's own rules, in the words of the Secret's keys where its user knows only those. */
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
    `${unquoted.join(', ')} of Secret ${name} must be in quotes, as in ${unquoted[0]}: "true". The API server accepts only strings in a Secret.`,
  ];
}

/** What has no field in the kind: where it is said instead. Some variables of the connector do not begin with BATON_. */
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
