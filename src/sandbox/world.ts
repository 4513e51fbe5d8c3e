import type { Directory } from './directory.ts';
import type { FaultEffect } from './faults.ts';
import type { FieldCompiler } from './fields.ts';
import type { Pager } from './paging.ts';
import type { Settings } from './settings.ts';
import type { Token } from './tokens.ts';

/** The dependencies of every handler. */
export interface World {
  readonly directory: Directory;
  readonly settings: Settings;
  readonly pager: Pager;
  readonly fields: FieldCompiler;
  /** Base URL of REST, without a trailing slash. */
  readonly baseUrl: () => string;
}

/** A request that was let in, parsed. */
export interface Ask {
  readonly token: Token;
  readonly effect: FaultEffect;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** Path below `/api/1.0`, without the query. */
  readonly path: string;
  /** Parsed JSON; undefined if there is no body. */
  readonly body: unknown;
}

/** The answer of a handler. Without `json` the body is empty. */
export interface Answer {
  readonly status: number;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Handler = (ask: Ask) => Answer;

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path below `/api/1.0`, with parameters as `:name`. */
  readonly path: string;
  readonly operation: string;
  readonly handler: Handler;
}
