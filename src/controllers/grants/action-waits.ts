import type { GrantObject } from '../../api/kinds.ts';
import type { GrantReason } from '../../api/reasons.ts';
import type { AsanaSession } from '../../asana/session.ts';
import { isRemoval } from '../../provisioning/actions.ts';
import type { Decision } from '../../provisioning/decision.ts';
import { withWayOut } from '../../provisioning/grant-case.ts';
import { type HoldFields, keptFields } from '../removals/kept-removal.ts';
import { fingerprintOf } from './action-record.ts';
import type { GrantSubject } from './grant-context.ts';
import type { GrantReporter } from './grant-reporter.ts';
import type { GrantFindings } from './grant-status.ts';

type Act = Extract<Decision, { kind: 'Act' }>;
type More = Omit<Partial<GrantFindings>, 'planned'> & { readonly planned?: HoldFields };
type Wait = { readonly kind: 'Wait'; readonly afterMs: number | null };

/** An action that Asana refused, and its circumstances. */
interface Refusal {
  readonly fingerprint: string;
  /** The clients whose credentials were refused. */
  readonly asana: AsanaSession | null;
  readonly reason: GrantReason;
  readonly message: string;
}

/** Writes to the status why an action waits. */
export class ActionWaits {
  readonly #reporter: GrantReporter;
  /** The refusals by uid. An action is tried again when any of its circumstances change, and after a restart. */
  readonly #refused = new Map<string, Refusal>();

  constructor(reporter: GrantReporter) {
    this.#reporter = reporter;
  }

  forget(uid: string): void {
    this.#refused.delete(uid);
  }

  /** Records a refusal by Asana: the action is not tried again until something that a person can change has changed. */
  refuse(
    subject: GrantSubject,
    decision: Act,
    { reason, message, findings }: Pick<Refusal, 'reason' | 'message'> & { readonly findings: More },
  ): Promise<Wait> {
    const fingerprint = fingerprintOf(subject, decision.action);
    const asana = subject.session?.asana ?? null;
    this.#refused.set(subject.object.metadata.uid, { fingerprint, asana, reason, message });
    return this.say(subject, decision, reason, message, null, findings);
  }

  /** Reports a standing refusal again, since the status may say something else by now; `null` if none stands. */
  repeatRefusal(subject: GrantSubject, decision: Act): Promise<Wait> | null {
    const { uid } = subject.object.metadata;
    const refusal = this.#refused.get(uid);
    const isAsItWas =
      refusal?.fingerprint === fingerprintOf(subject, decision.action) &&
      refusal.asana === (subject.session?.asana ?? null);
    if (!isAsItWas) {
      this.#refused.delete(uid);
      return null;
    }
    return this.say(subject, decision, refusal.reason, refusal.message, null);
  }

  /** Writes why the action waits. @returns when to try again */
  async say(
    subject: GrantSubject,
    decision: Act,
    reason: GrantReason,
    message: string,
    afterMs: number | null,
    more: More = {},
  ): Promise<Wait> {
    await this.write(subject, decision, reason, message, more);
    return { kind: 'Wait', afterMs };
  }

  /** Writes the same for an action that continues at once. @returns the updated object */
  write(
    { kind, object, context, view }: GrantSubject,
    { action, message: why, drift, account, right, observed }: Act,
    reason: GrantReason,
    message: string,
    more: More = {},
  ): Promise<GrantObject> {
    const { planned = isRemoval(action) ? keptFields(object) : {}, ...findings } = more;
    return this.#reporter.report(
      { kind, object },
      {
        ...findings,
        outcome: { reason, message: withWayOut(view, message), drifted: drift ? why : null },
        account: account ?? undefined,
        right,
        observed,
        reading: context.reading,
        planned: { action: action.type, reason: why, ...planned },
      },
    );
  }
}
