import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import type { Clock } from '../../src/core/clock.ts';
import { type LeaderElection, LeadershipLostError } from '../../src/kubernetes/leader-election.ts';
import { FakeClock } from '../asana/fake-clock.ts';
import { lawRuns } from '../core/law-runs.ts';
import { election, prompt } from './elections.ts';
import { LeaseServer, type Travel } from './lease-server.ts';

/** A candidate process. It can be frozen, as by a blocked event loop, while time passes for the others. */
class Process {
  readonly election: LeaderElection;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #thaw: PromiseWithResolvers<void> | null = null;

  constructor(server: LeaseServer, clock: FakeClock, identity: string) {
    const awake = () => this.#thaw?.promise ?? Promise.resolve();
    const own: Clock = {
      ...prompt(clock),
      schedule: (ms, callback) => {
        let cancelled = false;
        const ring = async () => {
          await awake();
          if (!cancelled) callback();
        };
        const cancel = clock.schedule(ms, () => void ring());
        return () => {
          cancelled = true;
          cancel();
        };
      },
      sleep: async (ms, signal) => {
        try {
          await prompt(clock).sleep(ms, signal);
        } finally {
          await awake();
        }
      },
    };
    this.election = election(server.client(identity, awake), own, identity);
    const { signal } = this.#stop;
    this.#running = this.election
      .acquire(signal)
      .then(() => this.election.keep(signal))
      .catch((error: unknown) => {
        if (!(error instanceof LeadershipLostError) && !signal.aborted) throw error;
      });
  }

  freeze(): void {
    this.#thaw ??= Promise.withResolvers<void>();
  }

  thaw(): void {
    this.#thaw?.resolve();
    this.#thaw = null;
  }

  stop(): Promise<void> {
    this.thaw();
    this.#stop.abort(new Error('stopped'));
    return this.#running;
  }
}

suite('leader election with delayed or lost requests, frozen or restarted processes, and deleted leases', () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 100, max: 9_000 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constantFrom('freeze' as const, 'thaw' as const), nth: fc.nat(2) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('restart' as const), nth: fc.nat(2), politely: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('down' as const, 'up' as const) }) },
  );
  const travel: fc.Arbitrary<Travel | null> = fc.option(
    fc.record({
      thereMs: fc.constantFrom(0, 5, 700, 8_000),
      backMs: fc.constantFrom(0, 5, 700, 8_000),
      lost: fc.boolean(),
    }),
    { freq: 3 },
  );

  test('never has two leaders, and has one eventually', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 40 }),
        fc.array(travel, { minLength: 1, maxLength: 20 }),
        async (steps, travels) => {
          const clock = new FakeClock();
          const server = new LeaseServer((ms) => clock.sleep(ms));
          let requests = 0;
          const troubled = () => travels[requests++ % travels.length] ?? null;
          server.travelOf = troubled;
          let born = 0;
          let haveBlind = true;
          const begin = () => new Process(server, clock, `p${born++}`);
          const processes = [begin(), begin(), begin()];
          const at = (nth: number) => processes[nth] as Process;
          const check = () => {
            const leaders = processes.filter((process) => process.election.leads).length;
            assert.ok(leaders <= 1, `${leaders} lead at ${clock.monotonic()} ms`);
          };
          const advance = async (ms: number) => {
            for (let passed = 0; passed < ms; passed += 250) {
              await clock.advance(Math.min(250, ms - passed));
              check();
            }
          };
          /** Lets all processes run, and all requests succeed, for a time. */
          const calm = async (ms: number) => {
            for (const process of processes) process.thaw();
            server.down = false;
            server.travelOf = () => null;
            await advance(ms);
            server.travelOf = troubled;
          };
          for (const act of steps) {
            if (act.kind === 'wait') await advance(act.ms);
            else if (act.kind === 'freeze') at(act.nth).freeze();
            else if (act.kind === 'thaw') at(act.nth).thaw();
            else if (act.kind === 'down' || act.kind === 'up') server.down = act.kind === 'down';
            else if (act.kind === 'delete') {
              // A process that never saw the lease, or not since its last deletion, cannot know that it existed.
              while (server.lease === null) await calm(5_000);
              if (haveBlind) await calm(10_000);
              haveBlind = true;
              server.lease = null;
            } else if (act.kind === 'restart') {
              while (server.lease === null) await calm(5_000);
              haveBlind = true;
              const old = at(act.nth);
              const ended = old.stop();
              await advance(1_000);
              await ended;
              if (act.politely) await Promise.race([old.election.release(), advance(20_000)]);
              processes[act.nth] = begin();
            }
            check();
          }
          await calm(60_000);
          server.travelOf = () => null;
          for (const [nth, process] of processes.entries()) {
            // A process that lost the lease has exited, and is restarted.
            if (!process.election.leads) {
              await process.stop();
              processes[nth] = begin();
            }
          }
          await advance(30_000);
          assert.equal(processes.filter((process) => process.election.leads).length, 1);
          await Promise.all(processes.map((process) => process.stop()));
        },
      ),
      lawRuns(60, 20_261_129),
    );
  });
});
