import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chartContainer } from '../../scripts/image/chart-pod.ts';
import { type ImageFile, misplacedFiles } from '../../scripts/image/contents.ts';
import { containerConfiguration } from '../../scripts/image/oci.ts';
import { only, renderValues } from '../chart/helm.ts';

const file = (path: string, mode = 0o444): ImageFile => ({ path, mode, uid: 0, gid: 0, bytes: 1 });
const PROGRAM = [
  ...[
    'asana-connector.mjs',
    'c1z-worker.mjs',
    'chunk-ABC.mjs',
    'LICENSE',
    'licenses.txt',
    'sbom.cdx.json',
  ].map((name) => file(`/app/${name}`)),
  file('/baton-asana', 0o555),
];

describe('the files of an image', () => {
  test('may be those of the program and of its base image', () => {
    assert.deepEqual(misplacedFiles([...PROGRAM, file('/nodejs/bin/node', 0o755), file('/etc/passwd')]), []);
  });

  for (const { stray, problem } of [
    { stray: file('/app/main.ts'), problem: /main\.ts is not of the program/ },
    { stray: file('/app/chunk-ABC.mjs.map'), problem: /\.map is not of the program/ },
    { stray: file('/app/chunk-DEF.mjs', 0o664), problem: /chunk-DEF\.mjs can be changed/ },
    { stray: { ...file('/app/chunk-DEF.mjs'), uid: 65532 }, problem: /chunk-DEF\.mjs can be changed/ },
    { stray: file('/src/node_modules/esbuild/bin/esbuild'), problem: /esbuild is of the build/ },
  ]) {
    test(`must not include ${stray.path} with owner ${stray.uid} and mode ${stray.mode.toString(8)}`, () => {
      assert.match(misplacedFiles([...PROGRAM, stray]).join('\n'), problem);
    });
  }

  test('must include every file of the program', () => {
    assert.deepEqual(misplacedFiles(PROGRAM.slice(1)), ['/app/asana-connector.mjs is missing']);
  });
});

describe('a container', () => {
  test('is started with the arguments, environment and memory limit of the chart', async () => {
    const deployment = only(await renderValues({ nodeOptions: '--x' }), 'Deployment');
    const { args, environment, memoryBytes } = chartContainer(deployment);
    assert.equal(args[0], 'operator');
    assert.equal(environment['NODE_OPTIONS'], '--x');
    assert.equal(memoryBytes, 512 * 1024 ** 2);
  });

  test('is rejected if the chart restricts it less than the test does', async () => {
    const lax = only(
      await renderValues({ securityContext: { readOnlyRootFilesystem: false } }),
      'Deployment',
    );
    assert.throws(() => chartContainer(lax), /restricts its container otherwise/);
  });

  test('runs as the given user or else that of the image, without capabilities', () => {
    const image = { User: '65532:65532', Env: ['A=1'], Entrypoint: ['/node', '/app'], WorkingDir: '/app' };
    const options = { image: 'x', args: ['--help'], environment: { B: '2' }, memoryBytes: 1 };
    const userOf = (more: object) =>
      (
        containerConfiguration(image, { ...options, ...more }, '/root') as {
          process: Record<string, unknown>;
        }
      ).process;
    assert.deepEqual(userOf({})['user'], { uid: 65532, gid: 65532 });
    assert.deepEqual(userOf({ user: '1000710000:0' })['user'], { uid: 1000710000, gid: 0 });
    assert.deepEqual(userOf({})['args'], ['/node', '/app', '--help']);
    assert.deepEqual(userOf({ command: ['/other'] })['args'], ['/other', '--help']);
    assert.deepEqual(userOf({})['env'], ['A=1', 'B=2']);
    assert.deepEqual(Object.values(userOf({})['capabilities'] as object).flat(), []);
  });
});
