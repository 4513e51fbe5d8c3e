import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { GrantObject } from '../../src/api/kinds.ts';
import { Teams } from './console.ts';
import { conditionOf, OperatorRig } from './rig.ts';

const alice = 'alice@acme.example';
const carol = 'carol@acme.example';

suite('grants with a start or an end', () => {
  let rig: OperatorRig;
  let teams: Teams;
  let design = '';
  before(async () => {
    rig = await OperatorRig.start('time', { membersPerTeam: 0 });
    teams = new Teams(rig.sandbox);
    design = await teams.create('Design guild');
    await rig.createSecret();
    await rig.createConnector({
      defaultWorkspace: rig.sandbox.workspace,
      provisioning: { allowDeprovision: true },
    });
    await rig.untilPhase('Connected');
    await rig.declareSomebodyWhoStays();
  });
  after(() => rig.close());

  const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
  const endIn = (grant: GrantObject) =>
    Date.parse(grant.status?.expiresAt ?? '') - Date.parse(grant.status?.applied?.at ?? '');

  test('are Scheduled before startsAt, without a finalizer or a write, and Granted afterwards', async () => {
    const writes = rig.writesInAsana().length;
    await rig.createGrant('later', alice, { startsAt: inMs(3_000) });
    const scheduled = await rig.untilReason('later', 'Scheduled');
    assert.equal(conditionOf(scheduled, 'Ready')?.status, 'True');
    assert.equal(scheduled.metadata.finalizers, undefined);
    assert.equal(rig.writesInAsana().length, writes);
    await rig.untilReason('later', 'Granted');
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
    await rig.deleteGrant('later');
    await rig.untilGone('later');
  });

  const kinds: readonly [ref: string, spec: Record<string, unknown>, has: () => Promise<boolean>][] = [
    ['short', { user: { email: alice } }, async () => (await rig.licenseInAsana(alice)) === 'enterprise'],
    [
      'atg/short',
      { user: { email: alice }, team: { name: 'Design guild' } },
      () => Promise.resolve(teams.has(alice, design)),
    ],
    [
      'aac/short',
      { email: 'short@acme.example', deletionPolicy: 'Revoke' },
      async () => (await rig.personInAsana('short@acme.example')).active,
    ],
  ];
  /** Holds every removal but an end at its declared time, which counts towards no limit. */
  const noRemovals = { maxRemovals: { percent: 0, atLeast: 0 }, maxDeprovisions: 0 };
  for (const [ref, spec, has] of kinds) {
    test(`end one duration after they were applied, even if no removal is allowed: ${ref}`, async () => {
      await rig.patchConnector({ spec: { provisioning: noRemovals } });
      await rig.declare(ref, { ...spec, duration: '3s' });
      const granted = await rig.untilReason(ref, 'Granted');
      assert.equal(await has(), true);
      assert.equal(endIn(granted), 3_000);
      const expired = await rig.untilReason(ref, 'Expired');
      assert.equal(await has(), false);
      assert.equal(conditionOf(expired, 'Expired')?.status, 'True');
      assert.equal(expired.status?.applied, undefined);
      assert.equal(expired.status?.expiresAt, granted.status?.expiresAt, 'the end is computed once');
      await rig.until(
        'the finalizer is gone',
        async () => ((await rig.grant(ref))?.metadata.finalizers ?? []).length === 0,
      );
    });
  }

  test('are extended by a longer duration, counted from the same start', async () => {
    await rig.createGrant('extended', carol, { duration: '5s' });
    await rig.untilReason('extended', 'Granted');
    await rig.patchGrant('extended', { spec: { duration: '1h' } });
    await rig.until('the end has moved', async () => {
      const grant = await rig.grant('extended');
      return grant !== null && endIn(grant) === 3_600_000;
    });
    assert.equal(conditionOf(await rig.grant('extended'), 'Ready')?.reason, 'Granted');
  });

  test('report once that they end soon, and not again after a restart of the operator', async () => {
    await rig.createGrant('soon', alice, { duration: '20s' });
    await rig.untilEvent('soon', 'ExpiresSoon');
    const told = (await rig.grant('soon'))?.status?.expiresSoonToldAt;
    assert.ok(told);
    await rig.stopOperator();
    await rig.startOperator();
    await rig.sync();
    assert.equal((await rig.grant('soon'))?.status?.expiresSoonToldAt, told);
    const about = (await rig.events()).filter(
      ({ reason, regarding }) => reason === 'ExpiresSoon' && regarding.name === 'soon',
    );
    assert.equal(about.length, 1);
    await rig.untilReason('soon', 'Expired');
  });

  test('stall with DurationTooLong if they do not end within maxDuration, and keep an applied right', async () => {
    await rig.patchConnector({ spec: { provisioning: { maxDuration: '2h' } } });
    await rig.untilReason('stays', 'DurationTooLong');
    assert.equal((await rig.grant('stays'))?.status?.applied?.license, 'Enterprise');
    const rows: readonly [ref: string, spec: Record<string, unknown>, because: string][] = [
      ['endless', {}, 'does not end'],
      ['long', { duration: '3h' }, 'lasts 3 h'],
      ['retained', { duration: '1h', deletionPolicy: 'Retain' }, 'Retain'],
    ];
    for (const [name, spec, because] of rows) {
      await rig.createGrant(name, alice, spec);
      const grant = await rig.untilReason(name, 'DurationTooLong');
      assert.match(conditionOf(grant, 'Stalled')?.message ?? '', new RegExp(because));
      await rig.deleteGrant(name);
      await rig.untilGone(name);
    }
    assert.equal(await rig.licenseInAsana(alice), 'view only');
    await rig.createGrant('allowed', alice, { duration: '1h' });
    await rig.untilReason('allowed', 'Granted');
  });

  test('give nothing if their end has passed before they were applied', async () => {
    const writes = rig.writesInAsana().length;
    await rig.createGrant('over', 'bob@acme.example', { license: 'ViewOnly', expiresAt: inMs(-60_000) });
    await rig.untilReason('over', 'Expired');
    assert.equal(rig.writesInAsana().length, writes);
  });
});
