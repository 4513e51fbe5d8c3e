import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { conditionOf, OperatorRig } from './rig.ts';

suite('the answer to a hold', () => {
  let rig: OperatorRig;
  let people: string[] = [];
  before(async () => {
    rig = await OperatorRig.start('hold-answers', { accounts: 120 });
    people = await rig.enterpriseMembers(12);
    await rig.createSecret();
    await rig.createConnector({
      provisioning: { removalDelay: '1s', maxRemovals: { percent: 0, atLeast: 2, window: '1m' } },
    });
    await rig.untilPhase('Connected');
  });
  after(() => rig.close());

  const ref = (i: number) => `grant-${i}`;
  const declare = async (ids: readonly number[]) => {
    for (const i of ids) await rig.createGrant(ref(i), people[i] ?? '');
    for (const i of ids) await rig.untilReason(ref(i), 'Granted');
  };
  const holders = async (ids: readonly number[]) => {
    const licenses = await Promise.all(ids.map((i) => rig.licenseInAsana(people[i] ?? '')));
    return ids.filter((_, i) => licenses[i] === 'enterprise');
  };
  const heldAs = async (i: number) => (await rig.grant(ref(i)))?.status?.planned?.hold;

  test('a discard releases exactly the removals that its token covers, and later ones stay held', async () => {
    await declare([0, 1, 2, 3, 4, 5, 6, 7]);
    await Promise.all([0, 1, 2].map((i) => rig.deleteGrant(ref(i))));
    const first = await rig.untilNamed([0, 1, 2].map(ref));
    await rig.deleteGrant(ref(3));
    const second = await rig.untilNamed([0, 1, 2, 3].map(ref));
    assert.equal(second.id, first.id, 'the later removal joins the same hold');
    assert.notEqual(second.token, first.token, 'the later removal has its own token');
    await rig.answer('discard', first.token);
    for (const i of [0, 1, 2]) await rig.untilGone(ref(i));
    assert.deepEqual(await holders([0, 1, 2, 3]), [0, 1, 2, 3], 'no license was revoked');
    const left = await rig.grant(ref(3));
    assert.equal(conditionOf(left, 'Ready')?.reason, 'RemovalsPaused');
    await rig.until('only what joined later is in the hold', async () => {
      const [hold] = (await rig.connector())?.status?.holds ?? [];
      return hold?.count === 1;
    });
  });

  test('the rest of a hold survives a restart, although it is below the limit', async () => {
    const before = await heldAs(3);
    await rig.stopOperator();
    await rig.startOperator();
    await rig.sync();
    assert.equal(await heldAs(3), before);
    assert.equal((await rig.untilHeld('TooManyRemovals')).count, 1);
    assert.deepEqual(await holders([3]), [3]);
  });

  test('an acknowledgement with an old token does not cover removals that joined later', async () => {
    const { id } = await rig.untilHeld('TooManyRemovals');
    const [, joined] = (await heldAs(3))?.split('.') ?? [];
    await rig.answer('acknowledge', `${id}.${Number(joined) - 1}`);
    await rig.sync();
    assert.deepEqual(await holders([3]), [3]);
    assert.equal(conditionOf(await rig.grant(ref(3)), 'Ready')?.reason, 'RemovalsPaused');
  });

  test('an acknowledgement carries out the removals that its token covers, and the hold ends', async () => {
    const { token } = await rig.untilNamed([ref(3)]);
    await rig.answer('acknowledge', token);
    await rig.untilGone(ref(3));
    assert.deepEqual(await holders([3]), []);
    await rig.untilNoHold();
  });

  test('a discarded removal leaves a live grant with RemovalDiscarded until it is edited', async () => {
    const ids = [4, 5, 6] as const;
    for (const i of ids) await rig.patchGrant(ref(i), { spec: { license: 'ViewOnly' } });
    const { token } = await rig.untilNamed(ids.map(ref));
    await rig.answer('discard', token);
    for (const i of ids) await rig.untilReason(ref(i), 'RemovalDiscarded');
    assert.deepEqual(await holders(ids), [...ids]);
    await rig.untilNoHold();
    await rig.patchGrant(ref(4), { spec: { license: 'Enterprise' } });
    await rig.untilReason(ref(4), 'Granted');
  });

  test('removals that are no longer declared leave the hold, and an empty hold ends by itself', async () => {
    await declare([8, 9, 10]);
    for (const i of [8, 9, 10]) await rig.patchGrant(ref(i), { spec: { license: 'ViewOnly' } });
    await rig.untilHeld('TooManyRemovals', 3);
    for (const i of [8, 9, 10]) await rig.patchGrant(ref(i), { spec: { license: 'Enterprise' } });
    await rig.untilNoHold();
    for (const i of [8, 9, 10]) await rig.untilReason(ref(i), 'Granted');
    assert.deepEqual(await holders([8, 9, 10]), [8, 9, 10]);
  });

  test('a held removal stays held under a new number if its grant is then deleted', async () => {
    for (const i of [8, 9, 10]) await rig.patchGrant(ref(i), { spec: { license: 'ViewOnly' } });
    await rig.untilNamed([8, 9, 10].map(ref));
    const before = await heldAs(8);
    await rig.deleteGrant(ref(8));
    await rig.until('the removal has joined the hold again', async () => {
      const now = await heldAs(8);
      return now !== undefined && now !== before;
    });
    assert.deepEqual(await holders([8]), [8]);
    await rig.answer('acknowledge', (await rig.untilNamed([8, 9, 10].map(ref))).token);
    await rig.untilGone(ref(8));
    await rig.untilReason(ref(9), 'Granted');
    assert.deepEqual(await holders([8, 9, 10]), []);
  });

  test('an acknowledgement in mode Plan is carried out once the connector is in mode Apply again', async () => {
    const ids = [0, 1, 2] as const;
    await declare(ids);
    for (const i of ids) await rig.patchGrant(ref(i), { spec: { license: 'ViewOnly' } });
    const { token } = await rig.untilNamed(ids.map(ref));
    await rig.patchConnector({ spec: { provisioning: { mode: 'Plan' } } });
    await rig.sync();
    await rig.answer('acknowledge', token);
    await rig.sync();
    assert.deepEqual(await holders(ids), [...ids]);
    assert.ok(await heldAs(0), 'the removal is still held');
    await rig.patchConnector({ spec: { provisioning: { mode: 'Apply' } } });
    for (const i of ids) await rig.untilReason(ref(i), 'Granted');
    assert.deepEqual(await holders(ids), []);
    await rig.untilNoHold();
  });
});

