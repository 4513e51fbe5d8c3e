import type { World, WorldOptions } from './world.ts';

/** The part that fails, or what is done to the operator. */
export type FaultGroup =
  | 'API server'
  | 'credentials'
  | 'Asana: answers'
  | 'Asana: listings'
  | 'Asana: changes'
  | 'network'
  | 'outage'
  | 'probes'
  | 'storage'
  | 'tenants';

/** What a fault did, and what was checked afterwards. */
export interface Seen {
  /** How often the fault took effect, as its injector counts; 0 is a failure, since then nothing was shown. */
  readonly fired: number;
  /** Sentences that were found to hold. */
  readonly checks: readonly string[];
}

/** Opens the worlds of a fault, and closes them when the fault is over. */
export interface Worlds {
  open(options?: WorldOptions): Promise<World>;
  /** Calls `end` when the fault is over and its worlds are closed, whatever the outcome. */
  atEnd(end: () => Promise<void>): void;
}

/** One row of the table: something that goes wrong with real parts, and what must hold nevertheless. */
export interface Fault {
  /** Lower case with hyphens; a value for `--only`. */
  readonly name: string;
  readonly group: FaultGroup;
  /** The entries of the list of faults that it covers, such as `R1`. */
  readonly standsFor: readonly string[];
  /** True for the few that `npm test` runs too. */
  readonly isShort?: boolean;
  /** True if it mostly waits: it runs beside the others from the start, so that nothing waits for it at the end. */
  readonly isLong?: boolean;
  /** What goes wrong: the first half of a row in the documentation. */
  readonly what: string;
  /** What must hold: the second half. */
  readonly holds: string;
  /** Injects the fault, waits until the world is settled, and checks it. Rejects if something does not hold. */
  run(worlds: Worlds): Promise<Seen>;
}
