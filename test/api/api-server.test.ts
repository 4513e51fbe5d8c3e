import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { asanaConnectorKind } from '../../src/api/asana-connector.ts';
import { buildCrd } from '../../src/api/crd.ts';
import { type GrantKindName, grantKinds, kinds } from '../../src/api/kinds.ts';
import { ManifestValidator } from '../../src/api/validation.ts';
import { Cluster } from './cluster.ts';
import {
  accepted,
  connector,
  fullConnector,
  fullGrants,
  grant,
  grantOf,
  type Manifest,
  refused,
  smallestOf,
} from './manifests.ts';
import { type Schema, schemaOf } from './published-schema.ts';

interface Stored extends Manifest {
  readonly metadata: Manifest['metadata'] & { readonly resourceVersion: string; readonly generation: number };
  readonly status?: unknown;
}

/** Returns a value that sets every field of the schema. */
function sampleOf(schema: Schema): unknown {
  if (schema.properties) {
    return Object.fromEntries(
      Object.entries(schema.properties).map(([name, property]) => [name, sampleOf(property)]),
    );
  }
  if (schema.items) return [sampleOf(schema.items)];
  if (schema.enum) return schema.enum.at(-1);
  if (schema.format === 'date-time') return '2027-01-31T00:00:00Z';
  if (schema.pattern?.startsWith('^[a-z0-9]{1,32}')) return schema.pattern.includes('[.]') ? 'a1.2' : 'a1';
  return { string: 'Text', integer: 7, boolean: true }[schema.type];
}

const NOW = '2026-11-24T08:00:00Z';

function readyCondition(status: string, reason: string, message: string) {
  return { type: 'Ready', status, observedGeneration: 1, lastTransitionTime: NOW, reason, message };
}

