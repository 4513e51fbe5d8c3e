import { type Static, Type } from 'typebox';
import { InvalidInputError } from '../core/errors.ts';
import { readChecked } from './checked.ts';
import { type TokenKind, tokenKinds } from './tokens.ts';

const count = Type.Integer({ minimum: 0, maximum: 1_000_000_000 });
const shortText = Type.String({ maxLength: 1000 });

/** Which requests a fault hits. All that is given must fit. */
const matchSchema = Type.Object(
  {
    method: Type.Optional(shortText),
    path: Type.Optional(
      Type.String({
        maxLength: 1000,
        description: 'Below /api/1.0, without query; * stands for any characters.',
      }),
    ),
    operation: Type.Optional(shortText),
    token: Type.Optional(Type.Enum([...tokenKinds])),
    nth: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000_000_000, description: 'Only the n-th fitting request.' }),
    ),
    after: Type.Optional(count),
    times: Type.Optional(count),
  },
  { additionalProperties: false },
);

/**
 * What goes wrong with a request.
 *
 * Instead of an answer: `status` (with `message`, `retryAfter`), a `body` of html, error200 (an error with status
 * 200), huge (64 MiB) or empty, `resetConnection`. With an answer: `delayMs`; `loseResponse` applies the request
 * and then resets the connection; a `truncated` body ends half way. Lies: `dropNextPage`, `repeatOffset` (the
 * next page is this one), `endlessOffset` (there is always a next page), `totalResultsBy`, `ignoreWrite` (success,
 * and nothing changed), `staleForMs` (after this write, reads show the person as before).
 */
const effectSchema = Type.Object(
  {
    status: Type.Optional(Type.Integer({ minimum: 200, maximum: 599 })),
    message: Type.Optional(shortText),
    retryAfter: Type.Optional(
      Type.Union([count, shortText], { description: 'Seconds, or whatever a test wants to see handled.' }),
    ),
    body: Type.Optional(Type.Enum(['html', 'truncated', 'error200', 'huge', 'empty'])),
    resetConnection: Type.Optional(Type.Boolean()),
    loseResponse: Type.Optional(Type.Boolean()),
    delayMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 600_000 })),
    dropNextPage: Type.Optional(Type.Boolean()),
    repeatOffset: Type.Optional(Type.Boolean()),
    endlessOffset: Type.Optional(Type.Boolean()),
    totalResultsBy: Type.Optional(Type.Integer({ minimum: -1_000_000_000, maximum: 1_000_000_000 })),
    ignoreWrite: Type.Optional(Type.Boolean()),
    staleForMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400_000 })),
  },
  { additionalProperties: false },
);

const faultSchema = Type.Object(
  { match: matchSchema, effect: effectSchema },
  { additionalProperties: false },
);

export type FaultMatch = Static<typeof matchSchema>;
export type FaultEffect = Static<typeof effectSchema>;
export type Fault = Static<typeof faultSchema>;

export interface FaultSubject {
  readonly method: string;
  readonly path: string;
  readonly operation: string;
  readonly token: TokenKind;
}

interface Scheduled {
  readonly id: number;
  readonly fault: Fault;
  readonly pattern: RegExp | null;
  seen: number;
  hits: number;
}

const MOST_FAULTS = 1000;
const NO_EFFECT: FaultEffect = {};

/** The faults that are to come. Every fault counts its own matching requests. */
export class FaultSchedule {
  #scheduled: Scheduled[] = [];
  #lastId = 0;

  /** Adds a fault; returns the id it is removed by. */
  add(fault: Fault): number {
    if (this.#scheduled.length >= MOST_FAULTS)
      throw new InvalidInputError('faults', `at most ${MOST_FAULTS} at a time.`);
    this.#lastId += 1;
    const pattern = fault.match.path === undefined ? null : globToRegExp(fault.match.path);
    this.#scheduled.push({ id: this.#lastId, fault, pattern, seen: 0, hits: 0 });
    return this.#lastId;
  }

  remove(id: number): boolean {
    const before = this.#scheduled.length;
    this.#scheduled = this.#scheduled.filter((scheduled) => scheduled.id !== id);
    return this.#scheduled.length < before;
  }

  clear(): void {
    this.#scheduled = [];
  }

  list(): readonly (Fault & { readonly id: number; readonly hits: number })[] {
    return this.#scheduled.map(({ id, fault, hits }) => ({ id, hits, ...fault }));
  }

  /** What befalls this request: the effects of every fault that hits it, later ones first. */
  strike(subject: FaultSubject): FaultEffect {
    let effect = NO_EFFECT;
    for (const scheduled of this.#scheduled) {
      if (fits(scheduled, subject) && isDue(scheduled)) effect = { ...effect, ...scheduled.fault.effect };
    }
    return effect;
  }
}

function fits({ fault, pattern }: Scheduled, subject: FaultSubject): boolean {
  const { method, operation, token } = fault.match;
  if (method !== undefined && method.toUpperCase() !== subject.method) return false;
  if (operation !== undefined && operation !== subject.operation) return false;
  if (token !== undefined && token !== subject.token) return false;
  return pattern === null || pattern.test(subject.path);
}

/** Counts a request that fits, and says whether the fault hits it. */
function isDue(scheduled: Scheduled): boolean {
  const { nth, after = nth === undefined ? 0 : nth - 1, times = 1 } = scheduled.fault.match;
  scheduled.seen += 1;
  if (scheduled.seen <= after) return false;
  if (times > 0 && scheduled.hits >= times) return false;
  scheduled.hits += 1;
  return true;
}

function globToRegExp(glob: string): RegExp {
  const escaped = glob.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`);
}

/**
 * A fault out of untrusted JSON: `{"match": {…}, "effect": {…}}`.
 * @throws InvalidInputError naming the first member that is unknown or has a wrong value
 */
export function parseFault(given: unknown): Fault {
  return readChecked('fault', faultSchema, given);
}
