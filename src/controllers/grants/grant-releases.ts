import { REVOKE_FINALIZER } from '../../api/resources.ts';
import type { Counter } from '../../core/meter.ts';
import { splitKey } from '../../kubernetes/resource.ts';
import type { ReleaseReason } from '../../provisioning/decision.ts';
import { ownPlaceOf } from '../../provisioning/right.ts';
import type { FromAboveReason } from './from-above.ts';
import type { GrantDeps } from './grant-context.ts';
import { connectorKeyOf, connectorLabelsOf } from './grant-identity.ts';
import type { KnownGrant } from './grant-stores.ts';
import { identityOf } from './grant-view.ts';

/** Why a grant is released, for metrics, events and audit lines. */
export interface ReleaseCause {
  readonly reason: ReleaseReason | FromAboveReason | 'Uninstalling';
  readonly message: string;
  readonly warning: boolean;
}

/** Releases grants and leaves Asana as it is, each time with an event, a metric and an audit line. */
export class GrantReleases {
  readonly #deps: Pick<GrantDeps, 'connectors' | 'writer' | 'events' | 'audit'>;
  readonly #counter: Counter;

  constructor(deps: Pick<GrantDeps, 'connectors' | 'writer' | 'events' | 'audit' | 'meter'>) {
    this.#deps = deps;
    this.#counter = deps.meter.counter('releases_total', 'Grants released without a change in Asana.', [
      'namespace',
      'connector',
      'reason',
    ]);
  }

  /** Removes the finalizer, and reports the release if there was one. */
  async release(known: KnownGrant, cause: ReleaseCause): Promise<void> {
    const { kind, object } = known;
    const stood = object.metadata.finalizers?.includes(REVOKE_FINALIZER) ?? false;
    await this.#deps.writer(kind).removeFinalizer(object, REVOKE_FINALIZER);
    if (stood) this.#tell(known, cause);
  }

  #tell({ kind, object }: KnownGrant, { reason, message, warning }: ReleaseCause): void {
    const { connectors, events, audit } = this.#deps;
    this.#counter.add(1, { ...connectorLabelsOf(object, connectors), reason });
    events.record(kind.resource, object, warning ? 'Warning' : 'Normal', 'Released', message);
    const { status } = object;
    const { email, gid } = kind.user(object);
    const right = kind.applied(object);
    audit.write({
      kind: 'Release',
      id: null,
      action: reason,
      connector: splitKey(connectorKeyOf(object)),
      requester: { type: 'Object', ...identityOf({ kind, object }) },
      account: { gid: status?.user?.gid ?? gid, email: status?.user?.email ?? email },
      place: right && ownPlaceOf(right),
      before: status?.applied?.[kind.field] ?? null,
      after: status?.observed?.[kind.field] ?? null,
      result: 'Released',
      reason: object.spec.reason ?? null,
      requestIds: [],
    });
  }
}
