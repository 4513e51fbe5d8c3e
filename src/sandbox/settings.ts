import { type Static, Type } from 'typebox';
import { readChecked } from './checked.ts';

const flag = (description: string) => Type.Boolean({ description });
const upTo = (maximum: number, description: string) => Type.Integer({ minimum: 0, maximum, description });

/**
 * The behaviour of the sandbox that can be changed while it runs. Where no public source says how Asana behaves, there
 * is a setting, so that a client can be tried against both variants.
 */
const settingsSchema = Type.Object(
  {
    latencyMs: upTo(600_000, 'Milliseconds every answer is held back.'),
    requestsPerMinute: upTo(
      10_000_000,
      'Requests a token may make in any 60 s (Asana: 150 free, 1,500 paid); 0 = no limit.',
    ),
    readsInFlight: upTo(100_000, 'GET requests a token may have in flight (Asana: 50); 0 = no limit.'),
    writesInFlight: upTo(100_000, 'Other requests a token may have in flight (Asana: 15); 0 = no limit.'),
    viewOnlyDomain: flag('SCIM returns and accepts userType only in such a domain; elsewhere it is ignored.'),
    inactiveMemberships: flag(
      'Whether membership listings show those of people who left (disputed among Asana users).',
    ),
    keepDeprovisioned: flag('Whether SCIM keeps deprovisioned users, with active: false, or drops them.'),
    scimPaging: flag('Whether SCIM listings honour startIndex and count (Asana documents neither).'),
    newUserLicense: Type.String({
      maxLength: 100,
      description: 'License of somebody created without one being asked for.',
    }),
    enterpriseSeats: Type.Union([upTo(10_000_000, ''), Type.Null()], {
      description: 'Enterprise licenses that were bought; null = as many as asked for.',
    }),
    scimOnlyReads: flag(
      'Whether the SCIM-only token has the permissions Users: Read and Teams: Read alone, and changes nothing.',
    ),
    serviceAccountNeedsTeam: flag('Whether a service account, too, must be in a team to change its members.'),
  },
  { additionalProperties: false },
);

/** `Type.Partial` drops `additionalProperties: false`, so it is set again here. */
const partialSchema = Type.Partial(settingsSchema, { additionalProperties: false });

export type Settings = Static<typeof settingsSchema>;

export const defaultSettings: Readonly<Settings> = {
  latencyMs: 0,
  requestsPerMinute: 1500,
  readsInFlight: 50,
  writesInFlight: 15,
  viewOnlyDomain: true,
  inactiveMemberships: true,
  keepDeprovisioned: false,
  scimPaging: true,
  newUserLicense: 'enterprise',
  enterpriseSeats: null,
  scimOnlyReads: false,
  serviceAccountNeedsTeam: false,
};

/**
 * Applies untrusted `changes` to `settings`: all of them or none.
 * @throws InvalidInputError naming the first setting that is unknown or out of bounds
 */
export function changeSettings(settings: Settings, changes: unknown): void {
  Object.assign(settings, readChecked('settings', partialSchema, changes));
}
