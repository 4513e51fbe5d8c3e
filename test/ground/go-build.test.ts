import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { goSource } from '../controlplane/go-build.ts';

/** A fake Go: records its calls, and "builds" each requested package as an empty program. */
const FAKE_GO = `#!/bin/sh
echo "$@" >> "$GO_CALLS"
case "$1" in
  env) echo go1.26.0 ;;
  list) printf '\\nruntime\\n\\nexample.com/shared\\nexample.com/etcd\\n' ;;
  build)
    printf 'runtime\\nexample.com/shared\\n' >&2
    if [ -n "$GO_FAILS" ]; then echo '# example.com/etcd' >&2; echo 'main.go:3: undefined: x' >&2; exit 1; fi
    while [ "$1" != -o ]; do shift; done
    folder=$2; shift 2
    for package; do : > "$folder\${package#./}"; chmod 755 "$folder\${package#./}"; done ;;
esac
`;

describe('building the control plane with Go', () => {
  let root: string;
  let environment: NodeJS.ProcessEnv;
  let reported: string[];

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'go-build-'));
    await writeFile(join(root, 'go'), FAKE_GO);
    await chmod(join(root, 'go'), 0o755);
    environment = {
      PATH: [root, process.env['PATH']].join(delimiter),
      GO_CALLS: join(root, 'calls'),
    };
    reported = [];
  });
  afterEach(() => rm(root, { recursive: true }));

  const target = () => join(root, 'programs');
  const source = (more: NodeJS.ProcessEnv = {}) =>
    goSource(target(), (line) => reported.push(line), { ...environment, ...more });
  const builds = async () =>
    (await readFile(join(root, 'calls'), 'utf8')).split('\n').filter((call) => call.startsWith('build '));

  test('builds all missing programs at once, without debug information', async () => {
    const found = await source().find(['etcd', 'kube-apiserver']);
    assert.deepEqual([...found.values()], [join(target(), 'etcd'), join(target(), 'kube-apiserver')]);
    const calls = await builds();
    assert.equal(calls.length, 1);
    assert.match(calls[0] ?? '', / \.\/etcd \.\/kube-apiserver$/);
    assert.match(calls[0] ?? '', /-trimpath .*-dwarf=false .*-ldflags=-s -w /);
    assert.deepEqual((await readdir(target())).toSorted(), ['etcd', 'kube-apiserver']);
  });

  test('reports the expected time before it begins, and then its progress', async () => {
    await source().find(['etcd']);
    assert.match(reported[0] ?? '', /building etcd with go1\.26\.0 .*minutes on two cores/);
    assert.match(
      reported.at(-3) ?? '',
      /: 1 of 3 packages compiled/,
      'packages that Go has already built are not counted',
    );
    assert.match(reported.at(-2) ?? '', /: 2 of 3 packages compiled/);
    assert.match(reported.at(-1) ?? '', /built etcd in \d+ s$/);
  });

  test('builds a program once for two concurrent calls', async () => {
    await Promise.all([source().find(['etcd']), source().find(['etcd'])]);
    assert.equal((await builds()).length, 1);
  });

  test('leaves nothing behind if it fails, and reports the errors of the compiler without its progress', async () => {
    await assert.rejects(source({ GO_FAILS: '1' }).find(['etcd']), ({ message }: Error) => {
      assert.match(
        message,
        /go build failed \(exit code 1\): # example\.com\/etcd\nmain\.go:3: undefined: x$/,
      );
      return true;
    });
    assert.deepEqual(await readdir(target()), []);
  });

  test('fails as not installed if there is no Go', async () => {
    await assert.rejects(source({ PATH: '/nowhere' }).find(['etcd']), /^Error: not installed$/);
  });
});
