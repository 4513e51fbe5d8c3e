import type { Directory } from './directory.ts';
import type { FaultEffect } from './faults.ts';
import type { FieldCompiler } from './fields.ts';
import type { Pager } from './paging.ts';
import type { Settings } from './settings.ts';
import type { Token } from './tokens.ts';

/** What every handler works on. */
export interface World {
  readonly directory: Directory;
  readonly settings: Settings;
  readonly pager: Pager;
  readonly fields: FieldCompiler;
  /** Where clients reach REST, without slash at the end. */
  readonly baseUrl: () => string;
}

/** One request, let in and parsed. */
export interface Ask {
  readonly token: Token;
  readonly effect: FaultEffect;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** Below `/api/1.0`, without query. */
  readonly path: string;
  /** Parsed JSON; undefined without a body. */
  readonly body: unknown;
}

/** What a handler answers; undefined `json` is an empty body. */
export interface Answer {
  readonly status: number;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Handler = (ask: Ask) => Answer;

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/api/1.0`, parameters as `:name`. */
  readonly path: string;
  readonly operation: string;
  readonly handler: Handler;
}
