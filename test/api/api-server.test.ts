import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { buildCrd } from '../../src/api/crd.ts';
import { kinds } from '../../src/api/kinds.ts';
import { ManifestValidator } from '../../src/api/validation.ts';
import { Cluster } from './cluster.ts';
import { accepted, connector, fullConnector, fullGrant, grant, type Manifest, refused } from './manifests.ts';
import { type Schema, schemaOf } from './published-schema.ts';

interface Stored extends Manifest {
  readonly metadata: Manifest['metadata'] & { readonly resourceVersion: string; readonly generation: number };
  readonly status?: unknown;
}

/** A value with every field that a schema knows. */
function sampleOf(schema: Schema): unknown {
  if (schema.properties) {
    return Object.fromEntries(
      Object.entries(schema.properties).map(([name, property]) => [name, sampleOf(property)]),
    );
  }
  if (schema.items) return [sampleOf(schema.items)];
  if (schema.enum) return schema.enum.at(-1);
  if (schema.format === 'date-time') return '2027-01-31T00:00:00Z';
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

  /** The lines of a table that kubectl prints, each with its cells. */
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

  test('takes the CRDs without a warning and finds their schemas structural', async () => {
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

  describe('asked about many manifests at once', () => {
    /** What it says of each refused manifest, and what it makes of each accepted one, by the name of the object. */
    const complaints = new Map<string, string>();
    const created = new Map<string, Manifest>();
    before(async () => {
      const items = [...accepted, ...refused].map(({ manifest }, index) => named(`case-${index}`, manifest));
      const { stdout, stderr } = await cluster.try(
        // The API server's answers are wanted here, not kubectl's own look at the schema.
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
      test(`accepts ${because} (${manifest.kind}), and fills in what the validator fills in`, () => {
        const name = `case-${index}`;
        assert.equal(complaints.get(name), undefined);
        assert.deepEqual(created.get(name)?.spec, new ManifestValidator().check(manifest).spec);
      });
    }

    for (const [index, { because, field, says }] of refused.entries()) {
      test(`refuses a manifest and names ${field}, since ${because}`, () => {
        const name = `case-${accepted.length + index}`;
        assert.equal(created.get(name), undefined, 'it was accepted');
        const complaint = complaints.get(name) ?? '';
        assert.ok(complaint.includes(`${field}: `), complaint);
        if (says !== undefined) assert.ok(complaint.includes(says), complaint);
      });
    }
  });

  for (const { because, spec, says } of [
    {
      because: 'another connector',
      spec: { connectorRef: { name: 'other' } },
      says: 'spec.connectorRef: Invalid value: connectorRef is immutable: delete this grant and create another one',
    },
    {
      because: 'another namespace of the connector',
      spec: { connectorRef: { namespace: 'other' } },
      says: 'connectorRef is immutable',
    },
    {
      because: 'another address',
      spec: { user: { email: 'bob@acme.com' } },
      says: 'spec.user: Invalid value: user is immutable: delete this grant and create another one',
    },
    {
      because: 'a gid instead of the address',
      spec: { user: { email: null, gid: '1' } },
      says: 'user is immutable',
    },
  ]) {
    test(`refuses to change a grant to ${because}`, async () => {
      await cluster.run(['apply', '-f', '-'], grant({}, 'immutable'));
      const { code, stderr } = await cluster.try([
        'patch',
        'alg',
        'immutable',
        '--type=merge',
        `--patch=${JSON.stringify({ spec })}`,
      ]);
      assert.equal(code, 1, 'it was changed');
      // It prints the value as well, which is as long as it is.
      assert.ok(
        stderr.replaceAll(/Invalid value: .*?: (?=\w+ is immutable)/g, 'Invalid value: ').includes(says),
        stderr,
      );
    });
  }

  test('lets everything else of a grant be changed', async () => {
    await cluster.run(['apply', '-f', '-'], grant({}, 'changing'));
    await cluster.run(
      ['apply', '-f', '-'],
      grant({ license: 'ViewOnly', reason: 'New.', suspend: true }, 'changing'),
    );
    assert.equal((await stored(grant({}, 'changing'))).metadata.generation, 2);
  });

  for (const { how, flags } of [
    { how: 'client', flags: [] },
    { how: 'server', flags: ['--server-side', '--field-manager=gitops'] },
  ]) {
    test(`changes nothing when the same manifests are applied again on the ${how}'s side`, async (t) => {
      const manifests = [connector(), fullConnector, grant(), fullGrant].map((manifest) =>
        named(`${how}-${manifest.metadata.name}`, manifest),
      );
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
      // What the operator adds meanwhile must not look like a difference.
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
      // Taken away again, or the namespace would never go.
      t.after(() => setFinalizers(null));
      await setFinalizers(['asana-connector.dev/revoke']);
      const first = await versions();
      assert.deepEqual((await gitops('apply')).stderr, '');
      assert.deepEqual(await versions(), first);
      assert.ok(
        first.every(({ generation }) => generation === 1),
        'filling in defaults is no new generation',
      );
      assert.deepEqual(await gitops('diff'), { code: 0, stdout: '', stderr: '' });
    });
  }

  for (const kind of kinds) {
    test(`keeps every field of the status of an ${kind.names.kind} as it was written`, async () => {
      const manifest = named('status', kind.names.kind === 'AsanaConnector' ? connector() : grant());
      await cluster.run(['apply', '-f', '-'], manifest);
      const status = sampleOf(schemaOf(kind, 'status'));
      await writeStatus(manifest, status);
      const { metadata, status: kept } = await stored(manifest);
      assert.deepEqual(kept, status);
      assert.equal(metadata.generation, 1, 'a status is no new generation');
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

  test('finds grants by each of the fields that are selectable', async () => {
    const byEmail = grant({ connectorRef: { name: 'selected', namespace: 'iga' } }, 'by-email');
    const byGid = grant(
      { connectorRef: { name: 'selected' }, user: { gid: '77' }, license: 'ViewOnly' },
      'by-gid',
    );
    for (const manifest of [byEmail, byGid]) await cluster.run(['apply', '-f', '-'], manifest);
    const select = async (selector: string) =>
      (
        await cluster.run([
          'get',
          'alg',
          '-o',
          'name',
          '--field-selector',
          `spec.connectorRef.name=selected,${selector}`,
        ])
      )
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split('/')[1]);
    assert.deepEqual(await select('spec.user.email=alice@acme.com'), ['by-email']);
    assert.deepEqual(await select('spec.user.gid=77'), ['by-gid']);
    assert.deepEqual(await select('spec.license=ViewOnly'), ['by-gid']);
    assert.deepEqual(await select('spec.license=Enterprise'), ['by-email'], 'the default is selectable too');
    assert.deepEqual(await select('spec.connectorRef.namespace=iga'), ['by-email']);
    assert.deepEqual(
      await select('spec.connectorRef.namespace='),
      ['by-gid'],
      'no namespace is the empty string',
    );
    assert.deepEqual(
      await select('spec.user.email=Alice@acme.com'),
      [],
      'selectors know case, hence the lower case',
    );
  });

  test('shows a connector in the columns of the design, and the rest with -o wide', async () => {
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

  test('shows a grant in the columns of the design, an expiry in the future included', async () => {
    const manifest = grant({ expiresAt: '2100-01-31T00:00:00Z' }, 'columns');
    await cluster.run(['apply', '-f', '-'], manifest);
    await writeStatus(manifest, {
      conditions: [readyCondition('True', 'Planned', 'Would be granted.')],
      user: { gid: '42', email: 'alice@acme.com' },
      observed: { license: 'ViewOnly', since: NOW },
      planned: { action: 'GrantEnterprise', reason: 'Declared.' },
    });
    const [head, row] = await tableOf('alg', 'columns');
    assert.deepEqual(head, [
      'NAME',
      'USER',
      'LICENSE',
      'OBSERVED',
      'PLANNED',
      'READY',
      'REASON',
      'EXPIRES',
      'AGE',
    ]);
    assert.deepEqual(row?.slice(0, 8), [
      'columns',
      'alice@acme.com',
      'Enterprise',
      'ViewOnly',
      'GrantEnterprise',
      'True',
      'Planned',
      '2100-01-31T00:00:00Z',
    ]);
    const [wideHead, wideRow] = await tableOf('alg', 'columns', '-o', 'wide');
    assert.deepEqual(wideHead?.slice(9), ['MESSAGE']);
    assert.deepEqual(wideRow?.slice(9), ['Would be granted.']);
  });

  test('shows all of our kinds under the category asana', async () => {
    await cluster.run(['apply', '-f', '-'], connector({}, 'in-category'));
    await cluster.run(['apply', '-f', '-'], grant({}, 'in-category'));
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

  test('explains a single field with what it does, its default and what follows from it', async () => {
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

/** kubectl's own remark about objects that were not made with `kubectl apply`. */
function withoutApplyWarning(stderr: string): string {
  return stderr
    .split('\n')
    .filter((line) => !line.includes('kubectl.kubernetes.io/last-applied-configuration'))
    .join('\n')
    .trim();
}

/** kubectl breaks lines at 80 characters. */
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
