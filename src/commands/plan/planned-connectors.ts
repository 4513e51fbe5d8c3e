import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { connectorKeyOf } from '../../controllers/grants/grant-identity.ts';
import { type Key, keyOf } from '../../kubernetes/resource.ts';
import { Store } from '../../kubernetes/store.ts';

/**
 * The connectors as the decision about one grant sees them: the grant's own in mode Apply and without removal delay,
 * all others as they are. Otherwise, two connectors of one organization would conflict even if one is in mode Plan.
 */
export class PlannedConnectors extends Store<AsanaConnector> {
  #shown: AsanaConnector | null = null;
  #shownKey = '';

  override get(key: Key): AsanaConnector | undefined {
    return this.#shown && key === this.#shownKey ? this.#shown : super.get(key);
  }

  override *values(): Generator<AsanaConnector> {
    for (const connector of super.values())
      yield this.#shown && keyOf(connector) === this.#shownKey ? this.#shown : connector;
  }

  /** Selects the connector of a grant. @param how.resumed whether to show it as not suspended */
  showFor(grant: GrantObject, { resumed = false }: { readonly resumed?: boolean } = {}): void {
    const key = connectorKeyOf(grant);
    const connector = super.get(key);
    // A grant that is deleted in mode Plan is released, and a later switch to Apply does not affect it.
    const applies = grant.metadata.deletionTimestamp === undefined;
    this.#shown = connector ? asIn(connector, { applies, resumed }) : null;
    this.#shownKey = key;
  }
}

function asIn(
  connector: AsanaConnector,
  { applies, resumed }: { readonly applies: boolean; readonly resumed: boolean },
): AsanaConnector {
  const { spec } = connector;
  const mode = applies ? ('Apply' as const) : spec.provisioning.mode;
  const provisioning = { ...spec.provisioning, mode, removalDelay: '0s' };
  return { ...connector, spec: { ...spec, provisioning, suspend: spec.suspend && !resumed } };
}
