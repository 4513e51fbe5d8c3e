import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import {
  ACKNOWLEDGE_ANNOTATION,
  DISCARD_ANNOTATION,
  REQUESTED_AT_ANNOTATION,
} from '../../src/api/resources.ts';
import { Bundle } from '../commands/child.ts';
import { kubectlPath } from '../controlplane/tools.ts';
import { OperatorRig, SERVICE_ACCOUNT } from '../operator/rig.ts';

const alice = 'alice@acme.example';
const bob = 'bob@acme.example';
const carol = 'carol@acme.example';

interface Ending {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

suite('kubectl asana', () => {
  let rig: OperatorRig;
  let bundle: Bundle;
  let bin: string;
  let kubectl: string;

  before(async () => {
    kubectl = await kubectlPath();
    bundle = await Bundle.make();
    bin = await mkdtemp(join(tmpdir(), 'kubectl-asana-'));
    // Runs the plugin with this Node, whichever Node is on the PATH.
    await symlink(process.execPath, join(bin, 'node'));
    await symlink(bundle.main, join(bin, 'kubectl-asana'));
    rig = await OperatorRig.start('kubectl');
    await rig.createSecret();
    await rig.createConnector({
      provisioning: { maxRemovals: { percent: 0, atLeast: 1, window: '1h' } },
    });
    await rig.untilPhase('Connected');
    await rig.declareSomebodyWhoStays();
    await rig.createGrant('alice', alice, { expiresAt: '2099-01-01T00:00:00Z' });
    await rig.createGrant('bob', bob, { duration: '1000h' });
    await rig.createGrant('carol', carol);
    await rig.createGrant('stranger', 'stranger@acme.example');
    for (const name of ['alice', 'bob', 'carol']) await rig.untilReason(name, 'Granted');
    await rig.untilReason('stranger', 'UserNotFound');
  });
  after(async () => {
    await rig.close();
    await rm(bin, { recursive: true });
    await bundle[Symbol.asyncDispose]();
  });

  async function asana(...args: string[]): Promise<Ending> {
    const env = {
      PATH: [bin, dirname(kubectl), '/usr/bin', '/bin'].join(delimiter),
      KUBECONFIG: rig.kubeconfigPath,
      ASANA_API_URL: rig.sandbox.asanaUrl,
    };
    try {
      const { stdout, stderr } = await promisify(execFile)(kubectl, ['asana', ...args], { env });
      return { code: 0, stdout, stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as Ending;
      return { code, stdout, stderr };
    }
  }

  /** Runs a command in the rig's namespace; it must succeed. */
  async function here(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await asana(...args, '-n', rig.namespace);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  test('status shows the connector, and the grants that are not ready with their reasons', async () => {
    const text = await here('status');
    assert.match(text, /^NAMESPACE +NAME +STATUS/m);
    assert.match(text, /acme +Connected/);
    assert.match(text, /alg\/stranger +stranger@acme\.example +UserNotFound/);
    assert.ok(!text.includes('\u001b'), 'colours are for terminals');
    const json = JSON.parse(await here('status', '-o', 'json')) as { connectors: { phase: string }[] };
    assert.equal(json.connectors[0]?.phase, 'Connected');
  });

  test('why shows the grants of a person with reason and remedy, whatever the case of the address', async () => {
    assert.match(await here('why', 'Alice@ACME.example'), /declares +license Enterprise[^]*Granted/);
    const json = JSON.parse(await here('why', 'stranger@acme.example', '-o', 'json')) as {
      grants: { reason: string; remedy: string }[];
    };
    assert.equal(json.grants[0]?.reason, 'UserNotFound');
    assert.ok(json.grants[0].remedy.length > 10);
    assert.match(await here('why', 'nobody@acme.example'), /No grant for nobody@acme\.example/);
  });

  test('why shows the tasks about a person from the audit log, also under an earlier address', async () => {
    const gid = (await rig.grant('alice'))?.status?.user?.gid ?? '';
    const task = (id: string, account: object, time: string, result = 'Succeeded') => ({
      audit: 'v1',
      time,
      kind: 'Change',
      id,
      action: 'AddToTeam',
      connector: { namespace: rig.namespace, name: 'acme' },
      requester: { type: 'Task', taskId: `task-${id}` },
      account,
      place: '1206000000000001',
      before: null,
      after: 'Member',
      result,
      reason: null,
      requestIds: [],
    });
    const lines = [
      task('one', { gid, email: 'alice@old.example' }, '2026-01-01T00:00:00.000Z', 'Unconfirmed'),
      task('one', { gid, email: 'alice@old.example' }, '2026-01-01T00:00:05.000Z'),
      task('two', { gid: '42', email: bob }, '2026-01-01T00:00:00.000Z'),
    ];
    const file = join(bin, 'audit.log');
    const log = [...rig.audit, '{"level":"info"}', ...lines.map((line) => JSON.stringify(line))];
    await writeFile(file, log.map((line) => `${line}\n`).join(''));
    const text = await here('why', alice, '--audit-log', file);
    assert.match(text, /alg\/alice|AsanaLicenseGrant/);
    assert.match(
      text,
      /Tasks of ConductorOne\n[^]*AddToTeam +1206000000000001 +– → Member +Succeeded.* task-one/,
    );
    assert.equal(text.match(/task-/g)?.length, 1, 'an action is shown once, and grants are not tasks');
    const json = JSON.parse(await here('why', alice, '-o', 'json')) as { tasks: unknown };
    assert.equal(json.tasks, null, 'no audit log was specified');
    assert.match(
      await here('why', carol, '--audit-log', file),
      /No task in the audit log is about this person/,
    );
  });

  test('why refers to --audit-log if a connector carries out tasks', async () => {
    await rig.createConnector(
      {
        provisioning: { mode: 'Plan' },
        suspend: true,
        conductorOne: { secretRef: { name: 'none' }, provision: true },
      },
      'served',
    );
    assert.match(
      await here('why', alice),
      /served carries out tasks of ConductorOne; it has received none yet\. To see the tasks about this person, specify the audit log with --audit-log/,
    );
  });

  test('sync --wait returns after the sync, and sync rejects an unknown connector', async () => {
    const before = (await rig.connector())?.status?.lastHandledReconcileAt;
    assert.match(await here('sync', 'acme', '--wait'), /acme: synced, Connected/);
    assert.notEqual((await rig.connector())?.status?.lastHandledReconcileAt, before);
    assert.match(
      (await asana('sync', 'other', '-n', rig.namespace)).stderr,
      /AsanaConnector other does not exist/,
    );
  });

  test('extend moves the end of a grant later, and rejects an earlier end', async () => {
    await here('extend', 'alice', '--until', '2100-01-01T00:00:00Z');
    assert.equal((await rig.grant('alice'))?.spec.expiresAt, '2100-01-01T00:00:00Z');
    const { code, stderr } = await asana(
      'extend',
      'alg/alice',
      '--until',
      '2099-06-01T00:00:00Z',
      '-n',
      rig.namespace,
    );
    assert.equal(code, 1);
    assert.match(stderr, /must be later than the current end/);
  });

  test('extend lengthens the duration of a grant that has one', async () => {
    const end = Date.parse((await rig.grant('bob'))?.status?.expiresAt ?? '');
    const later = new Date(end + 3_600_000).toISOString();
    await here('extend', 'alg/bob', '--until', later);
    await rig.until(
      'the end has moved',
      async () => Date.parse((await rig.grant('bob'))?.status?.expiresAt ?? '') === Date.parse(later),
    );
  });

  test('hold shows the held removals, and discard shows and discards them', async () => {
    for (const name of ['alice', 'bob', 'carol']) await rig.deleteGrant(name);
    const { token } = await rig.untilNamed(['alice', 'bob', 'carol']);
    const held = await here('hold');
    for (const email of [alice, bob, carol]) assert.ok(held.includes(email), held);
    assert.match(await here('status'), new RegExp(`TooManyRemovals.* ${token}`));
    const asked = await asana('discard', token ?? '', '-n', rig.namespace);
    assert.equal(asked.code, 1, 'nobody can be asked, so the hold is not answered');
    assert.match(asked.stderr, /-y/);
    assert.ok((await here('discard', token ?? '', '-y')).includes(alice));
    for (const name of ['alice', 'bob', 'carol']) await rig.untilGone(name);
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
    assert.match(await here('hold'), /No holds in this namespace/);
    assert.match(
      (await asana('acknowledge', 'no-token', '-n', rig.namespace)).stderr,
      /must be the token of a hold/,
    );
  });

  test('discard rejects the hold of a reading, and names the command that answers it', async () => {
    rig.sandbox.faults.add({
      match: { operation: 'scimListUsers', times: 0 },
      effect: { totalResultsBy: 1 },
    });
    for (let reading = 1; reading <= 3; reading += 1) {
      const incomplete = await asana('sync', 'acme', '--wait', '-n', rig.namespace);
      assert.equal(incomplete.code, 1);
      assert.match(incomplete.stderr, /SyncFailed: .*acme: SyncIncomplete: /);
    }
    const { token } = await rig.untilHeld('ListingShort');
    const { code, stderr } = await asana('discard', token, '-y', '-n', rig.namespace);
    assert.equal(code, 1);
    assert.ok(stderr.includes(`run kubectl asana acknowledge ${token}`), stderr);
    assert.notEqual((await rig.connector())?.metadata.annotations?.[DISCARD_ANNOTATION], token);
    assert.match(await here('hold'), new RegExp(`ListingShort .* ${token} +missing .*licenses: 1`));
    const stale = await asana('acknowledge', `${token}9`, '-y', '-n', rig.namespace);
    assert.equal(stale.code, 1);
    assert.ok(stale.stderr.includes(`run kubectl asana acknowledge ${token}`), stale.stderr);
    const answered = await here('acknowledge', token, '-y');
    assert.match(answered, /^ListingShort: Asana repeatedly announces 1 more entries/);
    assert.ok(answered.includes(`acknowledge ${token}`));
    await rig.untilNoHold();
    rig.sandbox.faults.clear();
  });

  test('annotations for answers and requests are managed by kubectl-asana, not by the operator', async () => {
    const { metadata } = (await rig.connector()) as unknown as {
      metadata: { managedFields: { manager: string; fieldsV1: object }[] };
    };
    for (const annotation of [ACKNOWLEDGE_ANNOTATION, REQUESTED_AT_ANNOTATION]) {
      const managers = metadata.managedFields.filter(({ fieldsV1 }) =>
        JSON.stringify(fieldsV1).includes(`"f:${annotation}"`),
      );
      assert.deepEqual(
        managers.map(({ manager }) => manager),
        ['kubectl-asana'],
      );
    }
  });

  test('doctor reports the token as ok, and the holder of the lease or what to check', async () => {
    const { code, stdout } = await asana('doctor', '-n', rig.namespace);
    assert.equal(code, 1);
    assert.match(stdout, /ok +token of Asana \(REST\)/);
    assert.match(stdout, /ok +SCIM/);
    assert.match(stdout, /ok +clock/);
    assert.match(stdout, /ok +your rights/);
    // Other tests run their own operators in this cluster.
    assert.match(
      stdout,
      /(bad +the operator: no operator holds the lease\n +→ |ok +the operator: \S+ leads)/,
    );
    assert.ok(!stdout.includes(SERVICE_ACCOUNT));
  });

  test('doctor reports a Secret that lacks the key, and says what to do', async () => {
    await rig.createSecret({ OTHER: 'x' }, 'empty');
    await rig.createConnector(
      {
        credentials: { type: 'ServiceAccount', secretRef: { name: 'empty' } },
        provisioning: { mode: 'Plan' },
      },
      'broken',
    );
    const { stdout } = await asana('doctor', '-n', rig.namespace, '-o', 'json');
    const sections = JSON.parse(stdout) as {
      title: string;
      findings: { state: string; found: string; remedy: string | null }[];
    }[];
    const broken = sections.find(({ title }) => title.endsWith('/broken'));
    assert.deepEqual(
      broken?.findings.map(({ state }) => state),
      ['bad'],
    );
    assert.match(broken?.findings[0]?.found ?? '', /has no key "BATON_TOKEN"/);
    assert.match(broken?.findings[0]?.remedy ?? '', /Store the token in the Secret under this key/);
  });

  test('a kubeconfig or a context that does not exist is rejected by name', async () => {
    assert.match((await asana('status', '--context', 'nowhere')).stderr, /has no context nowhere/);
    assert.match(
      (await asana('status', '--kubeconfig', '/nowhere')).stderr,
      /--kubeconfig: cannot read \/nowhere/,
    );
  });
});
