import type { Clock } from '../core/clock.ts';
import type { ObjectIdentity } from './grant.ts';

/** Who asked for a change: a declared object, or a ConductorOne task. */
export type Requester =
  | ({ readonly type: 'Object' } & ObjectIdentity)
  | { readonly type: 'Task'; readonly taskId: string };

/** One change in Asana, or one release, as it is told to auditors. */
export interface AuditRecord {
  readonly kind: 'Change' | 'Release';
  /** The action's id, also in `status.lastAction.id`; null for a release. */
  readonly id: string | null;
  /** GrantEnterprise, …; for a release why it was let go. */
  readonly action: string;
  /** The connector it was carried out for: an account's gid means somebody in its organization. */
  readonly connector: { readonly namespace: string; readonly name: string };
  readonly requester: Requester;
  readonly account: { readonly gid: string | null; readonly email: string | null };
  /** The team or workspace that is changed, by gid; null where it is the organization. */
  readonly place: string | null;
  /** What was held before and after: a license, a role, `Active`; null for nothing. */
  readonly before: string | null;
  readonly after: string | null;
  readonly result: string;
  /** The grant's `spec.reason`. */
  readonly reason: string | null;
  /** Asana's ids of the requests, where it sent some. */
  readonly requestIds: readonly string[];
}

/** A line of the audit log. */
export interface AuditLine extends AuditRecord {
  /** The form of the line, by which it is told from other lines of a log. */
  readonly audit: typeof AUDIT_FORM;
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
}

/** The form of the lines; a new one when a field goes or changes its meaning. */
export const AUDIT_FORM = 'v1';

/** Where audit lines go: one JSON object a line, without its line break. It never throws. */
export type AuditSink = (line: string) => void;

/** Whoever is told of changes and releases. */
export type Auditor = Pick<AuditLog, 'write'>;

/** Writes one JSON line for each change and each release. Nothing secret is in it: requests are named by Asana's ids. */
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
