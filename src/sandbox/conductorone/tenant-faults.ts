import { Code } from '@connectrpc/connect';
import { type Static, Type } from 'typebox';
import { InvalidInputError } from '../../core/errors.ts';
import { readChecked } from '../checked.ts';
import { FaultSchedule } from '../fault-schedule.ts';

/** The calls that faults can match; `Token` is the token endpoint. */
export const calls = ['Token', 'Hello', 'GetTask', 'Heartbeat', 'FinishTask', 'UploadAsset'] as const;
export type Call = (typeof calls)[number];

/** The names of gRPC codes, e.g. `Unavailable`. */
const codeNames = Object.keys(Code).filter((name) => /^[A-Z]/i.test(name));

const count = Type.Integer({ minimum: 0, maximum: 1_000_000_000 });

/** Which calls a fault hits: those that match every given member. */
const matchSchema = Type.Object(
  {
    call: Type.Optional(Type.Enum([...calls])),
    nth: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000 })),
    after: Type.Optional(count),
    times: Type.Optional(count),
  },
  { additionalProperties: false },
);

/**
 * The effect of a fault on a call.
 *
 * Instead of an answer: `code` (a gRPC status, with `message`), `html` (a gateway's page, with HTTP `status` 502 or
 * another), `status` alone (an HTTP status without a body), `reset` (the stream is reset and nothing is done),
 * `cutAtPiece` (an upload's stream is reset after its n-th piece of data). With an answer: `delayMs`; `loseAnswer`
 * carries the call out and then resets the stream.
 */
const effectSchema = Type.Object(
  {
    code: Type.Optional(Type.Enum(codeNames)),
    message: Type.Optional(Type.String({ maxLength: 1000 })),
    html: Type.Optional(Type.Boolean()),
    status: Type.Optional(Type.Integer({ minimum: 200, maximum: 599 })),
    reset: Type.Optional(Type.Boolean()),
    loseAnswer: Type.Optional(Type.Boolean()),
    cutAtPiece: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    delayMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 600_000 })),
  },
  { additionalProperties: false },
);

const faultSchema = Type.Object(
  { match: matchSchema, effect: effectSchema },
  { additionalProperties: false },
);

export type TenantFault = Static<typeof faultSchema>;
export type TenantEffect = Static<typeof effectSchema>;

/** The scheduled faults of the simulated ConductorOne. */
export class TenantFaults extends FaultSchedule<TenantFault, Call> {
  protected override prepare({ call }: TenantFault['match']): (subject: Call) => boolean {
    return (subject) => call === undefined || call === subject;
  }
}

/** Returns the gRPC code with this name. */
export function codeNamed(name: string): Code {
  const value: unknown = Reflect.get(Code, name);
  return typeof value === 'number' ? value : Code.Unknown;
}

/**
 * Reads a fault from untrusted JSON: `{"match": {…}, "effect": {…}}`.
 * @throws InvalidInputError naming the first member that is unknown or has a wrong value
 */
export function parseTenantFault(given: unknown): TenantFault {
  const fault = readChecked('fault', faultSchema, given);
  const { call } = fault.match;
  const { code, cutAtPiece } = fault.effect;
  if (call === 'Token' && code !== undefined)
    throw new InvalidInputError('code', 'is for gRPC calls; a token request takes status.');
  if (call !== 'UploadAsset' && cutAtPiece !== undefined)
    throw new InvalidInputError('cutAtPiece', 'is for UploadAsset.');
  return fault;
}
