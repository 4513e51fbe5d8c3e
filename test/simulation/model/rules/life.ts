import type { Site } from '../../asana/site.ts';
import { isRemoval } from '../effect.ts';
import { deletionPolicyOf } from '../kinds.ts';
import { durationMs, type Grant, hasBegun } from '../objects.ts';
import { ofGrant, type Rule } from '../rule.ts';

const FINALIZER = 'asana-connector.dev/revoke';
/** If clocks differ by more, no instant is judged: 60 s, and the second that a header of whole seconds loses. */
const TOLERATED_SKEW_MS = 61_000;

/** Rules about the life of an object: its finalizer, its times, its generation. */
export const lifeRules: readonly Rule[] = [
  {
    name: 'FinalizerFirst',
    sentence: 'a grant has the finalizer before any change is sent for it',
    broken: ofGrant((_, { metadata }) =>
      metadata.finalizers?.includes(FINALIZER) ? null : 'the object has no finalizer',
    ),
  },
  {
    name: 'AsanaTellsTime',
    sentence:
      "starts and ends take effect by Asana's clock, and not while the clocks differ by more than 60 s",
    broken: ofGrant(({ facts, site, effect, request }, grant) => {
      const looked = effect.gid === null ? null : facts.lookedAt(request.by, effect.gid);
      if (looked === null || looked <= facts.clocksMovedAt(site)) return null;
      if (isRemoval(effect) && facts.hasEnded(grant))
        return facts.hasExpired(grant) ? describeTime(site, endOf(grant)) : null;
      return describeTime(site, beginningOf(grant));
    }),
  },
  {
    name: 'DurationBound',
    sentence: 'access that would last longer than `maxDuration` is not given',
    broken: ofGrant(({ facts, connector, effect }, grant) => {
      const { maxDuration } = connector.spec.provisioning ?? {};
      if (maxDuration === undefined || isRemoval(effect)) return null;
      const lasts = lastsMs(grant, facts.witness.now());
      // A grant that has begun continues under the limit of that time: `lasts` is null.
      return lasts !== null && lasts > durationMs(maxDuration, 0) + TOLERATED_SKEW_MS
        ? `it would last ${Math.round(lasts / 60_000)} min, and maxDuration is ${maxDuration}`
        : null;
    }),
  },
  {
    name: 'AbsentOnce',
    sentence: 'an object with `ensure: Absent` deprovisions once per generation and per `requestedAt`',
    broken: ofGrant(({ facts, effect, holding }, grant) => {
      if (grant.spec.ensure !== 'Absent' || effect.type !== 'Deprovision' || !holding?.active) return null;
      const before = facts.changes.findLast(
        ({ owner, effect: { type }, at }) =>
          owner === grant.metadata.uid && type === 'Deprovision' && at >= facts.generationAt(grant),
      );
      if (!before || (facts.requestedAt(grant.metadata.uid) ?? before.at) > before.at) return null;
      return 'this generation has already deprovisioned';
    }),
  },
];

/** Returns how long a live object will last after it begins; `null` if it has begun already, or is exempt. */
function lastsMs(grant: Grant, now: number): number | null {
  const { spec, status, metadata } = grant;
  if (metadata.deletionTimestamp !== undefined || status?.applied || spec.ensure === 'Absent') return null;
  if (deletionPolicyOf(grant) === 'Retain') return Number.POSITIVE_INFINITY;
  if (spec.expiresAt === undefined)
    return spec.duration === undefined ? Number.POSITIVE_INFINITY : durationMs(spec.duration, 0);
  const begins = spec.startsAt === undefined ? now : Date.parse(spec.startsAt);
  return Date.parse(spec.expiresAt) - begins;
}

/** Returns when an object ends; `null` if it was deleted, or has no end. */
function endOf({ metadata, spec, status }: Grant): number | null {
  if (metadata.deletionTimestamp !== undefined) return null;
  const end = spec.expiresAt ?? (spec.duration === undefined ? undefined : status?.expiresAt);
  return end === undefined ? null : Date.parse(end);
}

function beginningOf(grant: Grant): number | null {
  const { startsAt } = grant.spec;
  return startsAt === undefined || hasBegun(grant) ? null : Date.parse(startsAt);
}

function describeTime({ time }: Site, instant: number | null): string | null {
  if (instant === null) return null;
  if (Math.abs(time.skewMs) > TOLERATED_SKEW_MS) return `the clocks differ by ${time.skewMs} ms`;
  const early = instant - time.now();
  return early > 1_000 ? `it is ${Math.round(early / 1000)} s too early by Asana's clock` : null;
}
