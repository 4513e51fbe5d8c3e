import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { conditionOf, OperatorRig } from './rig.ts';

const alice = 'alice@acme.example';
const bob = 'bob@acme.example';
const carol = 'carol@acme.example';
const root = 'root@acme.example';

suite('the deletion of grants, connectors and namespaces', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('from-above');
    await rig.createSecret();
    await rig.createConnector();
    await rig.untilPhase('Connected');
    await rig.declareSomebodyWhoStays();
  });
  after(() => rig.close());

  test('a deleted grant with the annotation abandon is released without an action', async () => {
    await rig.createGrant('abandoned', alice);
    await rig.untilReason('abandoned', 'Granted');
    await rig.patchGrant('abandoned', {
      metadata: { annotations: { 'asana-connector.dev/abandon': 'true' } },
    });
    await rig.deleteGrant('abandoned');
    await rig.untilGone('abandoned');
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
    assert.ok(rig.audit.some((line) => line.includes('"kind":"Release"') && line.includes('Abandoned')));
  });

  test('a deleted grant waits while its connector is suspended, and is revoked afterwards', async () => {
    await rig.createGrant('waiting', alice);
    await rig.untilReason('waiting', 'Granted');
    await rig.patchConnector({ spec: { suspend: true } });
    await rig.untilPhase('Suspended');
    await rig.deleteGrant('waiting');
    await rig.untilReason('waiting', 'Suspended');
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
    await rig.patchConnector({ spec: { suspend: false } });
    await rig.untilGone('waiting');
    assert.equal(await rig.licenseInAsana(alice), 'view only');
  });

  test('deleting the connector revokes nothing, and a live grant keeps what it has applied', async () => {
    await rig.createGrant('orphan', alice);
    await rig.untilReason('orphan', 'Granted');
    await rig.deleteConnector();
    const orphan = await rig.untilReason('orphan', 'ConnectorNotFound');
    assert.equal(orphan.status?.applied?.license, 'Enterprise');
    assert.deepEqual(orphan.metadata.finalizers, ['asana-connector.dev/revoke']);
    await rig.deleteGrant('orphan');
    await rig.untilGone('orphan');
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
  });

  test('deleting the namespace revokes nothing, and its grant is released', async () => {
    await rig.createConnector();
    await rig.untilPhase('Connected');
    await rig.createGrant('alice', alice);
    await rig.untilReason('alice', 'Granted');
    await rig.deleteNamespace();
    await rig.untilGone('alice');
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
  });
});

suite('protected accounts', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('protected');
    await rig.createSecret();
    await rig.createConnector({ provisioning: { mode: 'Apply', removalDelay: '0s', protectedUsers: [bob] } });
    await rig.untilPhase('Connected');
  });
  after(() => rig.close());

  test('a protected user keeps the license, and the deleted grant is released with a Warning', async () => {
    await rig.createGrant('bob', bob);
    await rig.untilReason('bob', 'Granted');
    await rig.deleteGrant('bob');
    await rig.untilGone('bob');
    assert.equal(await rig.licenseInAsana(bob), 'enterprise');
    assert.match((await rig.untilEvent('bob', 'Released', 'Warning')).note, /protected/);
  });

  test('an Asana admin is not downgraded', async () => {
    await rig.createGrant('root', root, { license: 'ViewOnly' });
    const grant = await rig.untilReason('root', 'ProtectedUser');
    assert.match(conditionOf(grant, 'Ready')?.message ?? '', /admin/);
    assert.equal(await rig.licenseInAsana(root), 'enterprise');
  });
});

