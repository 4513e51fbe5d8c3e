import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ManifestValidator } from '../../src/api/validation.ts';
import { InvalidInputError } from '../../src/core/errors.ts';
import { accepted, connector, grant, refused } from './manifests.ts';

const validator = new ManifestValidator();

/** The error of a manifest that must not pass. */
function refusalOf(manifest: unknown): InvalidInputError {
  try {
    validator.check(manifest);
  } catch (error) {
    assert.ok(error instanceof InvalidInputError, String(error));
    return error;
  }
  assert.fail(`${JSON.stringify(manifest)} passed`);
}

describe('the manifest validator', () => {
  for (const { because, manifest } of accepted) {
    test(`accepts ${because} (${manifest.kind})`, () => {
      assert.equal(validator.check(manifest).kind.names.kind, manifest.kind);
    });
  }

  for (const { because, manifest, field, says } of refused) {
    test(`refuses a manifest and names ${field}, since ${because}`, () => {
      const error = refusalOf(manifest);
      assert.equal(error.field, field);
      assert.ok(error.message.startsWith(`${field}: `), error.message);
      if (says !== undefined) assert.equal(error.message, `${field}: ${says}`);
    });
  }

  test('fills in every default, and leaves what it was given as it is', () => {
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

  const MISSHAPEN: { because: string; manifest: unknown; field: string; says: RegExp }[] = [
    {
      because: 'a field is misspelt',
      manifest: grant({ licence: 'Enterprise' }),
      field: 'spec.licence',
      says: /no field of this kind/,
    },
    {
      because: 'a nested field is misspelt',
      manifest: connector({ sync: { intervall: '1h' } }),
      field: 'spec.sync.intervall',
      says: /no field of this kind/,
    },
    {
      because: 'there is no spec',
      manifest: { ...grant(), spec: undefined },
      field: 'spec',
      says: /is missing/,
    },
    {
      because: 'the spec is text',
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
      because: 'another version',
      manifest: { ...grant(), apiVersion: 'asana-connector.dev/v1' },
      field: 'apiVersion',
      says: /must be asana-connector\.dev\/v1alpha1/,
    },
    {
      because: 'another kind',
      manifest: { ...grant(), kind: 'AsanaTeam' },
      field: 'kind',
      says: /must be one of AsanaConnector, AsanaLicenseGrant/,
    },
    {
      because: 'a kind that every object has as a property',
      manifest: { ...grant(), kind: 'constructor' },
      field: 'kind',
      says: /must be one of/,
    },
    { because: 'an empty document', manifest: null, field: 'apiVersion', says: /must be/ },
    { because: 'text', manifest: 'x', field: 'apiVersion', says: /must be/ },
    { because: 'a list', manifest: [], field: 'apiVersion', says: /must be/ },
  ];
  for (const { because, manifest, field, says } of MISSHAPEN) {
    test(`says what is wrong with ${field}: ${because}`, () => {
      const error = refusalOf(manifest);
      assert.equal(error.field, field);
      assert.match(error.message, says);
    });
  }
});
