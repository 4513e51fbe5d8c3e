import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { RemovalDesk, type Verdict } from '../../src/controllers/removal-desk.ts';
import {
  emptyLedger,
  type RemovalDemand,
  type RemovalLimits,
  removalLimit,
} from '../../src/provisioning/removal-ledger.ts';

const HOUR = 3_600_000;
const limits: RemovalLimits = { percent: 10, atLeast: 2, windowMs: HOUR, maxDeprovisions: 1 };

/** A desk whose holds have the tokens t1, t2, …, and the grants that stand before it. */
class Hall {
  readonly desk: RemovalDesk;
  now = 0;
  applied = 10;
  #tokens = 0;

  constructor(desk = new RemovalDesk(emptyLedger)) {
    this.desk = desk;
  }

  ask(id: string, changes: Partial<RemovalDemand> = {}): Verdict {
    return this.desk.ask(
      demand(id, changes),
      limits,
      this.applied,
      this.now,
      () => `t${(this.#tokens += 1)}`,
    );
  }

  /** Asks, and if it may, does it: as the operator does it in one go. */
  carryOut(id: string, changes: Partial<RemovalDemand> = {}): Verdict {
    const verdict = this.ask(id, changes);
    if (verdict.kind === 'Free') this.desk.reserve(demand(id, changes));
    return verdict;
  }
}

function demand(id: string, changes: Partial<RemovalDemand> = {}): RemovalDemand {
  return {
    id,
    who: id,
    what: 'RevokeEnterprise',
    deprovision: false,
    held: null,
    acknowledged: false,
    ...changes,
  };
}

const FREE: Verdict = { kind: 'Free' };
const held = (token: string, frozen = true): Verdict => ({ kind: 'Held', token, frozen });
const acknowledged = { acknowledged: true };

suite('a removal desk', () => {
  test('lets removals go up to the limit, and holds all that are pending above it', () => {
    const hall = new Hall();
    assert.deepEqual([hall.ask('a'), hall.ask('b')], [FREE, FREE]);
    assert.deepEqual([hall.ask('c'), hall.ask('a'), hall.ask('b')], [held('t1'), held('t1'), held('t1')]);
    assert.equal(hall.desk.ledger.hold?.count, 3);
  });

  test('asking again for the same grant is one demand', () => {
    const hall = new Hall();
    for (let times = 0; times < 10; times += 1) assert.deepEqual(hall.ask('a'), FREE);
    assert.equal(hall.desk.pending, 1);
  });

  test('a removal that is wanted no more counts no more', () => {
    const hall = new Hall();
    hall.ask('a');
    hall.ask('b');
    hall.desk.drop('a');
    assert.deepEqual(hall.ask('c'), FREE);
  });

  test('what joins a hold later is held and not frozen', () => {
    const hall = new Hall();
    for (const id of ['a', 'b', 'c']) hall.ask(id);
    assert.deepEqual(hall.ask('d'), held('t1', false));
    assert.equal(hall.desk.ledger.hold?.count, 3);
  });

  test('an acknowledged hold lets its own set go, all of it, and counts none of it as done', () => {
    const hall = new Hall();
    for (const id of ['a', 'b', 'c']) hall.ask(id);
    assert.equal(hall.desk.end('t1'), true);
    for (const id of ['a', 'b', 'c']) assert.deepEqual(hall.carryOut(id, acknowledged), FREE);
    assert.equal(hall.desk.ledger.window?.done, 0);
  });

  test('what joined later forms the next hold, if it is too many by itself', () => {
    const hall = new Hall();
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) hall.ask(id);
    hall.desk.end('t1');
    assert.deepEqual([hall.ask('d'), hall.ask('e')], [held('t2'), held('t2')]);
    assert.deepEqual(hall.ask('a', acknowledged), FREE);
  });

  test('lets the set of a hold go after a restart too, once a person has acknowledged it', () => {
    const first = new Hall();
    for (const id of ['a', 'b', 'c']) first.ask(id);
    const second = new Hall(new RemovalDesk(first.desk.ledger));
    const marked = { held: 't1' };
    for (const id of ['a', 'b', 'c']) assert.deepEqual(second.ask(id, marked), held('t1'));
    assert.deepEqual(second.ask('d'), held('t1', false), 'what joined later is none of it');
    second.desk.end('t1');
    for (const id of ['a', 'b', 'c'])
      assert.deepEqual(second.carryOut(id, { ...marked, ...acknowledged }), FREE, id);
    assert.equal(second.desk.ledger.hold, null);
  });

  test('says of what is booked already whether a later hold stops it, and asks nothing for it', () => {
    const hall = new Hall();
    hall.carryOut('a');
    assert.deepEqual(hall.desk.verdictOn(demand('a')), FREE);
    for (const id of ['b', 'c']) hall.ask(id);
    assert.deepEqual(hall.desk.verdictOn(demand('a')), held('t1', false));
    assert.deepEqual(hall.desk.verdictOn(demand('a', acknowledged)), FREE);
    assert.equal(hall.desk.pending, 2);
  });

  test('what joined later goes ahead if it is not, even before the acknowledged ones ask again', () => {
    const hall = new Hall();
    for (const id of ['a', 'b', 'c', 'd']) hall.ask(id);
    hall.desk.end('t1');
    assert.deepEqual(hall.ask('d'), FREE);
  });

  test('is not ended by an old or unknown token', () => {
    const hall = new Hall();
    for (const id of ['a', 'b', 'c']) hall.ask(id);
    assert.equal(hall.desk.end('t0'), false);
    assert.deepEqual(hall.ask('a'), held('t1'));
  });

  test('the end of a window does not end a hold', () => {
    const hall = new Hall();
    for (const id of ['a', 'b', 'c']) hall.ask(id);
    hall.now = 5 * HOUR;
    assert.deepEqual(hall.ask('a'), held('t1'));
  });

  test('deprovisions have a limit of their own', () => {
    const hall = new Hall();
    assert.deepEqual(hall.ask('a', { deprovision: true }), FREE);
    assert.deepEqual(hall.ask('b', { deprovision: true }), held('t1'));
  });
});