describe('the API server', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.open();
  });
  after(async () => {
    await cluster.close();
  });

  async function stored({ kind, metadata }: Manifest): Promise<Stored> {
    return JSON.parse(await cluster.run(['get', kind, metadata.name, '-o', 'json'])) as Stored;
  }

  async function writeStatus({ kind, metadata }: Manifest, status: unknown): Promise<void> {
    await cluster.run([
      'patch',
      kind,
      metadata.name,
      '--subresource=status',
      '--type=merge',
      `--patch=${JSON.stringify({ status })}`,
    ]);
  }

  /** Returns the rows of the table that `kubectl get` prints, each as a list of its cells. */
  async function tableOf(...args: string[]): Promise<string[][]> {
    const output = await cluster.run(['get', ...args]);
    return output
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/));
  }

  function named(name: string, manifest: Manifest): Manifest {
    return { ...manifest, metadata: { name } };
  }

  test('accepts the CRDs without a warning, and their schemas are structural', async () => {
    for (const kind of kinds) {
      const { code, stderr } = await cluster.try(['apply', '--dry-run=server', '-f', '-'], buildCrd(kind));
      assert.deepEqual({ code, stderr: withoutApplyWarning(stderr) }, { code: 0, stderr: '' });
      const { plural, group } = kind.names;
      const crd = JSON.parse(await cluster.run(['get', 'crd', `${plural}.${group}`, '-o', 'json'])) as {
        status: { conditions: { type: string; status: string }[] };
      };
      const conditions = Object.fromEntries(crd.status.conditions.map(({ type, status }) => [type, status]));
      assert.equal(conditions['Established'], 'True', plural);
      assert.equal(conditions['NamesAccepted'], 'True', plural);
      assert.equal(conditions['NonStructuralSchema'], undefined, plural);
    }
  });

  describe('with many manifests at once', () => {
    /** By object name: the error for each refused manifest, and the stored object for each accepted one. */
    const complaints = new Map<string, string>();
    const created = new Map<string, Manifest>();
    before(async () => {
      const items = [...accepted, ...refused].map(({ manifest }, index) => named(`case-${index}`, manifest));
      const { stdout, stderr } = await cluster.try(
        // Turns off kubectl's own validation, so that the answers come from the API server.
        ['create', '--dry-run=server', '--validate=false', '-o', 'yaml', '-f', '-'],
        listOf(items),
      );
      for (const [complaint, name = ''] of stderr.matchAll(
        /^Error from server .* "(case-\d+)" is invalid:.*$/gm,
      )) {
        complaints.set(name, complaint);
      }
      for (const document of parseAllDocuments(stdout)) {
        const manifest = document.toJS() as Manifest;
        created.set(manifest.metadata.name, manifest);
      }
    });

    for (const [index, { because, manifest }] of accepted.entries()) {
      test(`accepts ${because} (${manifest.kind}), and fills in the same defaults as the validator`, () => {
        const name = `case-${index}`;
        assert.equal(complaints.get(name), undefined);
        assert.deepEqual(created.get(name)?.spec, new ManifestValidator().check(manifest).spec);
      });
    }

    for (const [index, { because, field, says }] of refused.entries()) {
      test(`rejects a manifest and names ${field}, since ${because}`, () => {
        const name = `case-${accepted.length + index}`;
        assert.equal(created.get(name), undefined, 'it was accepted');
        const complaint = complaints.get(name) ?? '';
        assert.ok(complaint.includes(`${field}: `), complaint);
        if (says !== undefined) assert.ok(complaint.includes(says), complaint);
      });
    }
  });

  const CONNECTOR_CHANGES = [
    { to: 'another connector', spec: { connectorRef: { name: 'other' } }, field: 'connectorRef' },
    {
      to: 'another namespace of the connector',
      spec: { connectorRef: { namespace: 'other' } },
      field: 'connectorRef',
    },
  ];
  const USER_CHANGES = [
    { to: 'another address', spec: { user: { email: 'bob@acme.com' } }, field: 'user' },
    { to: 'a gid instead of the address', spec: { user: { email: null, gid: '1' } }, field: 'user' },
  ];
  const IMMUTABLE: Record<GrantKindName, { to: string; spec: object; field: string }[]> = {
    AsanaLicenseGrant: USER_CHANGES,
    AsanaTeamGrant: [
      ...USER_CHANGES,
      { to: 'another team', spec: { team: { gid: '1' } }, field: 'team' },
      { to: 'a name instead of the gid', spec: { team: { gid: null, name: 'Design' } }, field: 'team' },
    ],
    AsanaWorkspaceGrant: [
      ...USER_CHANGES,
      { to: 'another workspace', spec: { workspace: '1' }, field: 'workspace' },
    ],
    AsanaAccount: [
      { to: 'another address', spec: { email: 'bob@acme.com' }, field: 'email' },
      { to: 'a workspace although it had none', spec: { workspace: '1' }, field: 'workspace' },
    ],
  };
  /** Tries to change an object, and expects the error that the field cannot be changed. */
  async function refusesToChange(manifest: Manifest, spec: object, field: string): Promise<void> {
    await cluster.run(['apply', '-f', '-'], manifest);
    const { code, stderr } = await cluster.try([
      'patch',
      manifest.kind,
      manifest.metadata.name,
      '--type=merge',
      `--patch=${JSON.stringify({ spec })}`,
    ]);
    assert.equal(code, 1, 'it was changed');
    assert.ok(stderr.includes(`spec.${field}: `), stderr);
    assert.ok(stderr.includes(`${field} is immutable: delete this grant and create another one`), stderr);
  }
  for (const { names } of grantKinds) {
    for (const { to, spec, field } of [...CONNECTOR_CHANGES, ...IMMUTABLE[names.kind]]) {
      test(`rejects a change of an ${names.kind} to ${to}`, () =>
        refusesToChange(grantOf(names.kind, {}, 'immutable'), spec, field));
    }
  }
  for (const { to, workspace } of [
    { to: 'another workspace', workspace: '2' },
    { to: "the connector's default workspace", workspace: null },
  ]) {
    test(`rejects a change of an AsanaAccount with a workspace to ${to}`, () =>
      refusesToChange(
        grantOf('AsanaAccount', { workspace: '1' }, 'immutable-workspace'),
        { workspace },
        'workspace',
      ));
  }

  const MUTABLE: Record<GrantKindName, object> = {
    AsanaLicenseGrant: { license: 'ViewOnly', onMissingAccount: 'Create' },
    AsanaTeamGrant: {},
    AsanaWorkspaceGrant: {},
    AsanaAccount: { ensure: 'Absent', name: 'Alice' },
  };
  for (const { names } of grantKinds) {
    test(`accepts changes of the other fields of an ${names.kind}`, async () => {
      const before = grantOf(names.kind, {}, 'changing');
      await cluster.run(['apply', '-f', '-'], before);
      const changes = {
        deletionPolicy: 'Revoke',
        startsAt: '2026-12-01T00:00:00Z',
        expiresAt: '2027-01-31T00:00:00Z',
        reason: 'New.',
        suspend: true,
        ...MUTABLE[names.kind],
      };
      await cluster.run(['apply', '-f', '-'], grantOf(names.kind, changes, 'changing'));
      assert.equal((await stored(before)).metadata.generation, 2);
    });
  }

  for (const { how, flags } of [
    { how: 'client', flags: [] },
    { how: 'server', flags: ['--server-side', '--field-manager=gitops'] },
  ]) {
    test(`changes nothing when the same manifests are applied again with ${how}-side apply`, async (t) => {
      const empty = connector({ provisioning: { allowedNamespaces: [], protectedUsers: [] } }, 'empty');
      const manifests = [
        ...kinds.map(({ names }) => smallestOf(names.kind, 'smallest')),
        ...Object.values(fullGrants),
        fullConnector,
        empty,
      ].map((manifest) => named(`${how}-${manifest.metadata.name}`, manifest));
      const gitops = (verb: string) => cluster.try([verb, ...flags, '-f', '-'], listOf(manifests));
      const setFinalizers = async (finalizers: string[] | null) => {
        const patch = JSON.stringify({ metadata: { finalizers } });
        for (const { kind, metadata } of manifests) {
          await cluster.run(['patch', kind, metadata.name, '--type=merge', `--patch=${patch}`]);
        }
      };
      const versions = async () =>
        (await Promise.all(manifests.map(stored))).map(
          ({ metadata: { name, generation, resourceVersion } }) => ({
            name,
            generation,
            resourceVersion,
          }),
        );
      assert.equal((await gitops('apply')).code, 0);
      // What the operator adds between two applies must not show up as a difference.
      const heads = manifests.map(({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata }));
      const status = { observedGeneration: 1, conditions: [readyCondition('True', 'Granted', 'Done.')] };
      await cluster.run(
        [
          'apply',
          '--server-side',
          '--field-manager=asana-connector',
          '--subresource=status',
          '--validate=false',
          '-f',
          '-',
        ],
        listOf(heads.map((head) => ({ ...head, status }))),
      );
      // Removed again after the test, or the namespace could never be deleted.
      t.after(() => setFinalizers(null));
      await setFinalizers(['asana-connector.dev/revoke']);
      const first = await versions();
      assert.deepEqual((await gitops('apply')).stderr, '');
      assert.deepEqual(await versions(), first);
      assert.ok(
        first.every(({ generation }) => generation === 1),
        'filling in defaults does not change the generation',
      );
      assert.deepEqual(await gitops('diff'), { code: 0, stdout: '', stderr: '' });
    });
  }

  for (const kind of kinds) {
    test(`keeps every field of the status of an ${kind.names.kind} as it was written`, async () => {
      const manifest = smallestOf(kind.names.kind, 'status');
      await cluster.run(['apply', '-f', '-'], manifest);
      const status = sampleOf(schemaOf(kind, 'status'));
      await writeStatus(manifest, status);
      const { metadata, status: kept } = await stored(manifest);
      assert.deepEqual(kept, status);
      assert.equal(metadata.generation, 1, 'a status does not change the generation');
    });
  }

  test('keeps holds of different reasons side by side, and rejects two of the same reason', async () => {
    const manifest = connector({}, 'holds');
    await cluster.run(['apply', '-f', '-'], manifest);
    const hold = { id: 'h1', since: NOW, token: 'h1.1', count: 3, people: 3 };
    const written = (reasons: string[]) =>
      cluster.try([
        'patch',
        'asc',
        'holds',
        '--subresource=status',
        '--type=merge',
        `--patch=${JSON.stringify({ status: { holds: reasons.map((reason) => ({ ...hold, reason })) } })}`,
      ]);
    assert.equal((await written(['TooManyRemovals', 'ListingShort'])).code, 0);
    assert.match((await written(['ListingShort', 'ListingShort'])).stderr, /Duplicate value/);
  });

  for (const token of ['h1', 'h1.', 'H1.1', 'h1.1.1', `${'x'.repeat(33)}.1`, 'h1.1234567890']) {
    test(`rejects the hold token ${token} in a status`, async () => {
      await cluster.run(['apply', '-f', '-'], grant({}, 'held'));
      const planned = { action: 'RevokeEnterprise', reason: 'Deleted.', hold: token };
      await assert.rejects(writeStatus(grant({}, 'held'), { planned }), /status\.planned\.hold/);
    });
  }

  test('ignores a status that comes with a manifest', async () => {
    const manifest = {
      ...grant({}, 'forged'),
      status: { applied: { license: 'ViewOnly', at: NOW, adopted: false } },
    };
    await cluster.run(['create', '-f', '-'], manifest);
    assert.equal((await stored(manifest)).status, undefined);
  });

  /** Returns the names of the objects of this connector that match a field selector. */
  async function selected(shortName: string, selector: string): Promise<string[]> {
    const fields = `spec.connectorRef.name=selected,${selector}`;
    const output = await cluster.run(['get', shortName, '-o', 'name', '--field-selector', fields]);
    return output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('/')[1] ?? '');
  }

  /** For each kind, the fields in which the second object differs from the first. */
  const SECOND: Record<GrantKindName, Record<string, unknown>> = {
    AsanaLicenseGrant: { user: { gid: '77' }, license: 'ViewOnly' },
    AsanaTeamGrant: { user: { gid: '77' }, team: { gid: '8' } },
    AsanaWorkspaceGrant: { user: { gid: '77' }, workspace: '9' },
    AsanaAccount: { email: 'bob@acme.com', workspace: '9', ensure: 'Absent' },
  };
  const SELECTORS: Record<GrantKindName, Record<string, string>> = {
    AsanaLicenseGrant: {
      'spec.user.email=alice@acme.com': 'first',
      'spec.user.gid=77': 'second',
      'spec.license=ViewOnly': 'second',
      'spec.license=Enterprise': 'first',
    },
    AsanaTeamGrant: {
      'spec.user.email=alice@acme.com': 'first',
      'spec.user.gid=77': 'second',
      'spec.team.gid=1200000000000007': 'first',
      'spec.team.gid=8': 'second',
    },
    AsanaWorkspaceGrant: {
      'spec.user.email=alice@acme.com': 'first',
      'spec.user.gid=77': 'second',
      'spec.workspace=9': 'second',
    },
    AsanaAccount: {
      'spec.email=alice@acme.com': 'first',
      'spec.workspace=9': 'second',
      'spec.workspace=': 'first',
      'spec.ensure=Present': 'first',
      'spec.ensure=Absent': 'second',
    },
  };
  for (const { names, selectableFields } of grantKinds) {
    test(`selects an ${names.kind} by each of its selectable fields, including defaults`, async () => {
      const connectorRef = { name: 'selected' };
      const first = grantOf(names.kind, { connectorRef: { ...connectorRef, namespace: 'iga' } }, 'first');
      const second = grantOf(names.kind, { connectorRef, ...SECOND[names.kind] }, 'second');
      for (const manifest of [first, second]) await cluster.run(['apply', '-f', '-'], manifest);
      const selectors = {
        'spec.connectorRef.namespace=iga': 'first',
        // An absent field matches the empty string.
        'spec.connectorRef.namespace=': 'second',
        ...SELECTORS[names.kind],
      };
      for (const [selector, name] of Object.entries(selectors))
        assert.deepEqual(await selected(names.shortName, selector), [name], selector);
      const tried = new Set(Object.keys(selectors).map((selector) => `.${selector.split('=')[0]}`));
      assert.deepEqual(
        selectableFields.filter((field) => !tried.has(field)),
        ['.spec.connectorRef.name'],
        'every selectable field is tried, the name of the connector each time',
      );
    });
  }

  test('selects a connector by each of its selectable fields, including defaults', async () => {
    const credentials = { type: 'ServiceAccount', secretRef: { name: 'selected-second' } };
    const first = connector({ credentials: { secretRef: { name: 'selected-first' } } }, 'selected-first');
    const second = connector(
      {
        suspend: true,
        credentials,
        provisioning: { mode: 'Apply' },
        conductorOne: { secretRef: { name: 'conductor' } },
      },
      'selected-second',
    );
    for (const manifest of [first, second]) await cluster.run(['apply', '-f', '-'], manifest);
    const selectors = {
      'spec.suspend=true': [second],
      'spec.suspend=false': [first],
      'spec.credentials.type=ServiceAccount': [second],
      'spec.credentials.type=PersonalAccessToken': [first],
      'spec.provisioning.mode=Apply': [second],
      'spec.provisioning.mode=Plan': [first],
      'spec.conductorOne.secretRef.name=conductor': [second],
      // An absent field matches the empty string.
      'spec.conductorOne.secretRef.name=': [first],
    };
    for (const [selector, found] of Object.entries(selectors))
      for (const { metadata } of [first, second]) {
        const fields = `spec.credentials.secretRef.name=${metadata.name},${selector}`;
        const output = await cluster.run(['get', 'asc', '-o', 'name', '--field-selector', fields]);
        const wanted = found.some((manifest) => manifest.metadata.name === metadata.name);
        assert.equal(output.includes(`/${metadata.name}`), wanted, fields);
      }
    const tried = new Set(Object.keys(selectors).map((selector) => `.${selector.split('=')[0]}`));
    assert.deepEqual(
      asanaConnectorKind.selectableFields.filter((field) => !tried.has(field)),
      ['.spec.credentials.secretRef.name'],
      'every selectable field is tried, the name of the Secret each time',
    );
  });

  test('is case-sensitive in field selectors, which is why addresses are in lower case', async () => {
    await cluster.run(['apply', '-f', '-'], grant({ connectorRef: { name: 'selected' } }, 'lower-case'));
    assert.deepEqual(await selected('alg', 'spec.user.email=Alice@acme.com'), []);
  });

  test('shows a connector in its columns, and further ones with -o wide', async () => {
    const manifest = named('columns', fullConnector);
    await cluster.run(['apply', '-f', '-'], manifest);
    await writeStatus(manifest, {
      phase: 'Degraded',
      conditions: [readyCondition('True', 'Degraded', 'Synced is False.')],
      counts: { accounts: 1234, enterpriseLicenses: 200, unmanagedEnterpriseLicenses: 12, grants: 188 },
      sync: { completedAt: new Date().toISOString() },
    });
    const [head, row] = await tableOf('asc', 'columns');
    assert.deepEqual(head, [
      'NAME',
      'STATUS',
      'READY',
      'REASON',
      'ACCOUNTS',
      'ENTERPRISE',
      'LIMIT',
      'LAST SYNC',
      'AGE',
    ]);
    assert.deepEqual(row?.slice(0, 7), ['columns', 'Degraded', 'True', 'Degraded', '1234', '200', '250']);
    assert.match(row?.[7] ?? '', /^\d+s$/, 'the last sync is an age');
    const [wideHead, wideRow] = await tableOf('asc', 'columns', '-o', 'wide');
    assert.deepEqual(wideHead?.slice(9), ['UNMANAGED', 'GRANTS', 'MESSAGE']);
    assert.deepEqual(wideRow?.slice(9), ['12', '188', 'Synced is False.']);
  });

  /** The kind-specific columns of each grant kind. */
  const COLUMNS: Record<GrantKindName, { head: string; spec: object; declared: string; observed: object }> = {
    AsanaLicenseGrant: {
      head: 'LICENSE',
      spec: {},
      declared: 'Enterprise',
      observed: { license: 'ViewOnly' },
    },
    AsanaTeamGrant: {
      head: 'TEAM',
      spec: { team: { name: 'Design & UX' } },
      declared: 'Design & UX',
      observed: { membership: 'LimitedAccess' },
    },
    AsanaWorkspaceGrant: {
      head: 'WORKSPACE',
      spec: { deletionPolicy: 'Revoke' },
      declared: '1200000000000001',
      observed: { membership: 'None' },
    },
    AsanaAccount: {
      head: 'ENSURE',
      spec: { deletionPolicy: 'Revoke' },
      declared: 'Present',
      observed: { account: 'Absent' },
    },
  };
  for (const kind of grantKinds) {
    const { kind: name, shortName } = kind.names;
    const { head: own, spec, declared, observed } = COLUMNS[name];

    test(`shows an ${name} in its columns, and its expiresAt even before it has a status`, async () => {
      const manifest = grantOf(name, { ...spec, expiresAt: '2100-01-31T00:00:00Z' }, 'columns');
      await cluster.run(['apply', '-f', '-'], manifest);
      const [, bare] = await tableOf(shortName, 'columns');
      assert.ok(bare?.includes(declared) && bare.includes('2100-01-31T00:00:00Z'));
      const action =
        schemaOf(kind, 'status').properties?.['planned']?.properties?.['action']?.enum?.[0] ?? '';
      await writeStatus(manifest, {
        conditions: [readyCondition('True', 'Planned', 'Would be granted.')],
        person: 'alice@new.example',
        user: { gid: '42', email: 'alice@new.example' },
        observed: { ...observed, since: NOW },
        planned: { action, reason: 'Declared.' },
        expiresAt: '2100-01-31T00:00:00Z',
      });
      const [head, row] = await tableOf(shortName, 'columns');
      assert.equal(head?.join(), `NAME,USER,${own},OBSERVED,PLANNED,READY,REASON,EXPIRES,AGE`);
      const shown = [...Object.values(observed), action, 'True', 'Planned', '2100-01-31T00:00:00Z'];
      assert.deepEqual(row?.slice(0, 8), ['columns', 'alice@new.example', declared, ...shown]);
      const [wideHead, wideRow] = await tableOf(shortName, 'columns', '-o', 'wide');
      assert.deepEqual(wideHead?.slice(9), ['MESSAGE']);
      assert.deepEqual(wideRow?.slice(9), ['Would be granted.']);
    });

    test(`shows the end of an ${name} with a duration as soon as status.expiresAt is set`, async () => {
      const manifest = grantOf(name, { ...spec, deletionPolicy: 'Revoke', duration: '8h' }, 'lasting');
      await cluster.run(['apply', '-f', '-'], manifest);
      await writeStatus(manifest, { expiresAt: '2100-01-31T08:00:00Z' });
      assert.ok((await tableOf(shortName, 'lasting'))[1]?.includes('2100-01-31T08:00:00Z'));
    });
  }

  test('shows a team by its gid if that is declared', async () => {
    await cluster.run(['apply', '-f', '-'], grantOf('AsanaTeamGrant', {}, 'by-gid'));
    assert.ok((await tableOf('atg', 'by-gid'))[1]?.includes('1200000000000007'));
  });

  test('lists objects of all kinds under the category asana', async () => {
    const manifests = kinds.map(({ names }) => smallestOf(names.kind, 'in-category'));
    await cluster.run(['apply', '-f', '-'], listOf(manifests));
    const names = (await cluster.run(['get', 'asana', '-o', 'name'])).split('\n');
    for (const kind of kinds) {
      assert.ok(names.includes(`${kind.names.singular}.asana-connector.dev/in-category`), kind.names.kind);
    }
  });

  for (const kind of kinds) {
    test(`explains every field of the spec of ${kind.names.kind}`, async () => {
      for (const { path, schema } of objectsBelow(kind.names.shortName, 'spec', schemaOf(kind, 'spec'))) {
        const explained = unwrapped(await cluster.run(['explain', path]));
        for (const [name, property] of Object.entries(schema.properties ?? {})) {
          assert.ok(
            explained.includes(unwrapped(property.description ?? '?')),
            `${path}.${name}: ${explained}`,
          );
        }
      }
    });
  }

  test('explains maxRemovals with its fields, their default and range, and its effect', async () => {
    const explained = unwrapped(await cluster.run(['explain', 'asc.spec.provisioning.maxRemovals']));
    for (const fact of [
      'percent <integer>',
      'atLeast <integer>',
      'window <string>',
      'RemovalsPaused',
      'Default 20',
      '1m to 720h',
    ]) {
      assert.ok(explained.includes(fact), `${fact} is not in: ${explained}`);
    }
  });
});

function listOf(items: readonly unknown[]): unknown {
  return { apiVersion: 'v1', kind: 'List', items };
}

/** Drops kubectl's warning about objects that were not created with `kubectl apply`. */
function withoutApplyWarning(stderr: string): string {
  return stderr
    .split('\n')
    .filter((line) => !line.includes('kubectl.kubernetes.io/last-applied-configuration'))
    .join('\n')
    .trim();
}

/** Joins the lines of a text, since kubectl breaks them at 80 characters. */
function unwrapped(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

function objectsBelow(shortName: string, path: string, schema: Schema): { path: string; schema: Schema }[] {
  if (!schema.properties) return [];
  return [
    { path: `${shortName}.${path}`, schema },
    ...Object.entries(schema.properties).flatMap(([name, property]) =>
      objectsBelow(shortName, `${path}.${name}`, property),
    ),
  ];
}
