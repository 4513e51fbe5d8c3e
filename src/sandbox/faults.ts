import { type Static, Type } from 'typebox';
import { readChecked } from './checked.ts';
import { FaultSchedule } from './fault-schedule.ts';
import { type TokenKind, tokenKinds } from './tokens.ts';

const count = Type.Integer({ minimum: 0, maximum: 1_000_000_000 });
const shortText = Type.String({ maxLength: 1000 });

/** Which requests a fault hits: those that match every given member. */
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
 * The effect of a fault on a request.
 *
 * Instead of an answer: `status` (with `message`, `retryAfter`), a `body` of html, error200 (an error with status 200),
 * huge (64 MiB) or empty, `resetConnection`. With an answer: `delayMs`; `loseResponse` carries the request out and then
 * resets the connection; a `truncated` body ends half way. Wrong answers: `dropNextPage`, `repeatOffset` (the next page
 * is this one again), `endlessOffset` (there is always a next page), `totalResultsBy`, `ignoreWrite` (success, but
 * nothing changes), `staleForMs` (after this write, reads show the person or the team memberships as before).
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

/** The scheduled faults of the simulated Asana. */
export class AsanaFaults extends FaultSchedule<Fault, FaultSubject> {
  protected override prepare({
    method,
    path,
    operation,
    token,
  }: FaultMatch): (subject: FaultSubject) => boolean {
    const pattern = path === undefined ? null : globToRegExp(path);
    return (subject) =>
      (method === undefined || method.toUpperCase() === subject.method) &&
      (operation === undefined || operation === subject.operation) &&
      (token === undefined || token === subject.token) &&
      (pattern === null || pattern.test(subject.path));
  }
}

function globToRegExp(glob: string): RegExp {
  const escaped = glob.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`);
}

/**
 * Reads a fault from untrusted JSON: `{"match": {…}, "effect": {…}}`.
 * @throws InvalidInputError naming the first member that is unknown or has a wrong value
 */
export function parseFault(given: unknown): Fault {
  return readChecked('fault', faultSchema, given);
}
