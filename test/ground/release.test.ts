import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { changesIn, sectionOf } from '../../scripts/release/changelog.ts';
import { releasedChart, releasedValues } from '../../scripts/release/released-chart.ts';

const ROOT = join(import.meta.dirname, '../..');
const WORKFLOWS = join(ROOT, '.github/workflows');
const read = (path: string) => readFile(join(ROOT, path), 'utf8');

const CHANGELOG = `# Changelog

## Unreleased

## 1.2.0 - 2027-01-31

### Fixed

- A word that
  goes on.

### Security

- A hole.

## [1.1.0] - 2026-12-31

### Added

- A thing.
`;

describe('the changelog', () => {
  test('returns the section of a version, and throws if it is missing or empty', () => {
    assert.equal(sectionOf(CHANGELOG, '1.1.0'), '### Added\n\n- A thing.');
    assert.throws(() => sectionOf(CHANGELOG, '1.3.0'), /says nothing of 1\.3\.0/);
    assert.throws(
      () => sectionOf(CHANGELOG, 'Unreleased'),
      /says nothing of Unreleased/,
      'an empty section counts as missing',
    );
  });

  test('returns the changes of a version with their kinds, and rejects an unknown kind', () => {
    assert.deepEqual(changesIn(sectionOf(CHANGELOG, '1.2.0')), [
      { kind: 'fixed', description: 'A word that goes on.' },
      { kind: 'security', description: 'A hole.' },
    ]);
    assert.throws(() => changesIn('### Improved\n\n- A thing.'), /"Improved" is none of added, /);
  });

  test('of this commit has changes of known kinds in every section', async () => {
    const text = await read('CHANGELOG.md');
    // A release renames the section Unreleased, so its commit has none.
    const versions = [...text.matchAll(/^## \[?([^\s\]]+)/gm)].map(([, version = '']) => version);
    assert.ok(versions.length > 0);
    for (const version of versions) assert.ok(changesIn(sectionOf(text, version)).length > 0, version);
  });
});

describe('the chart of a release', () => {
  const release = {
    version: '1.2.0',
    changes: changesIn(sectionOf(CHANGELOG, '1.2.0')),
    image: 'registry.example.com/asana-connector',
    digest: `sha256:${'a'.repeat(64)}`,
    source: 'https://git.example.com/identity/asana-connector',
  };

  test('tells Artifact Hub the version, the image and the changes, and keeps the other annotations', async () => {
    const text = await read('charts/asana-connector/Chart.yaml');
    const before = parse(text) as { annotations: Record<string, string> };
    const { version, appVersion, annotations } = parse(releasedChart(text, release)) as {
      version: string;
      appVersion: string;
      annotations: Record<string, string>;
    };
    assert.deepEqual([version, appVersion], ['1.2.0', '1.2.0']);
    assert.equal(annotations['artifacthub.io/prerelease'], 'false');
    assert.equal(annotations['artifacthub.io/containsSecurityUpdates'], 'true');
    assert.deepEqual(parse(annotations['artifacthub.io/changes'] ?? ''), release.changes);
    assert.deepEqual(parse(annotations['artifacthub.io/images'] ?? ''), [
      { name: 'asana-connector', image: `${release.image}:1.2.0@${release.digest}` },
    ]);
    assert.equal(annotations['artifacthub.io/crds'], before.annotations['artifacthub.io/crds']);
  });

  test('names its repository, which the chart in the repository does not', async () => {
    const text = await read('charts/asana-connector/Chart.yaml');
    const before = parse(text) as Record<string, unknown>;
    assert.deepEqual([before['home'], before['sources']], [undefined, undefined]);
    const { home, sources, annotations } = parse(releasedChart(text, release)) as {
      home: string;
      sources: string[];
      annotations: Record<string, string>;
    };
    assert.deepEqual([home, sources], [release.source, [release.source]]);
    assert.deepEqual(parse(annotations['artifacthub.io/links'] ?? ''), [
      { name: 'source', url: release.source },
      { name: 'support', url: `${release.source}/issues` },
      { name: 'documentation', url: `${release.source}/tree/v1.2.0/docs` },
    ]);
  });

  test('refers to the image by digest', async () => {
    const text = await read('charts/asana-connector/values.yaml');
    const { image, ...others } = parse(releasedValues(text, release)) as { image: object };
    const { image: _, ...before } = parse(text) as { image: object };
    assert.deepEqual(image, {
      repository: release.image,
      tag: '',
      digest: release.digest,
      pullPolicy: 'IfNotPresent',
    });
    assert.deepEqual(others, before);
  });
});

describe('the workflows', () => {
  interface Job {
    readonly permissions?: unknown;
    readonly uses?: string;
    readonly steps?: readonly { readonly uses?: string; readonly run?: string; readonly with?: object }[];
  }
  interface Workflow {
    readonly permissions: unknown;
    readonly jobs: Readonly<Record<string, Job>>;
  }
  const workflows = async () =>
    Promise.all(
      (await readdir(WORKFLOWS)).map(async (name) => {
        const text = await readFile(join(WORKFLOWS, name), 'utf8');
        return { name, text, workflow: parse(text) as Workflow };
      }),
    );

  test('pin each action to a commit, with its version in a comment', async () => {
    for (const { name, text } of await workflows()) {
      for (const [line] of text.matchAll(/^.*\buses: .*$/gm))
        assert.match(line, /uses: (\.\/|[\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)/, name);
    }
  });

  test('grant permissions only per job, and persist no credentials at checkout', async () => {
    for (const { name, workflow } of await workflows()) {
      assert.deepEqual(workflow.permissions, {}, name);
      for (const [id, { permissions, steps = [] }] of Object.entries(workflow.jobs)) {
        assert.ok(permissions, `${name}: ${id} declares its permissions`);
        for (const step of steps) {
          if (step.uses?.startsWith('actions/checkout@'))
            assert.deepEqual(
              Object.entries(step.with ?? {}).slice(0, 1),
              [['persist-credentials', false]],
              name,
            );
        }
      }
    }
  });

  test('use no expression in a script, where its value would be executed', async () => {
    for (const { name, workflow } of await workflows()) {
      for (const { steps = [] } of Object.values(workflow.jobs)) {
        for (const { run = '' } of steps) assert.doesNotMatch(run, /\$\{\{/, name);
      }
    }
  });
});
