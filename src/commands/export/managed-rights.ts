import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { policiesOf } from '../../controllers/connectors/connector-policies.ts';
import { connectorKeyOf } from '../../controllers/grants/grant-identity.ts';
import type { KnownGrant } from '../../controllers/grants/grant-stores.ts';
import { endingOf } from '../../controllers/grants/grant-time.ts';
import type { Account } from '../../directory/snapshot.ts';
import { keyOf } from '../../kubernetes/resource.ts';
import type { Reading } from '../../provisioning/reading.ts';
import { ownPlaceOf, type Right } from '../../provisioning/right.ts';
import { resolveWish } from '../../provisioning/rights.ts';

/**
 * The rights in one organization that the grants of a cluster declare, as opposed to undeclared ones. A grant that is
 * deleted or expired no longer declares anything, and an absence declares no right.
 */
export class ManagedRights {
  readonly #keys = new Set<string>();

  constructor(grants: readonly KnownGrant[], connector: AsanaConnector, reading: Reading, now: number) {
    const places = new Set(reading.snapshot.workspaces.map(({ gid }) => gid));
    const isHere = (object: GrantObject) =>
      connectorKeyOf(object) === keyOf(connector) || places.has(object.status?.user?.organization ?? '');
    for (const { kind, object } of grants) {
      if (!isHere(object)) continue;
      if (endingOf(object, now) !== null || kind.ensure(object) === 'Absent') continue;
      const { gid, email } = kind.user(object);
      const known =
        object.status?.user?.gid ?? gid ?? reading.accountByEmail(email?.toLowerCase() ?? '')?.gid;
      const wished = resolveWish(kind.wish(object), reading, policiesOf(connector));
      if (known !== undefined && 'right' in wished) this.#keys.add(rightKeyOf(known, wished.right));
    }
  }

  has({ gid }: Account, right: Right): boolean {
    return this.#keys.has(rightKeyOf(gid, right));
  }
}

/** Returns the key of a right. It is the same for all licenses: whichever is declared, the license is managed. */
function rightKeyOf(gid: string, right: Right): string {
  return `${right.type} ${ownPlaceOf(right) ?? ''} ${gid}`;
}
