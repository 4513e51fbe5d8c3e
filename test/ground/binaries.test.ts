import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import {
  BinariesNotFoundError,
  BinarySourceError,
  directorySource,
  environmentSource,
  resolveBinaries,
} from '../controlplane/binaries.ts';
import {
  type BinarySource,
  ETCD_VERSION,
  KUBERNETES_VERSION,
  type Program,
} from '../controlplane/binary-source.ts';

const directories: string[] = [];
after(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true }))));

async function directoryWith(...programs: Program[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'binaries-'));
  directories.push(directory);
  for (const program of programs) {
    await writeFile(join(directory, program), '');
    await chmod(join(directory, program), 0o755);
  }
  return directory;
}

/** Returns a source that records requests and has no programs. */
function emptySource(name: string, asked: string[]): BinarySource {
  return {
    name,
    find: (missing) => {
      asked.push(`${name}: ${missing.join(' ')}`);
      return Promise.reject(new Error('nothing here'));
    },
  };
}

describe('the programs of the control plane', () => {
  test('are taken from KUBEBUILDER_ASSETS before any other source', async () => {
    const named = await directoryWith('etcd', 'kube-apiserver');
    const cached = await directoryWith('etcd', 'kube-apiserver');
    const found = await resolveBinaries(
      ['etcd', 'kube-apiserver'],
      [environmentSource({ KUBEBUILDER_ASSETS: named }), directorySource('cache', cached)],
    );
    assert.deepEqual([...found.values()], [join(named, 'etcd'), join(named, 'kube-apiserver')]);
  });

  test('are taken one by one from TEST_ASSET variables, which take precedence over KUBEBUILDER_ASSETS', async () => {
    const named = await directoryWith('etcd', 'kube-apiserver');
    const single = await directoryWith('etcd');
    const environment = { KUBEBUILDER_ASSETS: named, TEST_ASSET_ETCD: join(single, 'etcd') };
    const found = await resolveBinaries(['etcd', 'kube-apiserver'], [environmentSource(environment)]);
    assert.equal(found.get('etcd'), join(single, 'etcd'));
    assert.equal(found.get('kube-apiserver'), join(named, 'kube-apiserver'));
  });

  test('are looked up in one source after another, each only for those still missing', async () => {
    const named = await directoryWith('etcd', 'kube-apiserver');
    const cached = await directoryWith('kube-controller-manager');
    const asked: string[] = [];
    const found = await resolveBinaries(
      ['etcd', 'kube-apiserver', 'kube-controller-manager'],
      [
        environmentSource({ KUBEBUILDER_ASSETS: named }),
        emptySource('first', asked),
        directorySource('cache', cached),
        emptySource('never', asked),
      ],
    );
    assert.equal(found.get('kube-controller-manager'), join(cached, 'kube-controller-manager'));
    assert.deepEqual(asked, ['first: kube-controller-manager'], 'a source after the last hit is not queried');
  });

  test('remain those of the earlier source if a later one returns more than requested', async () => {
    const single = await directoryWith('etcd');
    const later: BinarySource = {
      name: 'later',
      find: () =>
        Promise.resolve(
          new Map([
            ['etcd', '/later/etcd'],
            ['kube-apiserver', '/later/kube-apiserver'],
          ] as const),
        ),
    };
    const found = await resolveBinaries(
      ['etcd', 'kube-apiserver'],
      [environmentSource({ TEST_ASSET_ETCD: join(single, 'etcd') }), later],
    );
    assert.equal(found.get('etcd'), join(single, 'etcd'));
    assert.equal(found.get('kube-apiserver'), '/later/kube-apiserver');
  });

  test('are not silently taken from elsewhere if KUBEBUILDER_ASSETS names a wrong directory', async () => {
    const cached = await directoryWith('etcd', 'kube-apiserver');
    const sources = [environmentSource({ KUBEBUILDER_ASSETS: '/nowhere' }), directorySource('cache', cached)];
    await assert.rejects(resolveBinaries(['etcd'], sources), (error: Error) => {
      assert.ok(error instanceof BinarySourceError);
      assert.match(error.message, /KUBEBUILDER_ASSETS is set, but \/nowhere\/etcd is not an executable file/);
      return true;
    });
  });

  test('that no source has cause one error, which names the sources and what to install', async () => {
    const sources = [environmentSource({}), emptySource('published binaries', []), emptySource('Go', [])];
    await assert.rejects(resolveBinaries(['etcd', 'kube-apiserver'], sources), (error: Error) => {
      assert.ok(error instanceof BinariesNotFoundError);
      for (const part of [
        'No etcd and no kube-apiserver',
        'KUBEBUILDER_ASSETS: not set',
        'published binaries: nothing here',
        'Go: nothing here',
        'https://go.dev/dl/',
      ]) {
        assert.ok(error.message.includes(part), `the message should contain "${part}":\n${error.message}`);
      }
      return true;
    });
  });

  test('have the versions that the Go module requires', async () => {
    const file = join(import.meta.dirname, '../controlplane/programs/go.mod');
    const required = await readFile(file, 'utf8');
    assert.ok(required.includes(`k8s.io/kubernetes v${KUBERNETES_VERSION}\n`));
    assert.ok(required.includes(`go.etcd.io/etcd/server/v3 v${ETCD_VERSION}\n`));
  });
});
