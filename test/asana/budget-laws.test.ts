import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { Budget, type BudgetLimits } from '../../src/asana/budget.ts';
import type { Priority, RequestKind } from '../../src/asana/lanes.ts';
import type { Clock } from '../../src/core/clock.ts';
import { silentMeter } from '../../src/core/meter.ts';
import { lawRuns } from '../core/law-runs.ts';
import { FakeClock } from './fake-clock.ts';

const MINUTE = 60_000;
const priorities = ['action', 'read', 'sync', 'bulk'] as const satisfies readonly Priority[];

const limits = fc.record({
  requestsPerMinute: fc.oneof(fc.constantFrom(0, 150, 1500), fc.integer({ min: 1, max: 40 })),
  percent: fc.constantFrom(1, 50, 80, 100),
});
const request = fc.record({
  kind: fc.constantFrom<RequestKind>('read', 'read', 'write'),
  priority: fc.constantFrom<Priority>(...priorities),
  latency: fc.constantFrom(0, 100, 8_000, 90_000),
  /** When Asana counts the request, as a fraction of its latency. */
  countedAt: fc.constantFrom(0, 0.5, 1),
  /** How long the caller waits before it gives up; `null` if it never does. */
  patienceMs: fc.option(fc.constantFrom(0, 50, 5_000, 100_000), { freq: 5 }),
  /** The Retry-After of the 429 that the request is answered with; `null` for no 429. */
  retryAfterMs: fc.option(fc.constantFrom(0, 1_000, 30_000, 200_000), { freq: 1, nil: null }),
});
type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;
const rarelyRejected = fc
  .tuple(request, fc.nat(30))
  .map(([given, draw]): Request => (draw === 0 ? given : { ...given, retryAfterMs: null }));