suite('deprovisioning', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('deprovision');
    await rig.createSecret();
    await rig.createConnector({
      defaultWorkspace: rig.sandbox.workspace,
      provisioning: { allowDeprovision: false },
    });
    await rig.untilPhase('Connected');
    await rig.declareSomebodyWhoStays();
  });
  after(() => rig.close());

  const created = async (name: string): Promise<string> => {
    const email = `${name}@acme.example`;
    await rig.createGrant(name, email, { license: 'ViewOnly', onMissingAccount: 'Create' });
    await rig.untilReason(name, 'Granted');
    return email;
  };

  test('does not happen without allowDeprovision: a created account is released with a Warning', async () => {
    const email = await created('erin');
    await rig.deleteGrant('erin');
    await rig.untilGone('erin');
    assert.equal((await rig.personInAsana(email)).active, true);
    const { note } = await rig.untilEvent('erin', 'Released', 'Warning');
    assert.match(note, /allowDeprovision/);
  });

  test('happens to an account that the grant created if allowDeprovision is set', async () => {
    const email = await created('frank');
    await rig.patchConnector({ spec: { provisioning: { allowDeprovision: true } } });
    await rig.deleteGrant('frank');
    await rig.untilGone('frank');
    assert.equal((await rig.personInAsana(email)).active, false);
  });

  test('does not happen to an existing account that the grant downgraded', async () => {
    await rig.createGrant('bob', bob, { license: 'ViewOnly' });
    await rig.untilReason('bob', 'Granted');
    assert.equal(await rig.licenseInAsana(bob), 'view only');
    await rig.deleteGrant('bob');
    await rig.untilGone('bob');
    assert.equal((await rig.personInAsana(bob)).active, true);
  });

  test('does not happen to an existing account whose view-only license was adopted', async () => {
    await rig.createGrant('alice', alice, { license: 'ViewOnly' });
    const grant = await rig.untilReason('alice', 'Granted');
    assert.equal(grant.status?.applied?.adopted, true);
    await rig.deleteGrant('alice');
    await rig.untilGone('alice');
    assert.equal((await rig.personInAsana(alice)).active, true);
  });
});

suite('many removals at once', () => {
  let rig: OperatorRig;
  const people: string[] = [];
  before(async () => {
    rig = await OperatorRig.start('holds', { accounts: 60 });
    people.push(...(await rig.enterpriseMembers(8)));
    await rig.createSecret();
    await rig.createConnector({
      provisioning: {
        mode: 'Apply',
        removalDelay: '3s',
        maxRemovals: { percent: 0, atLeast: 3, window: '1h' },
      },
    });
    await rig.untilPhase('Connected');
    for (const [i, email] of people.entries()) await rig.createGrant(`grant-${i}`, email);
    for (const i of people.keys()) await rig.untilReason(`grant-${i}`, 'Granted');
  });
  after(() => rig.close());

  const enterprise = async () => {
    const held = await Promise.all(people.map((email) => rig.licenseInAsana(email)));
    return held.filter((license) => license === 'enterprise').length;
  };

  test('are all held above the limit, while new grants are still applied', async () => {
    await Promise.all([0, 1, 2, 3, 4, 5].map((i) => rig.deleteGrant(`grant-${i}`)));
    for (const i of [0, 1, 2, 3, 4, 5]) await rig.untilReason(`grant-${i}`, 'RemovalsPaused');
    const connector = await rig.untilPhase('Degraded');
    assert.equal(conditionOf(connector, 'RemovalsPaused')?.reason, 'TooManyRemovals');
    const hold = await rig.untilHeld('TooManyRemovals', 6);
    assert.deepEqual([hold.count, hold.people, hold.pending?.length], [6, 6, 6]);
    assert.equal(connector.status?.holds?.length, 1);
    assert.equal(await enterprise(), 8);
    await rig.createGrant('new', alice);
    await rig.untilReason('new', 'Granted');
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
  });

  test('stay held across a restart', async () => {
    const { token } = await rig.untilHeld('TooManyRemovals', 6);
    await rig.stopOperator();
    await rig.startOperator();
    await rig.sync();
    assert.equal((await rig.untilHeld('TooManyRemovals', 6)).token, token);
    assert.equal(await enterprise(), 8);
  });

  test('are not carried out by an acknowledgement with an unknown token', async () => {
    await rig.answer('acknowledge', 'nosuchhold.1');
    await rig.until('the event UnknownHold is recorded', async () =>
      (await rig.events()).some(({ reason }) => reason === 'UnknownHold'),
    );
    assert.equal(await enterprise(), 8);
  });

  test('are carried out once the hold is acknowledged, and not again after a restart', async () => {
    const { id, token } = await rig.untilNamed([0, 1, 2, 3, 4, 5].map((i) => `grant-${i}`));
    const held = await Promise.all([0, 1, 2, 3, 4, 5].map((i) => rig.grant(`grant-${i}`)));
    assert.ok(
      held.every((grant) => grant?.status?.planned?.hold?.startsWith(`${id}.`)),
      'each grant shows with which change it joined the hold',
    );
    await rig.answer('acknowledge', token);
    await rig.until(
      'all six licenses are revoked',
      async () => (await enterprise()) === 2,
      () => rig.logs.slice(-12).join(''),
    );
    await rig.untilNoHold();
    const writes = rig.writesInAsana().length;
    await rig.stopOperator();
    await rig.startOperator();
    await rig.sync();
    assert.equal(rig.writesInAsana().length, writes);
    assert.equal(await enterprise(), 2);
  });
});

