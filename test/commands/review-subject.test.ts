import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { suite, type TestContext, test } from 'node:test';
import type { AsanaConnector } from '../../src/api/asana-connector.ts';
import { findSubjectInCluster } from '../../src/commands/review/subject-in-cluster.ts';
import { findSubjectInManifests } from '../../src/commands/review/subject-in-manifests.ts';
import type { ListPage } from '../../src/kubernetes/client.ts';
import { KubernetesError } from '../../src/kubernetes/errors.ts';
import type { Resource } from '../../src/kubernetes/resource.ts';
import { connectorObject, grantObject } from '../controllers/objects.ts';

type Stored = { readonly metadata: { readonly namespace: string; readonly name: string } };

/** Lists objects in pages of two, like an API server, and records which lists were read. */
class Lists {
  readonly asked: string[] = [];
  readonly #objects: Readonly<Record<string, readonly Stored[]>>;

  constructor(objects: Readonly<Record<string, readonly Stored[]>>) {
    this.#objects = objects;
  }

  list<T>(
    { plural }: Resource,
    namespace: string | null,
    page: { limit: number; next?: string },
  ): Promise<ListPage<T>> {
    const next = page.next || '0';
    if (next === '0') this.asked.push(`${plural} ${namespace ?? '*'}`);
    const all = (this.#objects[plural] ?? []).filter(
      ({ metadata }) => namespace === null || metadata.namespace === namespace,
    );
    const end = Number(next) + 2;
    const items = all.slice(Number(next), end) as unknown as T[];
    return Promise.resolve({ items, resourceVersion: '1', next: end < all.length ? String(end) : '' });
  }
}

const { signal } = new AbortController();
const ACME = { namespace: 'iga', name: 'acme' };

function grantsOf(connector: AsanaConnector): Stored[] {
  const inNamespace = (namespace: string, count: number, name: string) =>
    Array.from({ length: count }, (_, index) =>
      grantObject({
        metadata: { namespace, name: `${name}-${index}`, uid: `${name}-${index}` },
        spec: { connectorRef: { name, namespace: connector.metadata.namespace } },
      }),
    );
  return [
    ...inNamespace('iga', 5, 'acme'),
    ...inNamespace('iga', 1, 'other'),
    ...inNamespace('data', 2, 'acme'),
  ];
}

/** Returns the lists of a user who may not list all namespaces at once. */
function listsOfSome(allowedNamespaces: string[]): Pick<Lists, 'list'> {
  const connector = connectorObject({ provisioning: { allowedNamespaces } });
  const lists = new Lists({ asanaconnectors: [connector], asanalicensegrants: grantsOf(connector) });
  return {
    list: (resource, namespace, page) =>
      namespace === null
        ? Promise.reject(new KubernetesError('Forbidden', 403, 'transient', 'no'))
        : lists.list(resource, namespace, page),
  };
}

