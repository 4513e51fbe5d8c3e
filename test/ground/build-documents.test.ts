import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { bundledPackages, nameAndVersion } from '../../scripts/build/bundled-packages.ts';
import { onlyBundled, type Sbom } from '../../scripts/build/sbom.ts';
import { bundle, documentBundle } from '../../scripts/build.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('the documents that describe the bundle', () => {
  let directory: string;
  let bundled: string[];
  let sbom: Sbom;
  let licenses: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bundle-'));
    const built = await bundle(directory);
    await documentBundle(directory, built);
    bundled = (await bundledPackages(built.metafile, ROOT)).map(nameAndVersion);
    sbom = JSON.parse(await readFile(join(directory, 'sbom.cdx.json'), 'utf8')) as Sbom;
    licenses = await readFile(join(directory, 'licenses.txt'), 'utf8');
  });
  after(() => rm(directory, { recursive: true }));

  test('list each bundled package in the bill of materials once, and nothing else', () => {
    assert.ok(bundled.some((name) => name.startsWith('axios@')));
    assert.ok(!bundled.some((name) => /^(fastify|typescript|esbuild)@/.test(name)));
    assert.deepEqual(sbom.components.map(nameAndVersion).toSorted(), bundled.toSorted());
  });

  test('give each component a license and a checksum', () => {
    for (const component of sbom.components as unknown as { licenses?: unknown[]; hashes?: unknown[] }[])
      assert.ok(component.licenses?.length && component.hashes?.length, JSON.stringify(component));
  });

  test('state the license of each bundled package', () => {
    for (const name of bundled) assert.ok(licenses.includes(`\n${name}\nLicense: `), name);
    assert.match(licenses, /\naxios@[^]*Permission is hereby granted/, 'with its text if it has one');
    assert.match(licenses, /\nagent-base@[^]*Nathan Rajlich/, 'which may be in the README');
  });
});

describe('a bill of materials', () => {
  const component = (name: string) => ({ 'bom-ref': `${name}@1.0.0`, name, version: '1.0.0' });
  const sbom: Sbom = {
    bomFormat: 'CycloneDX',
    serialNumber: 'urn:uuid:1',
    metadata: { timestamp: '2026-01-01T00:00:00Z', component: component('some-folder') },
    components: [component('a'), component('b')],
    dependencies: [
      { ref: 'some-folder@1.0.0', dependsOn: ['a@1.0.0', 'b@1.0.0'] },
      { ref: 'b@1.0.0', dependsOn: [] },
    ],
  };
  const bundledAs = (name: string) => ({ name, version: '1.0.0', license: 'MIT', folder: '/' });

  test('leaves out packages that are not bundled, the time, and the name of the folder', () => {
    assert.deepEqual(onlyBundled(sbom, [bundledAs('a')]), {
      bomFormat: 'CycloneDX',
      metadata: { component: { ...component('some-folder'), name: 'asana-connector' } },
      components: [component('a')],
      dependencies: [{ ref: 'some-folder@1.0.0', dependsOn: ['a@1.0.0'] }],
    });
  });

  test('is rejected if a bundled package is not in the lock file', () => {
    assert.throws(
      () => onlyBundled(sbom, [bundledAs('a'), bundledAs('stranger')]),
      /not in package-lock\.json: stranger@1\.0\.0/,
    );
  });
});
