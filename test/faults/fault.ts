import type { World, WorldOptions } from './world.ts';

/** What a fault befalls, or what is done to the operator. */
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

/** What a fault did, and what was looked at afterwards. */
export interface Seen {
  /** How often the fault did something, as whoever did it counts; none is a failure, since it shows nothing. */
  readonly fired: number;
  /** What was found to hold, in words. */
  readonly checks: readonly string[];
}

/** Makes worlds, and ends those of a fault when the fault is over. */
export interface Worlds {
  open(options?: WorldOptions): Promise<World>;
  /** Does something when the fault is over and its worlds have ended, whatever came of it. */
  atEnd(end: () => Promise<void>): void;
}

/** One row of the table: something that goes wrong on real parts, and what must hold all the same. */
export interface Fault {
  /** In lower case with hyphens; `--only` takes it. */
  readonly name: string;
  readonly group: FaultGroup;
  /** The entries of the list of faults that it stands for, such as `R1`. */
  readonly standsFor: readonly string[];
  /** True for the few that `npm test` runs too. */
  readonly isShort?: boolean;
  /** Mostly waits: it is begun before the others, so that they do not wait for it at the end. */
  readonly isLong?: boolean;
  /** What goes wrong: the first half of a row in the documentation. */
  readonly what: string;
  /** What must hold: the second half. */
  readonly holds: string;
  /** Injects the fault, waits until the world is settled, and looks. Rejects when something does not hold. */
  run(worlds: Worlds): Promise<Seen>;
}
