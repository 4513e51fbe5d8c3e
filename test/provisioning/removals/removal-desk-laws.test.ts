import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { lawRuns } from '../../core/law-runs.ts';
import { demandOf, deskOf, grantIds, HOUR, START } from './desk-rig.ts';
import { GRANTS, HeldWorld } from './held-world.ts';

type Step = { readonly says: string; readonly take: (world: HeldWorld) => void };

function step(says: string, take: (world: HeldWorld) => void): Step {
  return { says, take };
}

/** Favors the first grants, since a story is interesting only if it has several steps of the same grant. */
const index = fc.oneof(fc.nat(2), fc.nat(GRANTS - 1));

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: index.map((i) => step(`want ${i}`, (world) => world.want(i))) },
  { weight: 3, arbitrary: index.map((i) => step(`change ${i}`, (world) => world.change(i))) },
  { weight: 2, arbitrary: index.map((i) => step(`withdraw ${i}`, (world) => world.withdraw(i))) },
  { weight: 6, arbitrary: index.map((i) => step(`record ${i}`, (world) => world.record(i))) },
  { weight: 6, arbitrary: index.map((i) => step(`catch up ${i}`, (world) => world.catchUp(i))) },
  {
    weight: 4,
    arbitrary: index.map((i) =>
      step(`record and catch up ${i}`, (world) => {
        world.record(i);
        world.catchUp(i);
      }),
    ),
  },
  { weight: 8, arbitrary: index.map((i) => step(`send ${i}`, (world) => world.send(i))) },
  { weight: 3, arbitrary: fc.constant(step('save', (world) => world.save())) },
  { weight: 2, arbitrary: fc.constant(step('restart', (world) => world.restart())) },
  { weight: 4, arbitrary: fc.constant(step('all seen', (world) => world.allSeen())) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(100, 4_000, HOUR).map((ms) => step(`pass ${ms}`, (world) => world.pass(ms))),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.nat(20), fc.constantFrom(0, 0, 0, 1), fc.constantFrom('acknowledge', 'discard'))
      .map(([choice, bump, word]) =>
        step(`answer ${choice}+${bump} ${word}`, (world) => world.answer(choice, bump, word)),
      ),
  },
  { weight: 1, arbitrary: fc.boolean().map((on) => step(`doubt ${on}`, (world) => world.doubt(on))) },
);

suite('the removal desk under random events', () => {
  test('sends a held removal only after a covering acknowledgement, and never exceeds a limit', () => {
    const seen = new Map<string, number>();
    const story = fc.array(steps, { minLength: 5, maxLength: 80, size: 'max' });
    fc.assert(
      fc.property(story, (taken) => {
        const world = new HeldWorld();
        for (const { take } of taken) take(world);
        world.finish();
        for (const [what, count] of world.seen) seen.set(what, (seen.get(what) ?? 0) + count);
        assert.deepEqual(world.findings, [], taken.map(({ says }) => says).join('; '));
      }),
      lawRuns(6_000),
    );
    // If these events do not occur, the law tests nothing.
    const needed = [
      'send Free',
      'send Held',
      'send Acknowledged',
      'send Waits',
      'ask Discarded',
      'answer Unknown',
    ];
    for (const what of [...needed, 'answer Removals', 'answer TooEarly', 'restart']) {
      assert.ok((seen.get(what) ?? 0) >= 100, `${what}: ${seen.get(what) ?? 0}`);
    }
  });

  test('keeps every held removal held when the limit is raised or lowered', () => {
    let kept = 0;
    const story = fc.array(fc.tuple(index, fc.nat(9)), { minLength: 5, maxLength: 40, size: 'max' });
    fc.assert(
      fc.property(story, (taken) => {
        const world = new HeldWorld();
        for (const [grant, limit] of taken) {
          world.want(grant);
          const held = world.grants.flatMap(({ last }, i) => (last?.kind === 'Held' ? [i] : []));
          world.setLimit(limit);
          for (const i of held) {
            // Decided again, since a verdict changes only then.
            world.want(i);
            assert.equal(world.grants[i]?.last?.kind, 'Held', `g${i}`);
          }
          kept += held.length;
          if (held.length > 0) world.send(grant);
        }
        assert.deepEqual(world.findings, []);
      }),
      lawRuns(100),
    );
    // If no removal is held, the law tests nothing.
    assert.ok(kept >= 100, `${kept}`);
  });
});

suite('the removal desk with ten thousand removals', () => {
  const DEMANDS = 10_000;

  /** Returns how long `work` blocks the event loop, in ms of the thread's CPU time, since the machine may be busy. */
  function blocked(work: () => void): number {
    const before = process.threadCpuUsage();
    work();
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1_000;
  }

  /** Returns the longest time that a thousand consecutive calls took. */
  function slowestThousand(ask: (id: string) => void): number {
    const ids = grantIds(DEMANDS);
    const times = Array.from({ length: DEMANDS / 1_000 }, (_, part) =>
      blocked(() => ids.slice(part * 1_000, (part + 1) * 1_000).forEach(ask)),
    );
    return Math.max(...times);
  }

  test('asks and checks a thousand removals in less than 50 ms of CPU time each, held or not', (t) => {
    for (const percent of [100, 20]) {
      const desk = deskOf({ staff: 100, applied: grantIds(DEMANDS), limits: { percent } });
      const asking = slowestThousand((id) => desk.ask(demandOf(id), START));
      const checking = slowestThousand((id) => desk.check(id, START));
      t.diagnostic(`${percent} %: asking ${asking} ms, checking ${checking} ms`);
      assert.ok(asking < 50 && checking < 50, `asking ${asking} ms, checking ${checking} ms`);
    }
  });

  test('writes the record and answers the hold of all of them in less than 50 ms of CPU time each', (t) => {
    const desk = deskOf({ applied: grantIds(DEMANDS) });
    for (const id of grantIds(DEMANDS)) desk.ask(demandOf(id), START);
    const writing = blocked(() => assert.equal(desk.toRecord().holds?.[0]?.count, DEMANDS));
    const answering = blocked(() => {
      const outcome = desk.answer(`hold1.${DEMANDS - 5}`, 'acknowledge');
      assert.equal(outcome.kind === 'Removals' && outcome.ids.length, DEMANDS);
    });
    t.diagnostic(`writing ${writing} ms, answering ${answering} ms`);
    assert.ok(writing < 50 && answering < 50, `writing ${writing} ms, answering ${answering} ms`);
  });
});
