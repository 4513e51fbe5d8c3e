import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import type { PlanReport } from '../../src/commands/plan/plan-report.ts';
import { Folder, FROM_SOURCE } from '../commands/child.ts';
import { kubectlPath } from '../controlplane/tools.ts';
import { OperatorRig } from './rig.ts';

const run = promisify(execFile);

const FILE = 'access.json';
const TEAM = 'Design';

interface Manifest {
  readonly kind: string;
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A plan as `--output json` prints it, and how the command ended. */
interface Planned {
  readonly code: number | null;
  readonly stderr: string;
  readonly report: PlanReport;
}

suite('a plan against a real API server', () => {
  let rig: OperatorRig;
  let folder: Folder;
  before(async () => {
    folder = await Folder.make(FROM_SOURCE);
    // A plan sees every connector in the cluster, including other tests'; the oldest one has the organization.
    rig = await OperatorRig.start('plan', { organization: '1200000000000077' });
    await rig.createSecret();
  });
  after(async () => {
    await rig.close();
    await folder[Symbol.asyncDispose]();
  });

  const connector: Manifest = {
    kind: 'AsanaConnector',
    name: 'acme',
    spec: {
      credentials: { type: 'ServiceAccount', secretRef: { name: 'token' } },
      scim: { enabled: true },
      provisioning: { mode: 'Apply', removalDelay: '0s', maxRemovals: { percent: 0, atLeast: 10 } },
    },
  };
  const license = (name: string, license: string, more = {}): Manifest => ({
    kind: 'AsanaLicenseGrant',
    name,
    spec: { connectorRef: { name: 'acme' }, user: { email: `${name}@acme.example` }, license, ...more },
  });
  const member: Manifest = {
    kind: 'AsanaTeamGrant',
    name: 'design',
    spec: { connectorRef: { name: 'acme' }, user: { email: 'carol@acme.example' }, team: { name: TEAM } },
  };
  const first = [connector, license('alice', 'Enterprise'), license('carol', 'Enterprise'), member];

  /** Replaces what Git holds. Without `namespace`, the manifests name none. */
  async function write(
    manifests: readonly Manifest[],
    { namespace }: { readonly namespace?: string | undefined } = { namespace: rig.namespace },
  ): Promise<void> {
    const items = manifests.map(({ kind, name, spec }) => ({
      apiVersion: 'asana-connector.dev/v1alpha1',
      kind,
      metadata: { namespace, name },
      spec,
    }));
    await writeFile(
      join(folder.path, FILE),
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 1),
    );
  }

  /** Applies what Git holds, as a GitOps tool does. */
  async function apply(): Promise<void> {
    const flags = ['--kubeconfig', rig.kubeconfigPath, 'apply', '-f', join(folder.path, FILE)];
    await run(await kubectlPath(), flags);
  }

  const plan = (...flags: string[]) => planWith(rig.kubeconfigPath, ...flags);

  async function planWith(kubeconfig: string, ...flags: string[]): Promise<Planned> {
    const variables = {
      KUBECONFIG: kubeconfig,
      ASANA_TOKEN: rig.sandbox.tokens.serviceAccount,
      ASANA_API_URL: rig.sandbox.asanaUrl,
      ASANA_REQUESTS_PER_MINUTE: '0',
    };
    const written = rig.writesInAsana().length;
    const all = ['plan', '-f', FILE, '--against', 'cluster', '-o', 'json', ...flags];
    const { code, stdout, stderr } = await folder.run(variables, ...all);
    assert.equal(rig.writesInAsana().length, written, 'a plan sends no write to Asana');
    return { code, stderr, report: (stdout === '' ? null : JSON.parse(stdout)) as PlanReport };
  }

  const changesOf = ({ changes }: PlanReport) =>
    changes.map(({ action, who, object }) => `${action} ${who} by ${object.name}`).toSorted();

  test('lists added objects with their actions, and no change once they are applied', async () => {
    await write(first);
    const before = await plan();
    assert.equal(before.code, 2, before.stderr);
    assert.deepEqual(before.report.objects, { Added: 3, Changed: 0, Removed: 0, Unchanged: 0 });
    await apply();
    for (const ref of ['alice', 'carol', 'atg/design']) await rig.untilReason(ref, 'Granted');
    assert.deepEqual(
      changesOf(before.report),
      rig
        .auditRecords()
        .map(({ action, account, requester }) => `${action} ${account.email} by ${requester.name}`)
        .toSorted(),
      'the operator did what was planned',
    );
    const after = await plan();
    assert.deepEqual([after.code, after.report.changes, after.report.blocked], [0, [], []], after.stderr);
    assert.deepEqual(after.report.objects, { Added: 0, Changed: 0, Removed: 0, Unchanged: 3 });
  });

  test('takes manifests without a namespace as kubectl does: as objects of the namespace of the context', async () => {
    await write(first, {});
    const kubeconfig = join(folder.path, 'kubeconfig');
    await copyFile(rig.kubeconfigPath, kubeconfig);
    const inNamespace = ['set-context', '--current', '--namespace', rig.namespace];
    await run(await kubectlPath(), ['--kubeconfig', kubeconfig, 'config', ...inNamespace]);
    const { code, report, stderr } = await planWith(kubeconfig);
    assert.equal(code, 0, stderr);
    assert.deepEqual(report.objects, { Added: 0, Changed: 0, Removed: 0, Unchanged: 3 });
  });

  test('lists changed and removed objects with their removals, and no change once they are applied', async () => {
    await write([
      connector,
      license('alice', 'ViewOnly'),
      license('carol', 'Enterprise', { reason: 'REQ-1' }),
    ]);
    const { code, report, stderr } = await plan();
    assert.equal(code, 2, stderr);
    assert.deepEqual(report.objects, { Added: 0, Changed: 2, Removed: 1, Unchanged: 0 });
    assert.deepEqual(changesOf(report), [
      'RemoveFromTeam carol@acme.example by design',
      'RevokeEnterprise alice@acme.example by alice',
    ]);
    assert.ok(report.changes.every(({ removal }) => removal));
    const unwritten = report.changes.filter(({ object }) => object.place === null);
    assert.deepEqual(
      unwritten.map(({ object }) => object.name),
      ['design'],
      'it exists only in the cluster',
    );
    await rig.deleteGrant('atg/design');
    await apply();
    await rig.untilGone('atg/design');
    await rig.untilReason('alice', 'Granted');
    assert.equal(await rig.licenseInAsana('alice@acme.example'), 'view only');
    const after = await plan();
    assert.deepEqual([after.code, after.report.changes], [0, []], after.stderr);
    assert.deepEqual(after.report.objects, { Added: 0, Changed: 0, Removed: 0, Unchanged: 2 });
  });

  test('plans no change for objects that --no-prune keeps and for grants of other connectors', async () => {
    await rig.createConnector({}, 'other');
    await rig.createGrant('elsewhere', 'dave@acme.example', { connectorRef: { name: 'other' } });
    await write([connector, license('alice', 'ViewOnly')]);
    const { code, report, stderr } = await plan('--no-prune');
    assert.deepEqual([code, report.changes], [0, []], stderr);
    assert.deepEqual(report.objects, { Added: 0, Changed: 0, Removed: 0, Unchanged: 2 });
  });

  test('rejects an edit of an immutable field and names its line, and the API server rejects it too', async () => {
    await write([connector, { ...license('alice', 'ViewOnly'), spec: license('bob', 'ViewOnly').spec }]);
    const { code, stderr } = await plan();
    assert.equal(code, 1);
    assert.match(stderr, /access\.json:\d+: spec\.user: .*immutable/);
    await assert.rejects(apply(), /immutable/);
  });

  test('exits with 1 and mentions the kubeconfig if the cluster cannot be reached', async () => {
    await write(first);
    const variables = { KUBECONFIG: join(folder.path, 'none'), ASANA_TOKEN: 'x', HOME: folder.path };
    const { code, stderr } = await folder.run(variables, 'plan', '-f', FILE, '--against', 'cluster');
    assert.equal(code, 1);
    assert.match(stderr, /kubeconfig/i);
  });
});