const step = fc.oneof(
  fc.record({
    kind: fc.constant('ask' as const),
    many: fc.constantFrom(1, 1, 7, 70),
    request: rarelyRejected,
  }),
  fc.record({
    kind: fc.constant('wait' as const),
    ms: fc.oneof(fc.nat(300), fc.nat(20_000), fc.nat(90_000)),
  }),
  fc.record({ kind: fc.constant('jump' as const), byMs: fc.integer({ min: -3_600_000, max: 3_600_000 }) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A clock whose wall time can be set while it runs. */
class JumpingClock extends FakeClock {
  offMs = 0;
  override now(): number {
    return super.now() + this.offMs;
  }
}

/** A budget as Asana sees it; `faults` collects what must never happen. */
class Model {
  readonly clock = new JumpingClock();
  readonly faults: string[] = [];
  /** When Asana counted each request. */
  readonly counted: number[] = [];
  readonly #limits: BudgetLimits;
  readonly #budget: Budget;
  readonly #inFlight: Request[] = [];
  readonly #ended: number[] = [];
  readonly #asked: Promise<void>[] = [];
  #blockedUntil = 0;

  constructor(limits: BudgetLimits) {
    this.#limits = limits;
    const clock: Clock = this.clock;
    this.#budget = new Budget(limits, { clock, meter: silentMeter });
  }

  get places(): number {
    const { requestsPerMinute, percent } = this.#limits;
    if (requestsPerMinute === 0) return Number.POSITIVE_INFINITY;
    return Math.max(1, Math.floor((requestsPerMinute * percent) / 100));
  }

  async do(act: Step): Promise<void> {
    if (act.kind === 'jump') this.clock.offMs += act.byMs;
    else if (act.kind === 'wait') await this.clock.advance(act.ms);
    else for (let nth = 0; nth < act.many; nth += 1) this.#asked.push(this.#ask(act.request));
  }

  /** Waits until every request was answered, refused or given up by its caller. */
  async end(): Promise<void> {
    await this.clock.advance(0);
    while (this.clock.pending > 0) await this.clock.advance(this.clock.next - this.clock.monotonic());
    await Promise.all(this.#asked);
  }

  async #ask(asked: Request): Promise<void> {
    const { kind, priority, latency, countedAt, patienceMs, retryAfterMs } = asked;
    const giveUp = new AbortController();
    const cancel =
      patienceMs === null
        ? () => {}
        : this.clock.schedule(patienceMs, () => giveUp.abort(new Error('enough')));
    const permit = await this.#budget.acquire(kind, priority, giveUp.signal).catch(() => null);
    cancel();
    if (!permit) return;
    this.#begin(asked);
    this.counted.push(this.clock.monotonic() + latency * countedAt);
    await this.clock.sleep(latency);
    if (retryAfterMs !== null) {
      permit.rejected(retryAfterMs);
      this.#blockedUntil = Math.max(this.#blockedUntil, this.clock.monotonic() + retryAfterMs);
    }
    this.#inFlight.splice(this.#inFlight.indexOf(asked), 1);
    this.#ended.push(this.clock.monotonic());
    permit.release();
  }

  #begin(asked: Request): void {
    this.#inFlight.push(asked);
    const now = this.clock.monotonic();
    const reads = this.#inFlight.filter(({ kind }) => kind === 'read');
    const ofSyncs = reads.filter(({ priority }) => priority === 'sync' || priority === 'bulk');
    const most = [
      ['reads', reads.length, 50],
      ['writes', this.#inFlight.length - reads.length, 15],
      ['reads of syncs', ofSyncs.length, 48],
      [
        'places taken',
        this.#inFlight.length + this.#ended.filter((at) => at > now - MINUTE).length,
        this.places,
      ],
    ] as const;
    for (const [what, seen, allowed] of most)
      if (seen > allowed) this.faults.push(`${seen} ${what} at ${now}, allowed are ${allowed}`);
    if (now < this.#blockedUntil) this.faults.push(`sent at ${now}, blocked until ${this.#blockedUntil}`);
  }
}

suite('a budget under arbitrary requests, aborts, 429s and jumps of the wall clock', () => {
  for (const seed of [20_261_129, 4_711]) {
    test(`keeps every limit, sends nothing during a pause, and settles every request (seed ${seed})`, async () => {
      await fc.assert(
        fc.asyncProperty(limits, fc.array(step, { minLength: 1, maxLength: 40 }), async (given, steps) => {
          const model = new Model(given);
          for (const act of steps) await model.do(act);
          await model.end();
          assert.deepEqual(model.faults, []);
          assert.equal(model.clock.pending, 0, 'a timer is still pending');
          const { places, counted } = model;
          counted.sort((a, b) => a - b);
          for (const [index, from] of counted.entries()) {
            const after = counted[index + places] ?? Number.POSITIVE_INFINITY;
            assert.ok(after >= from + MINUTE, `more than ${places} within a minute from ${from}`);
          }
        }),
        lawRuns(150, seed),
      );
    });
  }
});

suite('a request behind a constant flood of other requests', () => {
  const world = fc.record({
    places: fc.integer({ min: 2, max: 60 }),
    latency: fc.constantFrom(10, 1_000, 40_000),
    kind: fc.constantFrom<RequestKind>('read', 'write'),
    first: fc.constantFrom<Priority>('action', 'read'),
    last: fc.uniqueArray(fc.constantFrom<Priority>('read', 'sync', 'bulk'), { minLength: 1, maxLength: 3 }),
  });

  test('is served eventually: after a minute of waiting, overdue requests get one permit in ten', async () => {
    await fc.assert(
      fc.asyncProperty(world, async ({ places, latency, kind, first, last }) => {
        const clock = new FakeClock();
        const budget = new Budget({ requestsPerMinute: places, percent: 100 }, { clock, meter: silentMeter });
        const over = new AbortController();
        let sent = 0;
        const flood = async () => {
          while (!over.signal.aborted) {
            const permit = await budget.acquire(kind, first);
            sent += 1;
            await clock.sleep(latency);
            permit.release();
          }
        };
        const floods = Array.from({ length: 2 * places + 60 }, flood);
        const served: number[] = [];
        const waiting = last.map(async (priority) => {
          const permit = await budget.acquire(kind, priority);
          served.push(sent);
          permit.release();
        });
        await clock.advance(MINUTE);
        const overdueFrom = sent;
        // In the slowest world, two requests are sent in 100 s.
        for (let minutes = 0; served.length < last.length && minutes < 300; minutes += 1)
          await clock.advance(MINUTE);
        assert.equal(served.length, last.length, 'a request is never served');
        // There are so many flooding requests that each of them waits long as well.
        const most = overdueFrom + floods.length + 10 * last.length;
        assert.ok((served.at(-1) ?? 0) <= most, `served after ${served.at(-1)} others, allowed are ${most}`);
        over.abort();
        while (clock.pending > 0) await clock.advance(clock.next - clock.monotonic());
        await Promise.all([...floods, ...waiting]);
      }),
      lawRuns(20, 20_261_129),
    );
  });
});
