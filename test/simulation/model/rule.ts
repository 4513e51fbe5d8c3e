import type { AsanaRequest } from '../asana/front.ts';
import type { Holding } from '../asana/holding.ts';
import type { Site } from '../asana/site.ts';
import type { Effect } from './effect.ts';
import type { Facts, Task } from './facts.ts';
import type { HeldGrants } from './holds.ts';
import type { Limits } from './limits.ts';
import type { Connector, Grant } from './objects.ts';
import type { Readings } from './readings.ts';

/** Who leads, as the world itself knows it. */
export interface LeadershipFacts {
  readonly holder: string | null;
  /** Milliseconds since the holder began to lead. */
  readonly sinceMs: number;
  readonly takenOver: boolean;
  readonly stopped: boolean;
}

/** A write that is about to leave, seen as made for one object or one task. */
export interface Case {
  readonly request: AsanaRequest;
  readonly effect: Effect;
  readonly site: Site;
  /** How the person stands in Asana; null for nobody. */
  readonly holding: Holding | null;
  readonly connector: Connector;
  /** Null for a task. */
  readonly grant: Grant | null;
  /** Null for a grant. */
  readonly task: Task | null;
  readonly facts: Facts;
  readonly held: HeldGrants;
  readonly limits: Limits;
  readonly readings: Readings;
  readonly leadership: LeadershipFacts;
}

/** One thing that must be so whenever a write leaves. */
export interface Rule {
  readonly name: string;
  readonly sentence: string;
  /** What is wrong, in a few words; null when nothing is. */
  readonly broken: (c: Case) => string | null;
}
