import { formatTime } from '../../../src/core/clock.ts';
import type {
  Answer,
  Demand,
  RecordedHold,
  RemovalLimits,
} from '../../../src/provisioning/removals/demand.ts';
import { Organizations } from '../../../src/provisioning/removals/organizations.ts';
import type { RemovalsRecord } from '../../../src/provisioning/removals/record.ts';
import { readRecord, type UncheckedRecord } from '../../../src/provisioning/removals/record-reading.ts';
import { RemovalDesk } from '../../../src/provisioning/removals/removal-desk.ts';

export const HOUR = 3_600_000;
/** The start time of these tests: a whole second, since a status stores whole seconds. */
export const START = Date.parse('2026-11-02T08:00:00Z');
export const ORGANIZATION = '1200';

export function limitsOf(changes: Partial<RemovalLimits> = {}): RemovalLimits {
  return { percent: 0, atLeast: 5, windowMs: HOUR, maxDeprovisions: 5, ...changes };
}

/** Returns a demand to end a license of a person without other rights, unless overridden. */
export function demandOf(id: string, changes: Partial<Demand> = {}): Demand {
  return {
    id,
    person: `${ORGANIZATION}/${id}`,
    organization: ORGANIZATION,
    who: `${id}@acme.com`,
    action: 'RevokeEnterprise',
    what: `RevokeEnterprise (grant iga/${id})`,
    deprovision: false,
    ends: true,
    onTime: false,
    content: '1 RevokeEnterprise Deleted',
    recorded: null,
    ...changes,
  };
}

/** Returns the ids of so many grants. */
export function grantIds(count: number, prefix = 'g'): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

export interface DeskRig {
  readonly limits?: Partial<RemovalLimits>;
  readonly record?: UncheckedRecord;
  readonly organizations?: Organizations;
  /** The number of people, `staff0` and so on, with one applied right each that stays. Default 100. */
  readonly staff?: number;
  /** Ids of applied grants, one per person. */
  readonly applied?: readonly string[];
  /** True if not every grant was decided yet. */
  readonly unseen?: boolean;
  /** The prefix of the ids of its holds. */
  readonly holds?: string;
  readonly now?: number;
  /** The monotonic clock. By default it advances so much between two calls that only the wall clock matters. */
  readonly monotonic?: () => number;
}

/** Returns a desk at which every grant was decided, with a hundred people who stay. */
export function deskOf(rig: DeskRig = {}): RemovalDesk {
  const {
    limits,
    record,
    organizations = new Organizations({ monotonic: () => 0, now: () => 0 }),
    now = START,
  } = rig;
  let holds = 0;
  const newHoldId = () => {
    holds += 1;
    return `${rig.holds ?? 'hold'}${holds}`;
  };
  const restored = readRecord(record, now);
  let passed = 0;
  const ages = () => {
    passed += 1_000 * HOUR;
    return passed;
  };
  const monotonic = rig.monotonic ?? ages;
  const desk = new RemovalDesk({ limits: limitsOf(limits), organizations, monotonic, newHoldId, restored });
  for (const id of grantIds(rig.staff ?? 100, 'staff')) desk.roster.apply(id, `${ORGANIZATION}/${id}`);
  for (const id of rig.applied ?? []) desk.roster.apply(id, `${ORGANIZATION}/${id}`);
  if (!rig.unseen) desk.allSeen(now);
  return desk;
}

/** Returns a desk with the hold `hold1` of six removals, `g0` to `g5`, which began at the fifth. */
export function deskWithHold(rig: DeskRig = {}): RemovalDesk {
  const desk = deskOf({ ...rig, limits: { atLeast: 4, ...rig.limits } });
  for (const id of grantIds(6)) desk.ask(demandOf(id), rig.now ?? START);
  return desk;
}

/** Returns the window in a status in which so many people had a removal. */
export function recordOf(done: number, changes: Partial<RemovalsRecord> = {}): RemovalsRecord {
  return {
    removals: {
      windowStartedAt: formatTime(START),
      done,
      pending: 0,
      limit: 5,
      baseline: 100,
      deprovisions: 0,
    },
    ...changes,
  };
}

const CONTENT = demandOf('any').content;

/** Returns the hold in the status of a grant that joined with the n-th change. */
export function recordedAs(n: number, answer: Answer | null = null, id = 'hold1'): RecordedHold {
  return { id, n, content: CONTENT, answer };
}

/** Asks the desk, and returns its verdict in one line. */
export function verdictOf(desk: RemovalDesk, id: string, changes: Partial<Demand> = {}, now = START): string {
  const verdict = desk.ask(demandOf(id, changes), now);
  return 'hold' in verdict ? `${verdict.kind} ${verdict.hold}` : verdict.kind;
}

/** Returns the reasons of the holds in the connector's status. */
export const reasonsOf = (desk: RemovalDesk) => desk.toRecord().holds?.map(({ reason }) => reason) ?? [];
