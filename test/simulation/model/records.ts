import type { Site } from '../asana/site.ts';
import type { Effect } from './effect.ts';
import type { Seen } from './objects.ts';

/** One change of an object, as the API server committed it. */
export interface Commit {
  readonly by: string;
  readonly verb: 'create' | 'patch' | 'status' | 'delete';
  readonly kind: string;
  readonly before: Seen | null;
  readonly after: Seen | null;
}

/** A task of ConductorOne, from when it is given until it is answered. */
export interface Task {
  readonly id: string;
  /** Consecutive, in the order in which tasks are given. */
  readonly number: number;
  readonly connector: string;
  readonly effects: readonly string[];
  /** gid of the team it is about; `null` for other rights. */
  readonly team: string | null;
  /** gid, or the address of an account to create. */
  readonly user: string;
  readonly givenAt: number;
}

/** An effective write, and the object or task that it was made for. */
export interface Change {
  readonly at: number;
  readonly effect: Effect;
  readonly site: Site;
  readonly gid: string;
  /** uid of the object, or id of the task; `null` if no owner was found. */
  readonly owner: string | null;
  /** `lastAction.id` of the owner; for a task, its id. */
  readonly action: string | null;
}

/** What the judge can ask about the world. None of it comes from the code that is judged. */
export interface Witness {
  /** Monotonic milliseconds. */
  readonly time: () => number;
  /** The operator's wall clock. */
  readonly now: () => number;
  readonly siteOf: (token: string) => Site | null;
  readonly tokenOfSecret: (name: string) => string;
}

/** The object or task that a write was made for. */
export interface Owner {
  readonly id: string;
  readonly action: string | null;
}
