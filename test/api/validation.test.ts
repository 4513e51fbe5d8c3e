import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { type GrantKindName, kinds } from '../../src/api/kinds.ts';
import { ManifestValidator } from '../../src/api/validation.ts';
import { InvalidInputError } from '../../src/core/errors.ts';
import { accepted, connector, grant, grantOf, type Manifest, refused } from './manifests.ts';

const validator = new ManifestValidator();

/** Returns the error of a manifest that must be refused. */
function refusalOf(manifest: unknown): InvalidInputError {
  try {
    validator.check(manifest);
  } catch (error) {
    assert.ok(error instanceof InvalidInputError, String(error));
    return error;
  }
  assert.fail(`${JSON.stringify(manifest)} passed`);
}

interface DeclaredSchema {
  readonly pattern?: string;
  readonly remedy?: string;
  readonly properties?: Readonly<Record<string, DeclaredSchema>>;
  readonly items?: DeclaredSchema;
}

/** Returns the paths of the fields that have a pattern but no remedy, the text on what to write instead. */
function withoutRemedy({ pattern, remedy, properties, items }: DeclaredSchema, path: string): string[] {
  return [
    ...(pattern !== undefined && remedy === undefined ? [path] : []),
    ...Object.entries(properties ?? {}).flatMap(([name, inner]) => withoutRemedy(inner, `${path}.${name}`)),
    ...(items ? withoutRemedy(items, `${path}[]`) : []),
  ];
}