suite('grants that are declared again after a discard', () => {
  let rig: OperatorRig;
  let people: string[] = [];
  before(async () => {
    rig = await OperatorRig.start('hold-again', { accounts: 60 });
    people = await rig.enterpriseMembers(3);
    await rig.createSecret();
    await rig.createConnector({
      provisioning: { removalDelay: '2s', maxRemovals: { percent: 0, atLeast: 2, window: '1h' } },
    });
    await rig.untilPhase('Connected');
    await rig.declareSomebodyWhoStays();
  });
  after(() => rig.close());

  const refs = [0, 1, 2].map((i) => `grant-${i}`);
  const declare = async () => {
    for (const [i, email] of people.entries()) await rig.createGrant(`grant-${i}`, email);
    for (const ref of refs) await rig.untilReason(ref, 'Granted');
  };
  const holders = async () => {
    const licenses = await Promise.all(people.map((email) => rig.licenseInAsana(email)));
    return licenses.filter((license) => license === 'enterprise').length;
  };

  test('are held by a new hold when they are deleted again', async () => {
    const ids: string[] = [];
    for (const word of ['discard', 'acknowledge'] as const) {
      await declare();
      for (const ref of refs) await rig.deleteGrant(ref);
      const { id, token } = await rig.untilNamed(refs);
      ids.push(id);
      assert.equal(await holders(), 3);
      await rig.answer(word, token);
      for (const ref of refs) await rig.untilGone(ref);
      await rig.untilNoHold();
      assert.equal(await holders(), word === 'discard' ? 3 : 0);
    }
    assert.equal(new Set(ids).size, 2);
  });
});