suite('the limit on enterprise licenses', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('limit');
    await rig.createSecret();
    await rig.createConnector();
    const { counts } = (await rig.untilPhase('Connected')).status ?? {};
    const held = counts?.enterpriseLicenses ?? 0;
    await rig.patchConnector({ spec: { provisioning: { maxEnterpriseLicenses: held + 1 } } });
    await rig.declareSomebodyWhoStays();
  });
  after(() => rig.close());

  test('makes a grant wait until another grant returns its license', async () => {
    await rig.createGrant('first', alice);
    await rig.untilReason('first', 'Granted');
    await rig.createGrant('second', carol);
    await rig.untilReason('second', 'LicenseLimitReached');
    await rig.deleteGrant('first');
    await rig.untilReason('second', 'Granted');
    assert.equal(await rig.licenseInAsana(carol), 'enterprise');
  });

  test('counts an upgrade that Asana accepted and does not show yet', async () => {
    await rig.deleteGrant('second');
    await rig.untilGone('second');
    rig.sandbox.faults.add({
      match: { operation: 'scimPatchUser', times: 1 },
      effect: { ignoreWrite: true },
    });
    await rig.createGrant('unseen', alice);
    await rig.until('the upgrade was sent', async () => {
      const grant = await rig.grant('unseen');
      return /does not show it yet/.test(conditionOf(grant, 'Ready')?.message ?? '');
    });
    await rig.createGrant('other', carol);
    await rig.untilReason('other', 'LicenseLimitReached');
    assert.equal(await rig.licenseInAsana(carol), 'view only');
  });
});

suite('a directory that suddenly shrinks', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('shrunk', { accounts: 60 });
    await rig.createSecret();
    await rig.createConnector();
    await rig.untilPhase('Connected');
    await rig.createGrant('alice', alice);
    await rig.untilReason('alice', 'Granted');
    await rig.removeMembers(20, { besides: [alice] });
    await rig.sync();
  });
  after(() => rig.close());

  test('holds removals, and a second reading of the same size does not end the hold', async () => {
    const connector = await rig.untilPhase('Degraded');
    assert.equal(conditionOf(connector, 'RemovalsPaused')?.reason, 'DirectoryShrunk');
    await rig.deleteGrant('alice');
    await rig.untilReason('alice', 'RemovalsPaused');
    await rig.sync();
    await rig.untilHeld('DirectoryShrunk');
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
  });

  test('is accepted once the hold is acknowledged, and the pending removal is carried out', async () => {
    const { token } = await rig.untilHeld('DirectoryShrunk');
    await rig.answer('acknowledge', token);
    await rig.untilGone('alice');
    assert.equal(await rig.licenseInAsana(alice), 'view only');
    await rig.untilPhase('Connected');
  });
});

