import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { kinds } from '../../src/api/kinds.ts';
import { REVOKE_FINALIZER } from '../../src/api/resources.ts';
import { fullConnector, fullGrants } from '../api/manifests.ts';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { kubectlPath } from '../controlplane/tools.ts';
import { type EarlierChart, findEarlierChart, takeEarlierChart } from './earlier-chart.ts';
import { at, CHART, helm, NAMESPACE, RELEASE } from './helm.ts';

const NOW = '2026-11-24T08:00:00Z';
const status = {
  observedGeneration: 1,
  conditions: [
    {
      type: 'Ready',
      status: 'True',
      reason: 'Granted',
      message: 'As declared.',
      observedGeneration: 1,
      lastTransitionTime: NOW,
    },
  ],
};

const commit = await findEarlierChart();
const skip = commit === null && 'no earlier chart was found: the tests need the history of the repository';

describe('helm upgrade from the chart as it was before its last change', { skip }, () => {
  let plane: ControlPlane;
  let earlier: EarlierChart;

  before(async () => {
    assert.ok(commit);
    [plane, earlier] = await Promise.all([startControlPlane(), takeEarlierChart(commit)]);
    await run('install', earlier.folder, '--create-namespace');
  });
  after(async () => {
    await plane.stop();
    await earlier.remove();
  });

  function run(command: string, chart: string, ...flags: string[]): Promise<string> {
    return helm([command, RELEASE, chart, '--namespace', NAMESPACE, ...flags], {
      KUBECONFIG: plane.kubeconfigPath,
    });
  }

  async function kubectl(args: readonly string[], input?: object): Promise<string> {
    const running = promisify(execFile)(await kubectlPath(), ['--namespace', NAMESPACE, ...args], {
      env: { ...process.env, KUBECONFIG: plane.kubeconfigPath },
    });
    running.child.stdin?.end(input ? stringify(input) : undefined);
    return (await running).stdout.trim();
  }

  async function get(kind: string, name: string): Promise<object> {
    return JSON.parse(await kubectl(['get', kind, name, '-o', 'json'])) as object;
  }

  test('leaves objects of every kind, their finalizers and their status unchanged and writable', async () => {
    const objects = [fullConnector, ...Object.values(fullGrants)];
    assert.equal(objects.length, kinds.length);
    for (const object of objects) {
      // The earlier CRDs drop fields that only the newer chart knows.
      await kubectl(['create', '--validate=warn', '-f', '-'], object);
      const { kind, metadata } = object;
      const patch = ['patch', kind, metadata.name, '--type=merge', '-p'];
      await kubectl([...patch, JSON.stringify({ metadata: { finalizers: [REVOKE_FINALIZER] } })]);
      await kubectl([...patch, JSON.stringify({ status }), '--subresource=status']);
    }
    const found = () => Promise.all(objects.map(({ kind, metadata }) => get(kind, metadata.name)));
    const before = await found();

    await run('upgrade', CHART);

    assert.deepEqual(await found(), before, `upgraded from ${earlier.commit}`);
    for (const { kind, metadata } of objects) {
      await kubectl(['annotate', kind, metadata.name, 'asana-connector.dev/requestedAt=now']);
      const spec = at(await get(kind, metadata.name), 'spec');
      assert.deepEqual(spec, at(before[objects.findIndex((object) => object.kind === kind)], 'spec'));
    }
  });

  test('can be rolled back and repeated, and leaves the spec of a connector unchanged', async () => {
    const connector = await get(fullConnector.kind, fullConnector.metadata.name);
    for (const [command, chart] of [
      ['rollback', '1'],
      ['upgrade', CHART],
    ] as const)
      await run(command, chart);
    const { spec } = (await get(fullConnector.kind, fullConnector.metadata.name)) as { spec?: object };
    assert.deepEqual(spec, at(connector, 'spec'));
  });
});
