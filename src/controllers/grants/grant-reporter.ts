import { newlyStalled } from '../../api/conditions.ts';
import { fitStatus } from '../../api/fit-status.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { formatTime } from '../../core/clock.ts';
import type { Counter } from '../../core/meter.ts';
import { rulesOf } from '../../provisioning/actions.ts';
import type { Decision } from '../../provisioning/decision.ts';
import type { BegunAttempts } from './begun-attempts.ts';
import type { GrantDeps, GrantSubject } from './grant-context.ts';
import { connectorKeyOf, connectorLabelsOf } from './grant-identity.ts';
import { type GrantFindings, grantStatus } from './grant-status.ts';
import type { KnownGrant } from './grant-stores.ts';
import { noticeAt } from './grant-time.ts';

/** Writes the status of grants, as the only place that does, and emits events for what a person should know. */
export class GrantReporter {
  readonly #deps: Pick<GrantDeps, 'connectors' | 'writer' | 'events' | 'touchConnector' | 'clock'>;
  readonly #begun: BegunAttempts;
  readonly #expiring: Counter;
  readonly #drifts: Counter;

  constructor(
    deps: Pick<GrantDeps, 'connectors' | 'writer' | 'events' | 'touchConnector' | 'clock' | 'meter'>,
    begun: BegunAttempts,
  ) {
    this.#deps = deps;
    this.#begun = begun;
    this.#drifts = deps.meter.counter(
      'drift_total',
      'Changes made outside of this operator and reverted by it.',
      ['namespace', 'connector'],
    );
    this.#expiring = deps.meter.counter('expires_soon_total', 'Number of ExpiresSoon events of grants.', [
      'namespace',
      'connector',
    ]);
  }

  /**
   * Writes the status if anything in it changed.
   * @returns the updated object
   */
  async report({ kind, object }: KnownGrant, findings: GrantFindings): Promise<GrantObject> {
    const { writer, clock, touchConnector } = this.#deps;
    const now = clock.now();
    const soon = this.#endsSoon(object, now);
    const told = soon ? { expiresSoonToldAt: formatTime(now) } : {};
    const lastAction = findings.lastAction ?? this.#begun.closed(object);
    const status = fitStatus(
      kind.status,
      grantStatus(kind, object, { ...findings, ...told, lastAction }, now),
    );
    const written = await writer(kind).writeStatus(object, status);
    if (written === object) return object;
    touchConnector(connectorKeyOf(object), 'Counts');
    if (soon) this.#tellEnd({ kind, object: written }, status.expiresAt ?? '');
    if (newlyStalled(object.status?.conditions, written.status?.conditions))
      this.tell({ kind, object: written }, 'Warning', findings.outcome.reason, findings.outcome.message);
    return written;
  }

  tell(
    { kind, object }: KnownGrant,
    type: 'Normal' | 'Warning',
    reason: string,
    note: string,
    action?: string,
  ): void {
    this.#deps.events.record(kind.resource, object, type, reason, note, action);
  }

  /** Emits the event of an action that was carried out; correcting a change made by others is a Warning. */
  tellDone(
    { kind, object, connector }: GrantSubject,
    { action, drift }: Extract<Decision, { kind: 'Act' }>,
    message: string,
  ): void {
    const known = { kind, object };
    if (!drift) return this.tell(known, 'Normal', rulesOf(action).event, message, action.type);
    const { namespace, name } = connector.metadata;
    this.#drifts.add(1, { namespace, connector: name });
    this.tell(
      known,
      'Warning',
      'DriftCorrected',
      `${message} The access had been changed outside of this operator.`,
      action.type,
    );
  }

  #endsSoon(object: GrantObject, now: number): boolean {
    const at = noticeAt(object);
    const end = object.status?.expiresAt;
    return at !== null && at <= now && end !== undefined && now < Date.parse(end);
  }

  #tellEnd(known: KnownGrant, end: string): void {
    this.#expiring.add(1, connectorLabelsOf(known.object, this.#deps.connectors));
    const note = `The grant ends at ${end}. To extend it, set a later spec.expiresAt or a longer spec.duration.`;
    this.tell(known, 'Normal', 'ExpiresSoon', note);
  }
}