suite('actions during failures and changes of the leader', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('fence');
    await rig.createSecret();
    await rig.createConnector();
    await rig.untilPhase('Connected');
  });
  after(() => rig.close());

  test('a process that no longer leads sends no write', async () => {
    rig.leadership.leads = false;
    await rig.createGrant('alice', alice);
    await rig.until('the action was fenced', async () => rig.logs.some((line) => line.includes('"Fenced"')));
    assert.deepEqual(rig.writesInAsana(), []);
    rig.leadership.leads = true;
    await rig.untilReason('alice', 'Granted');
  });

  test('a new leader removes nothing while an action of the previous leader may still be in progress', async () => {
    rig.leadership.takenOver = true;
    rig.leadership.leadingForMs = 0;
    await rig.deleteGrant('alice');
    const grant = await rig.untilReason('alice', 'RemovalPending');
    assert.match(conditionOf(grant, 'Ready')?.message ?? '', /previous leader/);
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
    rig.leadership.takenOver = false;
    await rig.patchGrant('alice', { metadata: { annotations: { 'asana-connector.dev/requestedAt': '1' } } });
    await rig.untilGone('alice');
  });

  test('a change that Asana accepts and does not show stays Progressing', async () => {
    rig.sandbox.faults.add({
      match: { operation: 'scimPatchUser', times: 1 },
      effect: { ignoreWrite: true },
    });
    await rig.createGrant('ignored', alice);
    await rig.until('the change is looked for again', async () => {
      const grant = await rig.grant('ignored');
      return (
        conditionOf(grant, 'Ready')?.reason === 'Progressing' &&
        /does not show it yet/.test(conditionOf(grant, 'Ready')?.message ?? '')
      );
    });
    assert.equal((await rig.grant('ignored'))?.status?.lastAction?.result, 'Pending');
    await rig.changeInConsole(alice, { license: 'enterprise' });
    await rig.untilReason('ignored', 'Granted');
  });

  test('an upgrade that shows only after its grant was deleted is revoked', async () => {
    await rig.deleteGrant('ignored');
    await rig.untilGone('ignored');
    rig.sandbox.faults.add({
      match: { operation: 'scimPatchUser', times: 1 },
      effect: { ignoreWrite: true },
    });
    await rig.createGrant('late', alice);
    await rig.until('the change was sent', async () => {
      const grant = await rig.grant('late');
      return /does not show it yet/.test(conditionOf(grant, 'Ready')?.message ?? '');
    });
    await rig.deleteGrant('late');
    await rig.until('the deleted grant waits for its upgrade', async () => {
      const grant = await rig.grant('late');
      return /sent before this grant ended/.test(conditionOf(grant, 'Ready')?.message ?? '');
    });
    await rig.changeInConsole(alice, { license: 'enterprise' });
    await rig.untilGone('late');
    assert.equal(await rig.licenseInAsana(alice), 'view only');
  });

  test('an upgrade whose response is lost is sent again until Asana answers', async () => {
    const from = rig.sandbox.requests.last;
    rig.sandbox.faults.add({
      match: { operation: 'scimPatchUser', times: 3 },
      effect: { loseResponse: true },
    });
    await rig.createGrant('lost', alice);
    await rig.untilReason('lost', 'Granted');
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
    const sent = rig.sandbox.requests.since(from).filter(({ operation }) => operation === 'scimPatchUser');
    assert.equal(sent.length, 4);
    rig.sandbox.faults.clear();
  });

  test('a restart with nothing to do writes no status', async () => {
    await rig.until(
      'counts have settled',
      async () => (await rig.connector())?.status?.counts?.grantsReady === 1,
    );
    const settled = (await rig.grant('lost'))?.status;
    await rig.sync();
    assert.deepEqual(
      (await rig.grant('lost'))?.status,
      settled,
      'a sync that finds nothing new writes nothing',
    );
    await rig.stopOperator();
    const before = (await rig.grant('lost'))?.metadata.resourceVersion;
    await rig.startOperator();
    await rig.until(
      'the new process has synced',
      async () => rig.logs.filter((line) => line.includes('sync begins')).length > 1,
    );
    await rig.sync();
    assert.equal((await rig.grant('lost'))?.metadata.resourceVersion, before);
  });
});
