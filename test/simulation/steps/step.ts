import type { Random } from '../../../src/core/clock.ts';
import type { World } from '../world.ts';

/** One recorded step: its kind, everything that was drawn for it, and the time that passes after it. */
export interface Step {
  readonly do: string;
  readonly with: Readonly<Record<string, unknown>>;
  readonly waitMs: number;
}

/** A kind of step. It draws all the data it needs, so that a story can be run again with other steps left out. */
export interface StepKind {
  readonly name: string;
  readonly weight: number;
  /** Returns `null` if the world offers nothing to do the step with. */
  readonly draw: (world: World, random: Random) => Readonly<Record<string, unknown>> | null;
  /** Does nothing if what was drawn does not exist (any more). */
  readonly run: (world: World, data: never) => Promise<void> | void;
  /** Describes the step in a story; by default its data. */
  readonly tell: (data: never) => string;
}

/** Returns a row of the table of steps, with the type of its data. */
export function stepKind<D extends Readonly<Record<string, unknown>>>(row: {
  readonly name: string;
  readonly weight: number;
  readonly draw: (world: World, random: Random) => D | null;
  readonly run: (world: World, data: D) => Promise<void> | void;
  readonly tell?: (data: D) => string;
}): StepKind {
  const tell = row.tell ?? ((data: D) => JSON.stringify(data));
  return { ...row, tell, run: row.run, draw: row.draw };
}