suite('the number of removals', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('hold-people');
    await rig.createSecret();
    await rig.createConnector({
      provisioning: { maxRemovals: { percent: 0, atLeast: 1, window: '1h' } },
    });
    await rig.untilPhase('Connected');
    await rig.declareSomebodyWhoStays();
  });
  after(() => rig.close());

  test('counts a person who loses three rights once, which begins no hold', async () => {
    const user = { email: 'bob@acme.example' };
    await rig.declare('bob', { user });
    const teams = [...rig.sandbox.state.organization.teams].slice(0, 2);
    for (const [i, { gid }] of teams.entries()) await rig.declare(`atg/bob-${i}`, { user, team: { gid } });
    const refs = ['bob', ...teams.map((_, i) => `atg/bob-${i}`)];
    for (const ref of refs) await rig.untilReason(ref, 'Granted');
    await Promise.all(refs.map((ref) => rig.deleteGrant(ref)));
    for (const ref of refs) await rig.untilGone(ref);
    assert.equal((await rig.connector())?.status?.holds, undefined);
    assert.equal((await rig.connector())?.status?.removals?.done, 1);
  });

  test('exceeds a limit of one with a second person in the same window', async () => {
    await rig.createGrant('alice', 'alice@acme.example');
    await rig.untilReason('alice', 'Granted');
    await rig.deleteGrant('alice');
    await rig.untilReason('alice', 'RemovalsPaused');
    assert.equal((await rig.untilHeld('TooManyRemovals')).people, 1);
  });
});

suite('two holds at the same time', () => {
  let rig: OperatorRig;
  let people: string[] = [];
  before(async () => {
    rig = await OperatorRig.start('hold-two', { accounts: 60 });
    people = await rig.enterpriseMembers(5);
    await rig.createSecret();
    await rig.createConnector({
      provisioning: { maxRemovals: { percent: 0, atLeast: 2, window: '1h' } },
    });
    await rig.untilPhase('Connected');
    for (const [i, email] of people.entries()) await rig.createGrant(`grant-${i}`, email);
    for (const i of people.keys()) await rig.untilReason(`grant-${i}`, 'Granted');
  });
  after(() => rig.close());

  const enterprise = async () => {
    const licenses = await Promise.all(people.map((email) => rig.licenseInAsana(email)));
    return licenses.filter((license) => license === 'enterprise').length;
  };

  test('are independent: the end of one carries out no removal of the other', async () => {
    await Promise.all([0, 1, 2].map((i) => rig.deleteGrant(`grant-${i}`)));
    for (const i of [0, 1, 2]) await rig.untilReason(`grant-${i}`, 'RemovalsPaused');
    await rig.removeMembers(20, { besides: people });
    await rig.sync();
    const shrunk = await rig.untilHeld('DirectoryShrunk');
    const many = await rig.untilHeld('TooManyRemovals', 3);
    assert.notEqual(shrunk.id, many.id);
    await rig.answer('acknowledge', shrunk.token);
    await rig.until(
      'only the hold over the removals is left',
      async () => (await rig.connector())?.status?.holds?.length === 1,
    );
    await rig.sync();
    assert.equal((await rig.untilHeld('TooManyRemovals', 3)).id, many.id);
    assert.equal(await enterprise(), 5);
    await rig.answer('acknowledge', many.token);
    await rig.until('the three licenses are revoked', async () => (await enterprise()) === 2);
    await rig.untilNoHold();
  });
});
