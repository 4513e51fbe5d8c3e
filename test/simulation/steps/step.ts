import type { Random } from '../../../src/core/clock.ts';
import type { World } from '../world.ts';

/** One step as it is kept: its kind, all that was drawn for it, and the time that passes after it. */
export interface Step {
  readonly do: string;
  readonly with: Readonly<Record<string, unknown>>;
  readonly waitMs: number;
}

/** A kind of step. What it draws is all it needs, so that a story can be told again with other steps left out. */
export interface StepKind {
  readonly name: string;
  readonly weight: number;
  /** Null where the world offers nothing to do it with. */
  readonly draw: (world: World, random: Random) => Readonly<Record<string, unknown>> | null;
  /** Does nothing where what was drawn is not there (any more). */
  readonly run: (world: World, data: never) => Promise<void> | void;
  /** For the story; by default what was drawn. */
  readonly tell: (data: never) => string;
}

/** A row of the table of steps, with the type of its data. */
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
