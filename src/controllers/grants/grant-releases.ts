import type { AsanaLicenseGrant } from '../api/asana-license-grant.ts';
import { asanaLicenseGrants, REVOKE_FINALIZER } from '../api/resources.ts';
import type { Counter } from '../core/meter.ts';
import { splitKey } from '../kubernetes/resource.ts';
import { connectorKeyOf } from './identity.ts';
import type { GrantDeps } from './license-grant-context.ts';

/** Why a grant is let go, as metrics, events and audit lines tell it. */
interface Cause {
  readonly reason: string;
  readonly message: string;
}

/** Lets grants go and leaves Asana as it is: each time with an event, a metric and an audit line. */
export class GrantReleases {
  readonly #deps: Pick<GrantDeps, 'writer' | 'events' | 'audit'>;
  readonly #counter: Counter;

  constructor(deps: Pick<GrantDeps, 'writer' | 'events' | 'audit' | 'meter'>) {
    this.#deps = deps;
    this.#counter = deps.meter.counter('releases_total', 'Grants let go without acting in Asana.', [
      'namespace',
      'connector',
      'reason',
    ]);
  }

  /** Removes the finalizer, and says so. */
  async release(object: AsanaLicenseGrant, cause: Cause, warning: boolean): Promise<void> {
    await this.#deps.writer.removeFinalizer(object, REVOKE_FINALIZER);
    this.record(object, cause, warning);
  }

  /** Says that a grant was let go. */
  record(object: AsanaLicenseGrant, { reason, message }: Cause, warning: boolean): void {
    const { events, audit } = this.#deps;
    const { namespace, name, uid, generation } = object.metadata;
    const connector = splitKey(connectorKeyOf(object));
    this.#counter.add(1, { namespace: connector.namespace, connector: connector.name, reason });
    events.record(asanaLicenseGrants, object, warning ? 'Warning' : 'Normal', 'Released', message);
    audit.write({
      kind: 'Release',
      id: null,
      action: reason,
      requester: { type: 'Object', kind: asanaLicenseGrants.kind, namespace, name, uid, generation },
      account: {
        gid: object.status?.user?.gid ?? null,
        email: object.status?.user?.email ?? object.spec.user.email ?? null,
      },
      before: object.status?.applied?.license ?? null,
      after: object.status?.observed?.license ?? null,
      result: 'Released',
      reason: object.spec.reason ?? null,
      requestIds: [],
    });
  }
}
