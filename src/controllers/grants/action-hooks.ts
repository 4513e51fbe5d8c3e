import type { AsanaLicenseGrant } from '../api/asana-license-grant.ts';
import { REVOKE_FINALIZER } from '../api/resources.ts';
import { formatTime } from '../core/clock.ts';
import type { FreshAccount } from '../directory/reader.ts';
import { keyOf } from '../kubernetes/resource.ts';
import { decideLicense } from '../provisioning/decide-license.ts';
import type { Decision } from '../provisioning/decision.ts';
import type { ActionHooks } from '../provisioning/executor.ts';
import { ClockSkewError, FencedError, NotExpiredYetError } from './grant-faults.ts';
import { lastActionOf } from './license-action-record.ts';
import { type GrantCase, type GrantDeps, openCase } from './license-grant-context.ts';
import { type GrantFindings, grantStatus } from './license-grant-status.ts';
import { isExpired } from './license-grant-view.ts';

type Act = Extract<Decision, { kind: 'Act' }>;

/** Asana's clock and ours may differ by so much before an expiry is not judged (DESIGN §4). */
const TOLERATED_SKEW_MS = 60_000;

/** The hooks of one action: they keep the object abreast of what is written while the action goes on. */
export class LicenseActionHooks implements ActionHooks {
  readonly #deps: GrantDeps;
  readonly #subject: GrantCase;
  readonly #decision: Act;
  object: AsanaLicenseGrant;

  constructor(deps: GrantDeps, subject: GrantCase, decision: Act) {
    this.#deps = deps;
    this.#subject = subject;
    this.#decision = decision;
    this.object = subject.object;
  }

  fence(): void {
    const { leadership, grants, connectors, registry } = this.#deps;
    const { object, connector, connectorKey, session } = this.#subject;
    if (!leadership.leads) throw new FencedError('This process does not lead (any more).');
    if (leadership.stoppedUntil !== null)
      throw new FencedError('The lease says that nobody acts now: the release is being uninstalled.');
    const now = grants.get(keyOf(object));
    if (now?.metadata.uid !== object.metadata.uid || now.metadata.generation !== object.metadata.generation) {
      throw new FencedError('The grant has changed since it was decided.');
    }
    const owner = connectors.get(connectorKey);
    if (
      owner?.metadata.uid !== connector.metadata.uid ||
      owner.metadata.generation !== connector.metadata.generation
    ) {
      throw new FencedError('The connector has changed since the grant was decided.');
    }
    if (registry.find(connectorKey) !== session) throw new FencedError('The connector was replaced.');
  }

  confirm(fresh: FreshAccount): boolean {
    const { clock, grants } = this.#deps;
    if (this.#subject.view.ending?.because === 'Expired') {
      if (fresh.asanaDate === null) throw new ClockSkewError(null);
      const skew = clock.now() - fresh.asanaDate;
      if (Math.abs(skew) > TOLERATED_SKEW_MS) throw new ClockSkewError(skew);
      const early = this.#subject.view.ending.at - fresh.asanaDate;
      if (early > 0) throw new NotExpiredYetError(early);
    }
    const current = grants.get(keyOf(this.object));
    if (!current) return false;
    const again = openCase(this.#deps, current, this.#subject.connector);
    const decision = decideLicense(again.view, again.context);
    return (
      decision.kind === 'Act' &&
      decision.action.type === this.#decision.action.type &&
      decision.action.gid === this.#decision.action.gid
    );
  }

  async recordIntent(id: string): Promise<void> {
    const { writer, clock } = this.#deps;
    const { action, drift, message, account } = this.#decision;
    this.object = await writer.addFinalizer(this.object, REVOKE_FINALIZER);
    const now = clock.now();
    const findings: GrantFindings = {
      outcome: {
        reason: 'Progressing',
        message,
        drifted: drift ? message : null,
        expired: isExpired(this.object, now),
      },
      account: account ?? undefined,
      planned: { action: action.type, reason: message, ...heldBy(this.object) },
      lastAction: lastActionOf(this.#decision, id, formatTime(now), 'Pending'),
    };
    this.object = await writer.writeStatus(this.object, grantStatus(this.object, findings, now));
  }
}

/** The hold that a person acknowledged stays on record until the action is done. */
function heldBy({ status }: AsanaLicenseGrant): { hold?: string } {
  return status?.planned?.hold === undefined ? {} : { hold: status.planned.hold };
}
