import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { stream } from '../../simulation/random.ts';
import { Arena } from './arena.ts';
import { ClockWorld, clockRows } from './clocks.ts';
import { renderTable } from './report.ts';
import { type Outcome, Rounds } from './rounds.ts';
import { steps } from './steps.ts';
import { actions } from './wishes.ts';

const USAGE = `Runs two operator processes and kills the leader at each step of each action, then at random times.

Usage: npm run faults -- kills [options]

  --count N      number of random rounds (default 200)
  --seed N       seed of the random schedule (default 1)
  --only PART    run one part only: steps, random or clocks
  --log FILE     write the logs of the processes to this file
  --step WORDS   run only the steps whose name or action contains these words

The exit code is 0 if there are no findings, 1 if there are, and 2 for an invalid option.
`;

interface KillOptions {
  readonly count: number;
  readonly seed: number;
  readonly only: string | undefined;
  readonly step: string;
  readonly log: string | undefined;
}

/**
 * Runs the kills, prints a line for each as it happens, and a table at the end.
 * @returns the exit code: 1 for a finding, 2 for an invalid option
 */
export async function runKills(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    console.log(USAGE);
    return 0;
  }
  let options: KillOptions;
  try {
    options = readOptions(argv);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const kills = options.only === 'clocks' ? 0 : await runArena(options);
  const jumps = options.only === undefined || options.only === 'clocks' ? await moveClocks() : 0;
  return kills + jumps === 0 ? 0 : 1;
}

/** @returns the number of findings */
async function runArena(options: KillOptions): Promise<number> {
  const arena = await Arena.open('kills');
  try {
    return await kill(arena, options);
  } finally {
    if (options.log !== undefined) await writeFile(options.log, `${arena.rig.logs.join('\n')}\n`);
    await arena.close();
  }
}

function readOptions(argv: readonly string[]): KillOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      count: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      step: { type: 'string', default: '' },
      log: { type: 'string' },
    },
  });
  const whole = (name: 'count' | 'seed') => {
    const number = Number(values[name]);
    if (!Number.isSafeInteger(number) || number < 0) throw new RangeError(`--${name} takes a whole number`);
    return number;
  };
  if (values.only !== undefined && !['steps', 'random', 'clocks'].includes(values.only))
    throw new RangeError('--only takes steps, random or clocks');
  return {
    count: whole('count'),
    seed: whole('seed'),
    only: values.only,
    step: values.step,
    log: values.log,
  };
}

async function kill(arena: Arena, { count, seed, only, step: words }: KillOptions): Promise<number> {
  const rounds = new Rounds(arena, stream(seed, 'kills'));
  const outcomes: Outcome[] = [];
  const tell = (outcome: Outcome) => {
    outcomes.push(outcome);
    console.log(`${String(outcomes.length).padStart(4)}  ${lineOf(outcome)}`);
  };
  if (only !== 'random')
    for (const action of actions)
      for (const step of steps)
        if (step.of({ action }) && `${step.name} ${action}`.includes(words))
          tell(await rounds.atStep(step, action));
  if (only !== 'steps') for (let round = 0; round < count; round++) tell(await rounds.atRandom());
  if (rounds.lookedFor > 0)
    console.log(
      `waiting for ${rounds.lookedFor} changes that did not arrive, until the operator may send them again`,
    );
  const findings = [...outcomes.flatMap((outcome) => outcome.findings), ...(await rounds.end())];
  console.log(`\n${renderTable(outcomes)}\n`);
  for (const finding of findings) console.log(`FINDING  ${finding}`);
  console.log(`${outcomes.length} kills with seed ${seed}: ${findings.length} findings`);
  if (rounds.starved > 0)
    console.log(
      `${rounds.starved} more processes ended by themselves: this machine was too slow for their lease`,
    );
  return findings.length;
}

/** @returns the number of findings */
async function moveClocks(): Promise<number> {
  const world = await ClockWorld.open();
  let findings = 0;
  try {
    for (const { what, run } of clockRows) {
      try {
        await run(world);
        console.log(`held    ${what}`);
      } catch (error) {
        findings += 1;
        console.log(`BROKEN  ${what}: ${(error as Error).message}`);
      }
    }
  } finally {
    await world.close();
  }
  return findings;
}

function lineOf({ what, action, underWay, recoveredMs, endedMs, findings }: Outcome): string {
  const recovered =
    recoveredMs === null ? 'result pending' : `recovered after ${(recoveredMs / 1000).toFixed(1)} s`;
  const ended = endedMs === null ? '' : `; exited after ${(endedMs / 1000).toFixed(1)} s`;
  const bad = findings.map((finding) => `\n      ${finding}`).join('');
  return `${findings.length === 0 ? 'held  ' : 'BROKEN'}  ${what} (${action}; ${underWay} in progress): ${recovered}${ended}${bad}`;
}
