import type { Clock } from '../core/clock.ts';
import type { ObjectIdentity } from './grant.ts';

/** The origin of a change: a declared object or a ConductorOne task. */
export type Requester =
  | ({ readonly type: 'Object' } & ObjectIdentity)
  | { readonly type: 'Task'; readonly taskId: string };

/** The audit record of one change in Asana, or of one release. */
export interface AuditRecord {
  readonly kind: 'Change' | 'Release';
  /** The action's id, also in `status.lastAction.id`; `null` for a release. */
  readonly id: string | null;
  /** `GrantEnterprise`, …; for a release its reason. */
  readonly action: string;
  /** The connector that it was carried out for, in whose organization the account's gid is valid. */
  readonly connector: { readonly namespace: string; readonly name: string };
  readonly requester: Requester;
  readonly account: { readonly gid: string | null; readonly email: string | null };
  /** The gid of the team or workspace that is changed; `null` for the organization. */
  readonly place: string | null;
  /** What the account held before, and holds after: a license, a role, `Active`; `null` for nothing. */
  readonly before: string | null;
  readonly after: string | null;
  readonly result: string;
  /** The grant's `spec.reason`. */
  readonly reason: string | null;
  /** Asana's ids of the requests, as far as it sent any. */
  readonly requestIds: readonly string[];
}

/** A line of the audit log. */
export interface AuditLine extends AuditRecord {
  /** The version of the format; it also distinguishes the line from other log lines. */
  readonly audit: typeof AUDIT_FORM;
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
}

/** The version of the format. It changes if a field is removed or changes its meaning. */
export const AUDIT_FORM = 'v1';

/** Receives each audit line: one JSON object, without a line break. It never throws. */
export type AuditSink = (line: string) => void;

/** Records changes and releases. */
export type Auditor = Pick<AuditLog, 'write'>;

/** Writes one JSON line per change and per release, without secrets: requests are named by Asana's ids only. */
export class AuditLog {
  readonly #sink: AuditSink;
  readonly #clock: Clock;

  constructor(sink: AuditSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  write(record: AuditRecord): void {
    const time = new Date(this.#clock.now()).toISOString();
    const line: AuditLine = { audit: AUDIT_FORM, time, ...record };
    this.#sink(JSON.stringify(line));
  }
}
