import type { Site } from '../asana/site.ts';
import type { Effect } from './effect.ts';
import type { Seen } from './objects.ts';

/** One change of an object as the API server committed it. */
export interface Commit {
  readonly by: string;
  readonly verb: 'create' | 'patch' | 'status' | 'delete';
  readonly kind: string;
  readonly before: Seen | null;
  readonly after: Seen | null;
}

/** A task of ConductorOne, from when it was given until it was answered. */
export interface Task {
  readonly id: string;
  /** In the order in which they were given. */
  readonly number: number;
  readonly connector: string;
  readonly effects: readonly string[];
  /** gid of the team it is about; null for other rights. */
  readonly team: string | null;
  /** gid, or the address of an account to create. */
  readonly user: string;
  readonly givenAt: number;
}

/** An effective write, with the object or task that it was made for. */
export interface Change {
  readonly at: number;
  readonly effect: Effect;
  readonly site: Site;
  readonly gid: string;
  /** uid of the object, or id of the task; null if nobody can be found. */
  readonly owner: string | null;
  /** `lastAction.id` of the owner. */
  readonly action: string | null;
}

/** What the judge asks of the world. Nothing of it comes from the code that is judged. */
export interface Witness {
  /** Monotonic milliseconds. */
  readonly time: () => number;
  /** Asana's wall clock. */
  readonly now: () => number;
  readonly siteOf: (token: string) => Site | null;
  readonly tokenOfSecret: (name: string) => string;
}

/** Whom a write was made for. */
export interface Owner {
  readonly id: string;
  readonly action: string | null;
}