describe('the manifest validator', () => {
  for (const { because, manifest } of accepted) {
    test(`accepts ${because} (${manifest.kind})`, () => {
      assert.equal(validator.check(manifest).kind.names.kind, manifest.kind);
    });
  }

  for (const { because, manifest, field, says } of refused) {
    test(`rejects a manifest and names ${field}, since ${because}`, () => {
      const error = refusalOf(manifest);
      assert.equal(error.field, field);
      assert.ok(error.message.startsWith(`${field}: `), error.message);
      if (says !== undefined) assert.equal(error.message, `${field}: ${says}`);
    });
  }

  test('fills in every default, and does not change the manifest', () => {
    const manifest = connector();
    const before = structuredClone(manifest);
    const { spec } = validator.check(manifest);
    assert.deepEqual(manifest, before);
    assert.deepEqual(spec, {
      suspend: false,
      credentials: {
        type: 'PersonalAccessToken',
        secretRef: { name: 'asana', tokenKey: 'BATON_TOKEN' },
      },
      scim: { enabled: false, userTypes: { enterprise: 'enterprise', viewOnly: 'view only' } },
      sync: { interval: '1h' },
      provisioning: {
        mode: 'Plan',
        allowDeprovision: false,
        protectAdmins: true,
        removalDelay: '1m',
        maxRemovals: { percent: 20, atLeast: 5, window: '1h' },
        maxDeprovisions: 5,
      },
    });
  });

  const GRANT_DEFAULTS: Record<GrantKindName, object> = {
    AsanaLicenseGrant: { deletionPolicy: 'Revoke', license: 'Enterprise', onMissingAccount: 'Wait' },
    AsanaTeamGrant: { deletionPolicy: 'Revoke' },
    AsanaWorkspaceGrant: { deletionPolicy: 'Retain' },
    AsanaAccount: { deletionPolicy: 'Retain', ensure: 'Present' },
  };
  for (const [kind, defaults] of Object.entries(GRANT_DEFAULTS) as [GrantKindName, object][]) {
    test(`fills in the defaults of an ${kind}, including its deletionPolicy`, () => {
      const manifest = grantOf(kind);
      assert.deepEqual(validator.check(manifest).spec, { ...manifest.spec, suspend: false, ...defaults });
    });
  }

  const REMEDIES: { manifest: Manifest; field: string; says: string }[] = [
    {
      manifest: grant({ user: { gid: '12a' } }),
      field: 'spec.user.gid',
      says: 'must be a gid: digits, in quotes',
    },
    {
      manifest: connector({ sync: { interval: '1d' } }),
      field: 'spec.sync.interval',
      says: 'must be a duration such as 30s, 5m or 1h30m; days are not supported',
    },
    {
      manifest: grant({ connectorRef: { name: 'Acme' } }),
      field: 'spec.connectorRef.name',
      says: 'must be the name of an object: lowercase letters, digits, "-" and "."',
    },
    {
      manifest: grant({ connectorRef: { name: 'acme', namespace: 'a.b' } }),
      field: 'spec.connectorRef.namespace',
      says: 'must be the name of a namespace: lowercase letters, digits and "-"',
    },
    {
      manifest: grantOf('AsanaTeamGrant', { team: { name: 'Design ' } }),
      field: 'spec.team.name',
      says: 'must be on one line, without leading or trailing spaces',
    },
    {
      manifest: connector({ provisioning: { allowedNamespaces: ['team-*'] } }),
      field: 'spec.provisioning.allowedNamespaces[0]',
      says: 'must be the name of a namespace, or "*" for all namespaces',
    },
    {
      manifest: connector({ credentials: { secretRef: { name: 'asana', tokenKey: 'MY TOKEN' } } }),
      field: 'spec.credentials.secretRef.tokenKey',
      says: 'must be a key of a Secret: letters, digits, "-", "_" and "."',
    },
    {
      manifest: connector({ scim: { userTypes: { viewOnly: 'view only ' } } }),
      field: 'spec.scim.userTypes.viewOnly',
      says: 'must consist of one or more ASCII words, without leading or trailing spaces',
    },
    ...['2027-01-31', '2027-02-30T00:00:00Z'].map((expiresAt) => ({
      manifest: grant({ expiresAt }),
      field: 'spec.expiresAt',
      says: 'must be a time such as 2027-01-31T00:00:00Z',
    })),
  ];
  for (const { manifest, field, says } of REMEDIES) {
    test(`rejects ${JSON.stringify(manifest.spec)} with the remedy for ${field}`, () => {
      assert.equal(refusalOf(manifest).message, `${field}: ${says}`);
    });
  }

  test('has a remedy for every pattern in a spec', () => {
    const bare = kinds.flatMap((kind) => withoutRemedy(kind.spec as unknown as DeclaredSchema, 'spec'));
    assert.deepEqual(bare, []);
  });

  test('accepts no expiresAt that Date.parse cannot read, since it would never be reached', () => {
    const digits = fc.stringMatching(
      /^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$/,
    );
    let taken = 0;
    fc.assert(
      fc.property(digits, (expiresAt) => {
        try {
          validator.check(grant({ expiresAt }));
        } catch {
          return;
        }
        taken += 1;
        assert.ok(Number.isFinite(Date.parse(expiresAt)), expiresAt);
      }),
      { numRuns: 2000 },
    );
    assert.ok(taken > 20, `${taken} were accepted: the property was hardly tested`);
  });

  const MISSHAPEN: { because: string; manifest: unknown; field: string; says: RegExp }[] = [
    {
      because: 'a field is misspelt',
      manifest: grant({ licence: 'Enterprise' }),
      field: 'spec.licence',
      says: /not a field of this kind/,
    },
    {
      because: 'a nested field is misspelt',
      manifest: connector({ sync: { intervall: '1h' } }),
      field: 'spec.sync.intervall',
      says: /not a field of this kind/,
    },
    {
      because: 'there is no spec',
      manifest: { ...grant(), spec: undefined },
      field: 'spec',
      says: /is missing/,
    },
    {
      because: 'the spec is a string',
      manifest: { ...grant(), spec: 'x' },
      field: 'spec',
      says: /must be of type object/,
    },
    {
      because: 'a gid is not in quotes',
      manifest: grant({ user: { gid: 12 } }),
      field: 'spec.user.gid',
      says: /put it in quotes/,
    },
    {
      because: 'the apiVersion is unknown',
      manifest: { ...grant(), apiVersion: 'asana-connector.dev/v1' },
      field: 'apiVersion',
      says: /must be asana-connector\.dev\/v1alpha1/,
    },
    {
      because: 'the kind is unknown',
      manifest: { ...grant(), kind: 'AsanaTeam' },
      field: 'kind',
      says: /must be one of AsanaConnector, AsanaLicenseGrant, AsanaTeamGrant, AsanaWorkspaceGrant, AsanaAccount/,
    },
    {
      because: 'the kind is the name of an inherited property',
      manifest: { ...grant(), kind: 'constructor' },
      field: 'kind',
      says: /must be one of/,
    },
    {
      because: 'the spec is null',
      manifest: { ...grant(), spec: null },
      field: 'spec',
      says: /is missing/,
    },
    {
      because: 'a misspelt field is null',
      manifest: grant({ licence: null }),
      field: 'spec.licence',
      says: /not a field of this kind/,
    },
    {
      because: 'an item of a list is null',
      manifest: connector({ workspaces: [null] }),
      field: 'spec.workspaces[0]',
      says: /must be a string/,
    },
    { because: 'the document is null', manifest: null, field: 'apiVersion', says: /must be/ },
    { because: 'the document is a string', manifest: 'x', field: 'apiVersion', says: /must be/ },
    { because: 'the document is a list', manifest: [], field: 'apiVersion', says: /must be/ },
  ];
  for (const { because, manifest, field, says } of MISSHAPEN) {
    test(`says what is wrong with ${field}: ${because}`, () => {
      const error = refusalOf(manifest);
      assert.equal(error.field, field);
      assert.match(error.message, says);
    });
  }
});
