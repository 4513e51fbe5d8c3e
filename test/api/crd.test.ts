import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildCrd } from '../../src/api/crd.ts';
import { type GrantKindName, grantKinds, kinds } from '../../src/api/kinds.ts';
import { type Field, fieldsOf, schemaOf } from './published-schema.ts';

/** Pairs of which one field must be set, so neither has a default. */
const EITHER = new Set(['spec.user.email', 'spec.user.gid', 'spec.team.gid', 'spec.team.name']);

function isBounded({ schema }: Field): boolean {
  switch (schema.type) {
    case 'string':
      return schema.enum !== undefined || schema.maxLength !== undefined;
    case 'integer':
      return schema.minimum !== undefined && schema.maximum !== undefined;
    case 'array':
      return schema.maxItems !== undefined;
    default:
      return true;
  }
}

describe('the kinds', () => {
  test('have the documented names and short names, and the category asana', () => {
    const addressed = kinds.map((kind) => {
      const { names } = (buildCrd(kind) as { spec: { names: Record<string, unknown> } }).spec;
      const { plural, singular, shortNames, categories } = names;
      return [names['kind'], plural, singular, shortNames, categories];
    });
    assert.deepEqual(addressed, [
      ['AsanaConnector', 'asanaconnectors', 'asanaconnector', ['asc'], ['asana']],
      ['AsanaLicenseGrant', 'asanalicensegrants', 'asanalicensegrant', ['alg'], ['asana']],
      ['AsanaTeamGrant', 'asanateamgrants', 'asanateamgrant', ['atg'], ['asana']],
      ['AsanaWorkspaceGrant', 'asanaworkspacegrants', 'asanaworkspacegrant', ['awg'], ['asana']],
      ['AsanaAccount', 'asanaaccounts', 'asanaaccount', ['aac'], ['asana']],
    ]);
  });

  /** The status fields that a grant kind has in addition to the shared ones. */
  const OWN: Record<GrantKindName, { fields: string[]; right: string }> = {
    AsanaLicenseGrant: { fields: [], right: 'license' },
    AsanaTeamGrant: { fields: ['team'], right: 'membership' },
    AsanaWorkspaceGrant: { fields: ['workspace'], right: 'membership' },
    AsanaAccount: { fields: ['workspace'], right: 'account' },
  };
  const SHARED = [
    'observedGeneration',
    'person',
    'lastHandledReconcileAt',
    'conditions',
    'user',
    'observed',
    'applied',
    'created',
    'expiresAt',
    'endDuration',
    'endSetAt',
    'expiresSoonToldAt',
    'planned',
    'drift',
    'lastAction',
    'removedGeneration',
    'discardedGeneration',
  ];
  for (const kind of grantKinds) {
    const { fields, right } = OWN[kind.names.kind];
    test(`share the status fields of grants: ${kind.names.kind} adds ${fields.join() || 'nothing'} and records its ${right}`, () => {
      const { properties = {} } = schemaOf(kind, 'status');
      assert.deepEqual(Object.keys(properties).toSorted(), [...SHARED, ...fields].toSorted());
      const { observed, applied } = properties;
      assert.deepEqual(Object.keys(observed?.properties ?? {}), [right, 'since']);
      assert.deepEqual(Object.keys(applied?.properties ?? {}), [right, 'at', 'adopted']);
    });
  }
});

for (const kind of kinds) {
  const spec = fieldsOf(kind, 'spec');
  const status = fieldsOf(kind, 'status');
  /** Returns the paths of the fields for which a check fails. */
  const failing = (fields: readonly Field[], holds: (field: Field) => boolean) =>
    fields.filter((field) => !holds(field)).map(({ path }) => path);

  describe(`the CRD of ${kind.names.kind}`, () => {
    test('describes every field of the spec in a sentence', () => {
      assert.deepEqual(
        failing(spec, ({ schema }) => /^[A-Z].*\S \S.*\S \S.*\.$/.test(schema.description ?? '')),
        [],
      );
    });

    test('describes every field of the status', () => {
      assert.deepEqual(
        // A list item that is not an object is described by its list, which is all that `kubectl explain` shows.
        failing(
          status,
          ({ path, schema }) =>
            (path.endsWith('[]') && !schema.properties) || /^[A-Z].*\.$/.test(schema.description ?? ''),
        ),
        [],
      );
    });

    test('mentions the default in the description of every optional field', () => {
      const choosable = spec.filter(
        ({ path, schema, required }) =>
          !required && !schema.properties && !path.endsWith('[]') && !EITHER.has(path),
      );
      assert.deepEqual(
        failing(choosable, ({ schema }) => /default/i.test(schema.description ?? '')),
        [],
      );
    });

    test('states the exact value of every default in the description of its field', () => {
      const filledIn = spec.filter(({ schema }) => schema.default !== undefined && schema.type !== 'object');
      assert.ok(filledIn.length > 1, 'there are defaults');
      assert.deepEqual(
        failing(filledIn, ({ schema }) => schema.description?.includes(String(schema.default)) ?? false),
        [],
      );
    });

    test('bounds every string, integer and list of the spec', () => {
      assert.deepEqual(failing(spec, isBounded), []);
    });

    test('bounds every string and list of the status', () => {
      assert.deepEqual(
        failing(status, (field) => field.schema.type === 'integer' || isBounded(field)),
        [],
      );
    });

    test('has no default in a list and no empty default, which a GitOps tool would see as a change', () => {
      const defaulted = [...spec, ...status].filter(({ schema }) => schema.default !== undefined);
      assert.deepEqual(
        failing(defaulted, ({ schema, inList }) => !inList && schema.default !== ''),
        [],
      );
    });

    test('requires only fields without a default, and no top-level field of the status', () => {
      assert.deepEqual(
        failing(spec, ({ schema, required }) => !required || schema.default === undefined),
        [],
      );
      assert.deepEqual(status[0]?.schema.required, undefined);
    });

    test('contains only data that can be cloned', () => {
      const crd = buildCrd(kind);
      assert.deepEqual(structuredClone(crd), crd);
    });

    test('makes only existing fields selectable', () => {
      const paths = new Set(spec.map(({ path }) => `.${path}`));
      assert.deepEqual(
        kind.selectableFields.filter((path) => !paths.has(path)),
        [],
      );
    });
  });
}