suite('the subject of a review in a cluster', () => {
  // Grants in a namespace that is no longer allowed may still hold what they gave.
  for (const allowedNamespaces of [[], ['data'], ['*']]) {
    test(`contains all pages of the grants that name the connector, with allowedNamespaces ${JSON.stringify(allowedNamespaces)}`, async () => {
      const connector = connectorObject({ provisioning: { allowedNamespaces } });
      const lists = new Lists({ asanaconnectors: [connector], asanalicensegrants: grantsOf(connector) });
      const subject = await findSubjectInCluster(lists, ACME, signal);
      assert.equal(subject.grants.length, 7);
      assert.ok(subject.grants.every(({ object }) => object.spec.connectorRef.name === 'acme'));
      assert.deepEqual(
        lists.asked.filter((what) => what.startsWith('asanalicensegrants')),
        ['asanalicensegrants *'],
      );
      assert.equal(subject.note, null);
    });
  }

  for (const { allowedNamespaces, expected } of [
    { allowedNamespaces: [], expected: 5 },
    { allowedNamespaces: ['data'], expected: 7 },
  ]) {
    test(`is limited to its own and the allowed namespaces ${JSON.stringify(allowedNamespaces)}, with a note, if listing all is forbidden`, async () => {
      const { grants, note } = await findSubjectInCluster(listsOfSome(allowedNamespaces), ACME, signal);
      assert.equal(grants.length, expected);
      assert.ok(note?.includes(['iga', ...allowedNamespaces].join(', ')), note ?? 'no note');
    });
  }

  test('is an error if all namespaces are allowed but cannot be listed', async () => {
    await assert.rejects(findSubjectInCluster(listsOfSome(['*']), ACME, signal), { code: 'Forbidden' });
  });

  test('defaults to the only connector of the namespace, and is an error if there are two', async () => {
    const one = connectorObject();
    const two = connectorObject({ metadata: { name: 'second', uid: 'c2' } });
    const place = { namespace: 'iga', name: null };
    const only = await findSubjectInCluster(new Lists({ asanaconnectors: [one] }), place, signal);
    assert.equal(only.connector, one);
    await assert.rejects(findSubjectInCluster(new Lists({ asanaconnectors: [one, two] }), place, signal), {
      field: '--connector',
      message: /several.*acme, second.*specify one/,
    });
  });

  test('is an error that names the existing connectors if the named one does not exist', async () => {
    const lists = new Lists({ asanaconnectors: [connectorObject()] });
    await assert.rejects(findSubjectInCluster(lists, { namespace: 'iga', name: 'amce' }, signal), {
      field: '--connector',
      message: /not contain the AsanaConnector amce \(it contains acme\)/,
    });
  });

  test('is an error if a later page of a list fails', async () => {
    const connector = connectorObject();
    const lists = new Lists({ asanaconnectors: [connector], asanalicensegrants: grantsOf(connector) });
    const broken: typeof lists.list = (resource, namespace, page) =>
      page.next === '4'
        ? Promise.reject(new KubernetesError('Expired', 410, 'transient', 'the token is too old'))
        : lists.list(resource, namespace, page);
    await assert.rejects(findSubjectInCluster({ list: broken }, ACME, signal), { code: 'Expired' });
  });
});

const CONNECTOR = `
apiVersion: asana-connector.dev/v1alpha1
kind: AsanaConnector
metadata: { name: acme }
spec: { credentials: { secretRef: { name: asana } } }
`;
const GRANT = `
apiVersion: asana-connector.dev/v1alpha1
kind: AsanaLicenseGrant
metadata: { name: alice }
spec: { connectorRef: { name: acme }, user: { email: alice@acme.com } }
`;

async function inFile(t: TestContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'review-'));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'all.yaml'), text);
  return join(folder, 'all.yaml');
}

suite('the subject of a review in manifests', () => {
  test('contains the connector and the grants that name it, with default values', async (t) => {
    const foreign = GRANT.replace('name: acme', 'name: another').replace('name: alice', 'name: bob');
    const path = await inFile(t, [CONNECTOR, GRANT, foreign].join('---'));
    const subject = await findSubjectInManifests(
      { paths: [path], namespace: 'iga', name: null },
      Readable.from([]),
    );
    assert.equal(subject.connector.metadata.namespace, 'iga');
    assert.equal(subject.connector.spec.provisioning.protectAdmins, true);
    assert.deepEqual(
      subject.grants.map(({ object }) => [object.metadata.name, object.spec.deletionPolicy]),
      [['alice', 'Revoke']],
    );
  });

  test('is read from standard input if the path is -', async () => {
    const input = Readable.from([Buffer.from([CONNECTOR, GRANT].join('---'))]);
    const subject = await findSubjectInManifests({ paths: ['-'], namespace: 'iga', name: 'acme' }, input);
    assert.equal(subject.grants.length, 1);
  });

  test('is an error if the manifests contain no connector', async (t) => {
    const path = await inFile(t, GRANT);
    await assert.rejects(
      findSubjectInManifests({ paths: [path], namespace: 'iga', name: null }, Readable.from([])),
      { field: '--connector', message: /which contains none: add its file/ },
    );
  });
});
