import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { silentMeter } from '../../src/core/meter.ts';
import type { Shares } from '../../src/kubernetes/ready-keys.ts';
import { WorkQueue } from '../../src/kubernetes/work-queue.ts';
import { FakeClock } from '../asana/fake-clock.ts';
import { lawRuns } from '../core/law-runs.ts';

/** A new seed each time, which a failure prints, and one that is the same on every machine. */
const SEEDS = [undefined, 20_261_129] as const;
const NAMESPACES = ['a', 'b', 'c'];
/** The number of keys of one group that may be in progress at once. */
const SHARE = 2;
/** Longer than the longest delay of any step, including backoff and jitter. */
const ALL_DUE_MS = 400_000;

const someKey = fc.record({ namespace: fc.constantFrom(...NAMESPACES), nth: fc.nat(3) });
const step = fc.oneof(
  fc.record({
    kind: fc.constant('add' as const),
    key: someKey,
    afterMs: fc.constantFrom(0, 0, 10, 50),
    priority: fc.nat(3),
  }),
  fc.record({ kind: fc.constant('take' as const) }),
  fc.record({ kind: fc.constant('done' as const), nth: fc.nat(10), fails: fc.boolean() }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(60) }),
  fc.record({ kind: fc.constant('regroup' as const), key: someKey, group: fc.constantFrom('x', 'y', null) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const nameOf = ({ namespace, nth }: { namespace: string; nth: number }) => `${namespace}/k${nth}`;

/** A queue with its workers; `faults` collects what must never happen. */
class Model {
  readonly clock = new FakeClock();
  readonly groups = new Map<string, string | null>();
  readonly queue = new WorkQueue('test', {
    clock: this.clock,
    random: () => 0.5,
    meter: silentMeter,
    shares: { groupOf: (key) => this.groups.get(key) ?? null, most: SHARE },
  });
  /** Each key in progress, with the group that it had when it was taken. */
  readonly working: { key: string; group: string | null }[] = [];
  /** Keys that were added and not taken since. */
  readonly owed = new Set<string>();
  readonly failures = new Map<string, number>();
  /** Violations of the laws. */
  readonly faults: string[] = [];
  #asking = 0;

  do(act: Step): void | Promise<void> {
    switch (act.kind) {
      case 'add':
        this.owed.add(nameOf(act.key));
        return this.queue.add(nameOf(act.key), { afterMs: act.afterMs, priority: act.priority });
      case 'take':
        return this.ask();
      case 'done':
        return this.end(act.nth, act.fails);
      case 'wait':
        return this.clock.advance(act.ms);
      case 'regroup':
        this.groups.set(nameOf(act.key), act.group);
    }
  }

  /** Makes a worker wait for a key; it starts as soon as there is one. */
  ask(): void {
    this.#asking += 1;
    void this.#take();
  }

  async #take(): Promise<void> {
    const key = await this.queue.take();
    this.#asking -= 1;
    if (key !== null) this.#begin(key);
  }

  end(nth: number, fails: boolean): void {
    const [ended] = this.working.splice(nth % Math.max(1, this.working.length), 1);
    if (!ended) return;
    if (fails) this.#fail(ended.key);
    else this.queue.forget(ended.key);
    if (!fails) this.failures.delete(ended.key);
    this.queue.done(ended.key);
  }

  get asking(): number {
    return this.#asking;
  }

  #begin(key: string): void {
    if (this.working.some((other) => other.key === key)) this.faults.push(`${key} is with two workers`);
    const group = this.groups.get(key) ?? null;
    const beside = this.working.filter((other) => group !== null && other.group === group).length;
    if (beside >= SHARE) this.faults.push(`${beside} of ${group} are in work already`);
    this.working.push({ key, group });
    this.owed.delete(key);
  }

  #fail(key: string): void {
    const before = this.failures.get(key) ?? 0;
    const waitMs = this.queue.addRateLimited(key);
    if (waitMs < before) this.faults.push(`${key} waits ${waitMs} ms after ${before} ms`);
    this.failures.set(key, waitMs);
    this.owed.add(key);
  }
}

async function run(steps: readonly Step[]): Promise<Model> {
  const model = new Model();
  for (const act of steps) {
    await model.do(act);
    // Lets waiting workers get their keys.
    await model.clock.advance(0);
  }
  return model;
}

suite('a work queue under any sequence of operations', () => {
  for (const seed of SEEDS) {
    test(`loses no key, gives none to two workers or beyond its share, and never shortens a backoff (${seed ?? 'new'})`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
          const model = await run(steps);
          while (model.asking < 1) model.ask();
          for (let round = 0; round < 200 && (model.owed.size > 0 || model.working.length > 0); round += 1) {
            await model.clock.advance(model.working.length > 0 ? 0 : ALL_DUE_MS);
            model.end(0, false);
            while (model.asking < 1) model.ask();
          }
          assert.deepEqual(model.faults, []);
          assert.deepEqual([...model.owed], [], 'keys that were never handed out');
          assert.equal(model.queue.depth, 0);
        }),
        lawRuns(200, seed),
      );
    });

    test(`hands out nothing after shutdown, and leaves no timer and no waiting worker (${seed ?? 'new'})`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
          const model = await run(steps);
          model.queue.shutDown();
          await model.clock.advance(ALL_DUE_MS);
          assert.equal(model.asking, 0, 'no worker waits forever');
          while (model.working.length > 0) {
            model.end(0, false);
            await model.clock.advance(0);
          }
          assert.equal(model.clock.pending, 0, 'a timer is left');
          assert.equal(await model.queue.take(), null);
        }),
        lawRuns(100, seed),
      );
    });
  }
});

suite('a namespace with ten thousand keys', () => {
  const flooded = (shares?: Shares) => {
    const queue = new WorkQueue('test', {
      clock: new FakeClock(),
      random: () => 0,
      meter: silentMeter,
      shares,
    });
    for (let index = 0; index < 10_000; index += 1) queue.add(`noisy/k${index}`, { priority: 20 });
    return queue;
  };

  test('delays a key of another namespace by one turn, even if its own have a higher priority', async () => {
    const queue = flooded();
    queue.add('quiet/k', { priority: 0 });
    assert.equal(await queue.take(), 'noisy/k0');
    assert.equal(await queue.take(), 'quiet/k');
  });

  test('whose group has used up its share does not delay a key of another group', async () => {
    const queue = flooded({
      groupOf: (key) => (key.startsWith('noisy/') ? 'hanging' : 'well'),
      most: 2,
    });
    assert.deepEqual([await queue.take(), await queue.take()], ['noisy/k0', 'noisy/k1']);
    const next = queue.take();
    queue.add('quiet/k');
    assert.equal(await next, 'quiet/k');
    queue.done('noisy/k0');
    assert.equal(await queue.take(), 'noisy/k2', 'in the order in which they were added');
  });
});
