import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Random } from '../../../src/core/clock.ts';
import { freePort } from '../../commands/child.ts';
import { pick, stream } from '../../simulation/random.ts';
import { Arena } from '../kills/arena.ts';
import type { WatchedReplica } from '../kills/watched-replica.ts';
import { Declared } from './declared.ts';
import { type Flatness, isFlat, measureFlatness, readSample, type Sample } from './gauges.ts';
import { Weather } from './weather.ts';

const USAGE = `Runs two operator processes under continuous edits, faults and restarts, and compares the final state with a model.

Usage: npm run soak -- --minutes N [options]

  --minutes N    duration (default 10); settling takes up to six more minutes
  --seed N       seed of the random choices (default 1)

The exit code is 0 if there are no findings, 1 if there are, and 2 for an invalid option.
`;

const EDIT_EVERY_MS = 400;
const WEATHER_EVERY_MS = 4_000;
const SAMPLE_EVERY_MS = 5_000;
const RESTART_EVERY_MS = 25_000;
/** The operator looks for a one-way change without an answer for four minutes. */
const SETTLING_MS = 360_000;
/** For this share of the time, one process is spared and measured; after that, leaders are killed too. */
const MEASURED = 0.75;

/** @returns the exit code: 1 for a finding, 2 for an invalid option */
export async function runSoak(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    console.log(USAGE);
    return 0;
  }
  let minutes: number;
  let seed: number;
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } },
    });
    [minutes, seed] = [Number(values.minutes), Number(values.seed)];
    if (!(minutes > 0)) throw new RangeError('--minutes takes a number above 0');
    if (!Number.isSafeInteger(seed)) throw new RangeError('--seed takes a whole number');
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const soak = await Soak.begin(stream(seed, 'soak'));
  try {
    const findings = await soak.run(minutes);
    for (const finding of findings) console.log(`FINDING  ${finding}`);
    console.log(`${minutes} minutes with seed ${seed}: ${findings.length} findings`);
    return findings.length === 0 ? 0 : 1;
  } finally {
    await soak.close();
  }
}

/** One soak: two processes, what is done to them, and what is measured. */
class Soak {
  readonly #arena: Arena;
  readonly #declared: Declared;
  readonly #weather: Weather;
  readonly #random: Random;
  readonly #pages: readonly string[];
  readonly #samples: Sample[] = [];
  #restarts = 0;

  private constructor(
    parts: { arena: Arena; declared: Declared; weather: Weather; pages: readonly string[] },
    random: Random,
  ) {
    this.#arena = parts.arena;
    this.#declared = parts.declared;
    this.#weather = parts.weather;
    this.#pages = parts.pages;
    this.#random = random;
  }

  static async begin(random: Random): Promise<Soak> {
    // Only the first two processes have metrics; the one that is spared is one of them.
    const pages = await Promise.all([freePort(), freePort()].map(async (port) => `127.0.0.1:${await port}`));
    const lease = ['--leader-election-lease-duration', '15s', '--leader-election-renew-deadline', '10s'];
    const optionsOf = (number: number) => ({
      flags: [...lease, '--metrics-bind-address', pages[number] ?? '0'],
    });
    const arena = await Arena.open('soak', { optionsOf });
    const declared = await Declared.prepare(arena.rig, arena.ledger);
    const weather = new Weather(arena.rig.sandbox, random);
    arena.strike = (side, request) => weather.strike(side, request);
    return new Soak({ arena, declared, weather, pages }, random);
  }

  async close(): Promise<void> {
    await this.#arena.close();
  }

  /** @returns a sentence for everything that is not as it should be */
  async run(minutes: number): Promise<readonly string[]> {
    const lives = await this.#arena.leader();
    const page = this.#pages[this.#arena.ever.indexOf(lives)] ?? '';
    const began = performance.now();
    const lasts = minutes * 60_000;
    const passed = () => performance.now() - began;
    const stop = new AbortController();
    const measuring = () => passed() < lasts * MEASURED;
    const every = [
      repeat(EDIT_EVERY_MS, stop.signal, () => this.#declared.edit(this.#random)),
      repeat(WEATHER_EVERY_MS, stop.signal, async () => this.#weather.turn()),
      repeat(RESTART_EVERY_MS, stop.signal, () => this.#restart(measuring() ? lives : null)),
      repeat(SAMPLE_EVERY_MS, stop.signal, async () => {
        if (measuring()) this.#samples.push(await sample(page, passed() / 60_000));
      }),
    ];
    await Promise.race([sleep(lasts, undefined, { ref: false }), Promise.all(every)]);
    stop.abort();
    await Promise.all(every);
    this.#weather.clear();
    const differences = await this.#settle();
    const flatness = measureFlatness(this.#samples);
    this.#tell(flatness);
    return [
      ...differences,
      ...flatness
        .filter((gauge) => !isFlat(gauge))
        .map(
          ({ what, early, late, most }) => `${what} is not flat: ${early}, later ${late}, at most ${most}`,
        ),
      ...this.#arena.ever.flatMap(({ process }, index) =>
        process.lastWords.map((line) => `process ${index + 1} said: ${line}`),
      ),
    ];
  }

  /** Waits until everything is as declared. @returns the differences that are left when patience ends */
  async #settle(): Promise<readonly string[]> {
    const deadline = performance.now() + SETTLING_MS;
    let differences = await this.#declared.differences();
    while (differences.length > 0 && performance.now() < deadline) {
      await this.#arena.fill();
      await sleep(500);
      differences = await this.#declared.differences();
    }
    return differences;
  }

  /** @param spared the process that is not restarted */
  async #restart(spared: WatchedReplica | null): Promise<void> {
    const victim = pick(
      this.#random,
      this.#arena.running.filter((replica) => replica !== spared),
    );
    this.#restarts += 1;
    await victim.process.end(pick(this.#random, ['SIGKILL', 'SIGTERM']));
    await this.#arena.fill();
  }

  #tell(flatness: readonly Flatness[]): void {
    const { edits } = this.#declared;
    const { struck, ordered } = this.#weather;
    const { turns, ever } = { turns: this.#arena.ledger.turns, ever: this.#arena.ever };
    console.log(
      `${edits} edits, ${turns.length} changes in Asana, ${struck} failed requests to the API server, ` +
        `${ordered} faults of Asana, ${this.#restarts} restarts, ${ever.length} processes`,
    );
    for (const { what, early, late, most } of flatness)
      console.log(`  ${what}: floor ${round(early)}, later ${round(late)} (at most ${round(most)})`);
  }
}

/** Repeats something at an interval until the signal aborts; an error ends the soak. */
async function repeat(ms: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await work();
    await sleep(ms, undefined, { signal }).catch(() => {});
  }
}

async function sample(address: string, minute: number): Promise<Sample> {
  const asked = performance.now();
  const answer = await fetch(`http://${address}/metrics`);
  const page = await answer.text();
  return readSample(page, minute, performance.now() - asked);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
