import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { connectorKeyOf } from '../../controllers/grants/grant-identity.ts';
import { type Key, keyOf } from '../../kubernetes/resource.ts';
import { Store } from '../../kubernetes/store.ts';

/**
 * The connectors as the decision about one grant sees them: that of the grant as in mode Apply and without the waiting, all
 * others as they are. Two connectors of one organization would else stand in each other's way though one of them only plans.
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

  /** @param how.resumed as it would be without its suspension */
  showFor(grant: GrantObject, { resumed = false }: { readonly resumed?: boolean } = {}): void {
    const key = connectorKeyOf(grant);
    const connector = super.get(key);
    // What is deleted in mode Plan is released for good: no Apply comes back to it.
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
