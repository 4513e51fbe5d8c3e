import { type Static, Type } from 'typebox';
import { readChecked } from '../checked.ts';

/** Longer than any test waits. */
const HOUR_MS = 3_600_000;
const HOUR_S = 3600;
/** A century, which keeps every shifted time within the range of a date. */
const LARGEST_SKEW_MS = 100 * 365 * 24 * HOUR_MS;

/** The behaviour of the tenant that can be changed while it runs. */
const settingsSchema = Type.Object(
  {
    tokenLifetimeS: Type.Integer({
      minimum: 1,
      maximum: 24 * HOUR_S,
      description: 'Seconds an access token is good for (ConductorOne: 600).',
    }),
    credentialsValid: Type.Boolean({
      description: 'False: the credentials are revoked, and tokens with them.',
    }),
    nextPollMs: Type.Integer({ minimum: 0, maximum: HOUR_MS, description: 'next_poll of GetTask.' }),
    nextHeartbeatMs: Type.Integer({
      minimum: 0,
      maximum: HOUR_MS,
      description: 'next_heartbeat of GetTask and Heartbeat; 0 = the connector chooses.',
    }),
    leaseMs: Type.Integer({
      minimum: 1,
      maximum: 24 * HOUR_MS,
      description: 'How long a task stays with an instance that does not send heartbeats.',
    }),
    anomalyPercent: Type.Integer({
      minimum: 1,
      maximum: 101,
      description: 'An upload is held when a count falls by so much; 101 = never.',
    }),
    latencyMs: Type.Integer({
      minimum: 0,
      maximum: HOUR_MS,
      description: 'Every answer is held back so long.',
    }),
    skewMs: Type.Integer({
      minimum: -LARGEST_SKEW_MS,
      maximum: LARGEST_SKEW_MS,
      description: "How far ConductorOne's clock is ahead of the machine's.",
    }),
  },
  { additionalProperties: false },
);

/** `Type.Partial` drops `additionalProperties: false`, so it is set again here. */
const partialSchema = Type.Partial(settingsSchema, { additionalProperties: false });

export type TenantSettings = Static<typeof settingsSchema>;

/** ConductorOne releases tasks "after a few minutes", and holds a sync whose counts fall by about half. */
export const defaultTenantSettings: Readonly<TenantSettings> = {
  tokenLifetimeS: 600,
  credentialsValid: true,
  nextPollMs: 1000,
  nextHeartbeatMs: 10_000,
  leaseMs: 180_000,
  anomalyPercent: 50,
  latencyMs: 0,
  skewMs: 0,
};

/**
 * Reads changes from untrusted JSON: all of them or none.
 * @throws InvalidInputError naming the first setting that is unknown or out of bounds
 */
export function readTenantSettings(changes: unknown): Partial<TenantSettings> {
  return readChecked('settings', partialSchema, changes);
}
