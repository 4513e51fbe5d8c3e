import { durationMs, formatDuration } from '../../api/duration.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { asanaLicenseGrants } from '../../api/resources.ts';
import { endOf } from '../../controllers/grants/grant-time.ts';
import { formatTime, systemClock } from '../../core/clock.ts';
import { InvalidInputError } from '../../core/errors.ts';
import type { Output } from '../command-line/output.ts';
import { type ClusterFlags, FIELD_MANAGER, withCluster } from './cluster.ts';
import { kindNamed } from './grant-words.ts';
import { writeJson } from './screen.ts';

export interface ExtendFlags extends ClusterFlags {
  readonly until: string;
}

/** `kubectl asana extend GRANT --until T`: moves the end of a grant to a later time. */
export async function extendGrant(name: string, flags: ExtendFlags, output: Output): Promise<void> {
  const until = readTime(flags.until);
  if (until <= systemClock.now()) throw new InvalidInputError('--until', 'must be in the future');
  const { kind, called } = readGrantName(name);
  await withCluster(flags, async ({ client, namespace }) => {
    const grant = await client.get<GrantObject>(kind, namespace, called);
    if (!grant)
      throw new InvalidInputError(
        'GRANT',
        `${kind.kind} ${namespace}/${called} does not exist: correct the name, or specify its namespace with -n`,
      );
    const change = changeOf(grant, until);
    await client.mergePatch(kind, namespace, called, { spec: change }, FIELD_MANAGER);
    if (flags.output === 'json') writeJson(output, { kind: kind.kind, namespace, name: called, ...change });
    else
      output.write(
        `${kind.kind} ${namespace}/${called} now ends at ${formatTime(until)}. If Git manages it, change it there too: ${JSON.stringify(change)}\n`,
      );
  });
}

const RFC_3339 =
  /^(?<day>\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d([.]\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Parses an RFC 3339 time, as used in manifests, into epoch milliseconds.
 * @throws InvalidInputError also for a day that its month does not have, which Date would move into the next month
 */
export function readTime(text: string): number {
  const day = RFC_3339.exec(text)?.groups?.['day'];
  const midnight = Date.parse(`${day}T00:00:00Z`);
  if (day === undefined || Number.isNaN(midnight) || !formatTime(midnight).startsWith(day))
    throw new InvalidInputError('--until', 'must be a time such as 2027-01-31T00:00:00Z');
  return Date.parse(text);
}

/** Parses a grant name such as `atg/design`. A name without a kind is that of a license grant. */
function readGrantName(name: string) {
  const words = name.split('/');
  const [first = '', called] = words;
  const kind = called === undefined ? asanaLicenseGrants : kindNamed(first);
  if (!kind || words.length > 2 || words.includes(''))
    throw new InvalidInputError(
      'GRANT',
      `"${name}" does not name a grant: specify alg/NAME, atg/NAME, awg/NAME or aac/NAME`,
    );
  return { kind, called: called ?? first };
}

/**
 * Returns the spec field that sets the new end: a longer `duration` if the grant has one, else `expiresAt`.
 * @throws InvalidInputError if the grant is being deleted, its end is absent or unknown, or `until` is not later
 */
export function changeOf(grant: GrantObject, until: number): { expiresAt: string } | { duration: string } {
  const { duration } = grant.spec;
  if (grant.metadata.deletionTimestamp !== undefined)
    throw new InvalidInputError(
      'GRANT',
      'is being deleted, which a later end does not prevent: create it again once it is gone',
    );
  // Computed as the operator does, because the recorded end may be older than the last edit of the spec.
  const end = endOf(grant);
  if (end === null)
    throw new InvalidInputError(
      'GRANT',
      duration === undefined
        ? 'has no end: set spec.expiresAt or spec.duration in its manifest'
        : 'has not begun yet, so its end is unknown: set a longer spec.duration in its manifest',
    );
  if (until <= end)
    throw new InvalidInputError('--until', `must be later than the current end, ${formatTime(end)}`);
  if (duration === undefined) return { expiresAt: formatTime(until) };
  const beginning = end - durationMs(duration);
  return { duration: formatDuration(until - beginning) };
}
