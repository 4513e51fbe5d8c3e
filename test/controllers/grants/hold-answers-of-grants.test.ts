import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AsanaConnectorStatus } from '../../../src/api/asana-connector.ts';
import { GrantRig } from './grant-rig.ts';

const LICENSE = 'AsanaLicenseGrant';
const ACCOUNT = 'AsanaAccount';
const CONNECTOR = 'AsanaConnector';
const MINUTE = 60_000;

/** Declares two absences, more than the connector's limit, so that both are held. */
async function openHeld(): Promise<GrantRig> {
  const rig = await GrantRig.open({
    removalDelay: '20s',
    maxRemovals: { percent: 0, atLeast: 1, window: '1h' },
  });
  for (const index of [1, 2])
    await rig.declare(ACCOUNT, `a${index}`, { email: rig.member(index, 'view only'), ensure: 'Absent' }, 500);
  await rig.pass(MINUTE);
  assert.equal(rig.see(ACCOUNT, 'a1').reason, 'RemovalsPaused');
  return rig;
}

function holdOf(rig: GrantRig): string | null {
  const { status } = rig.cluster.object(CONNECTOR, 'iga', 'acme') as { status?: AsanaConnectorStatus };
  return status?.holds?.[0]?.token ?? null;
}

function answer(rig: GrantRig, word: 'acknowledge' | 'discard'): Promise<void> {
  return rig.annotate(CONNECTOR, 'acme', word, holdOf(rig) ?? '', MINUTE);
}

suite('an answer to a hold', () => {
  test('that discards is recorded on a grant that a rule refuses meanwhile, and ends the hold', async () => {
    const rig = await openHeld();
    await rig.declare(LICENSE, 'g', { user: { email: rig.person(1).profile.email }, license: 'ViewOnly' });
    assert.equal(rig.see(ACCOUNT, 'a1').reason, 'StillDeclared');

    await answer(rig, 'discard');
    assert.equal(holdOf(rig), null);
    assert.equal(rig.see(ACCOUNT, 'a1').reason, 'StillDeclared', 'it still waits for the rule');

    await rig.remove(LICENSE, 'g', MINUTE);
    assert.equal(rig.see(ACCOUNT, 'a1').reason, 'RemovalDiscarded');
    assert.deepEqual(rig.changes, []);
    await rig.close();
  });

  test('that acknowledges is kept while a rule refuses the removal, and carried out once no rule does', async () => {
    const rig = await openHeld();
    await rig.declare(LICENSE, 'g', { user: { email: rig.person(1).profile.email }, license: 'ViewOnly' });
    await answer(rig, 'acknowledge');
    assert.equal(holdOf(rig), null);
    assert.equal(rig.see(ACCOUNT, 'a2').reason, 'Removed');
    assert.equal(rig.see(ACCOUNT, 'a1').reason, 'StillDeclared');

    await rig.remove(LICENSE, 'g', 2 * MINUTE);
    assert.equal(rig.see(ACCOUNT, 'a1').reason, 'Removed');
    await rig.close();
  });

  test('that discards releases a deleted grant although its removal cannot be carried out', async () => {
    const rig = await GrantRig.open({
      removalDelay: '20s',
      maxRemovals: { percent: 0, atLeast: 1, window: '1h' },
    });
    for (const index of [1, 2])
      await rig.declare(LICENSE, `g${index}`, { user: { email: rig.member(index, 'view only') } });
    for (const index of [1, 2]) await rig.remove(LICENSE, `g${index}`, 500);
    await rig.pass(MINUTE);
    await rig.connector(
      { removalDelay: '20s', maxRemovals: { percent: 0, atLeast: 1, window: '1h' } },
      { scim: { enabled: false } },
    );
    await rig.pass(MINUTE);
    assert.equal(rig.see(LICENSE, 'g1').reason, 'LicensesUnavailable');

    await answer(rig, 'discard');
    assert.equal(rig.exists(LICENSE, 'g1'), false);
    assert.equal(holdOf(rig), null);
    assert.deepEqual(
      rig.changes,
      ['scimPatchUser', 'scimPatchUser'],
      'both licenses were given, and none was revoked',
    );
    await rig.close();
  });
});

suite('an acknowledged removal', () => {
  for (const isGone of [false, true]) {
    const while_ = isGone ? 'the connector does not exist' : 'the connector exists';
    test(`is held again after an edit while ${while_}`, async () => {
      const policies = { removalDelay: '30m', maxRemovals: { percent: 0, atLeast: 1, window: '1h' } };
      const rig = await GrantRig.open(policies);
      for (const index of [1, 2]) {
        const spec = { email: rig.member(index, 'view only'), ensure: 'Absent' };
        await rig.declare(ACCOUNT, `a${index}`, spec, 500);
      }
      await rig.pass(MINUTE);
      await answer(rig, 'acknowledge');
      assert.equal(rig.see(ACCOUNT, 'a1').status.planned?.answer, 'Acknowledged');

      if (isGone) await rig.remove(CONNECTOR, 'acme');
      for (const index of [1, 2]) await rig.edit(ACCOUNT, `a${index}`, { spec: { reason: 'once more' } });
      assert.equal(rig.see(ACCOUNT, 'a1').status.planned?.answer, undefined);
      if (isGone) await rig.connector(policies);
      await rig.pass(45 * MINUTE);
      assert.equal(rig.see(ACCOUNT, 'a1').reason, 'RemovalsPaused');
      assert.deepEqual(rig.changes, []);
      await rig.close();
    });
  }
});

suite('an answer to a hold in mode Plan', () => {
  const policies = { removalDelay: '20s', maxRemovals: { percent: 0, atLeast: 1, window: '1h' } };
  for (const { word, reason, changes } of [
    { word: 'discard', reason: 'RemovalDiscarded', changes: [] },
    { word: 'acknowledge', reason: 'Removed', changes: ['scimPatchUser', 'scimPatchUser'] },
  ] as const) {
    test(`is recorded (${word}), and applied in mode Apply although the annotation was removed`, async () => {
      const rig = await openHeld();
      await rig.connector({ ...policies, mode: 'Plan' });
      await rig.pass(MINUTE);
      await answer(rig, word);
      assert.equal(holdOf(rig), null);
      await rig.annotate(CONNECTOR, 'acme', word, '', MINUTE);
      assert.deepEqual(rig.changes, []);

      await rig.connector(policies);
      await rig.pass(2 * MINUTE);
      assert.equal(rig.see(ACCOUNT, 'a1').reason, reason);
      assert.deepEqual(rig.changes, changes);
      await rig.close();
    });
  }
});

suite('the generation of a grant', () => {
  test('is observed within 5 s while a lookup waits after a 429, also if an annotation is set meanwhile', async () => {
    const rig = await GrantRig.open();
    rig.site.faults.add({ match: { times: 4 }, effect: { status: 429, retryAfter: 90 } });
    await rig.declare(ACCOUNT, 'a', { email: 'nobody@acme.example', ensure: 'Absent' }, 0);
    await rig.annotate(ACCOUNT, 'a', 'requestedAt', 'now', 5_000);
    assert.equal(rig.see(ACCOUNT, 'a').status.observedGeneration, 1);
    await rig.close();
  });
});