suite('a hold over a doubtful directory', () => {
  const doubtful = { reason: 'DirectoryShrunk' as const, since: 0, token: 'shrunk', count: 9, pending: [] };

  test('comes before one over too many removals, whose set is not accepted with it', () => {
    const hall = new Hall();
    for (const id of ['a', 'b', 'c']) hall.ask(id);
    hall.desk.hold(doubtful);
    assert.deepEqual(hall.ask('a'), held('shrunk', false));
    hall.desk.end('shrunk');
    assert.deepEqual(hall.ask('a'), held('t2'));
  });

  test('is not replaced by another of its kind', () => {
    const hall = new Hall();
    hall.desk.hold(doubtful);
    hall.desk.hold({ ...doubtful, token: 'other' });
    assert.equal(hall.desk.ledger.hold?.token, 'shrunk');
  });

  test('ends with a whole reading, which does not end one over too many removals', () => {
    const hall = new Hall();
    hall.desk.hold(doubtful);
    hall.desk.endSuspicion();
    assert.deepEqual(hall.desk.ledger, emptyLedger);
    for (const id of ['a', 'b', 'c']) hall.ask(id);
    hall.desk.endSuspicion();
    assert.equal(hall.desk.ledger.hold?.token, 't1');
  });
});

type Step =
  | { readonly kind: 'Ask' | 'CarryOut' | 'Drop'; readonly id: string; readonly deprovision: boolean }
  | { readonly kind: 'Wait'; readonly ms: number }
  | { readonly kind: 'Acknowledge' | 'Discard' };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom<'Ask' | 'CarryOut' | 'Drop'>('Ask', 'CarryOut', 'CarryOut', 'Drop'),
      id: fc.integer({ min: 0, max: 12 }).map((number) => `g${number}`),
      deprovision: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: HOUR }).map((ms) => ({ kind: 'Wait' as const, ms })) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'Acknowledge' as const }, { kind: 'Discard' as const }) },
);

/** What a person was shown: who was in each hold, and what was answered to it. */
interface Model {
  readonly frozen: Map<string, Set<string>>;
  readonly accepted: Set<string>;
}

test('in no sequence of events is more carried out in a window than the limit, but what a person accepted', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 80 }), fc.integer({ min: 0, max: 60 }), (steps, applied) => {
      const hall = new Hall();
      hall.applied = applied;
      const model: Model = { frozen: new Map(), accepted: new Set() };
      let window: { startedAt: number; done: number; deprovisions: number } | null = null;
      for (const step of steps) {
        switch (step.kind) {
          case 'Wait':
            hall.now += step.ms;
            break;
          case 'Drop':
            hall.desk.drop(step.id);
            break;
          case 'Acknowledge':
          case 'Discard': {
            const { hold } = hall.desk.ledger;
            if (!hold) break;
            assert.equal(hall.desk.end(hold.token), true);
            if (step.kind === 'Acknowledge')
              for (const id of model.frozen.get(hold.token) ?? []) model.accepted.add(id);
            break;
          }
          case 'Ask':
          case 'CarryOut': {
            const before = hall.desk.ledger.hold;
            const isAccepted = model.accepted.has(step.id);
            const changes = { deprovision: step.deprovision, acknowledged: isAccepted };
            const verdict =
              step.kind === 'Ask' ? hall.ask(step.id, changes) : hall.carryOut(step.id, changes);
            const { hold } = hall.desk.ledger;
            if (before) assert.equal(hold, before, 'a hold is latched');
            if (verdict.kind === 'Held') {
              assert.ok(!isAccepted && hold);
              const set = model.frozen.get(hold.token) ?? new Set();
              if (verdict.frozen) model.frozen.set(hold.token, set.add(step.id));
              break;
            }
            assert.ok(isAccepted || !hold, 'nothing goes ahead in a hold but what was accepted');
            if (step.kind === 'Ask' || isAccepted) {
              if (step.kind === 'CarryOut') model.accepted.delete(step.id);
              break;
            }
            if (!window || hall.now - window.startedAt >= HOUR)
              window = { startedAt: hall.desk.ledger.window?.startedAt ?? -1, done: 0, deprovisions: 0 };
            window.done += 1;
            window.deprovisions += step.deprovision ? 1 : 0;
            assert.ok(window.done <= removalLimit(limits, applied), `${window.done} removals`);
            assert.ok(window.deprovisions <= limits.maxDeprovisions, `${window.deprovisions} deprovisions`);
          }
        }
      }
    }),
    { numRuns: 1_000 },
  );
});
