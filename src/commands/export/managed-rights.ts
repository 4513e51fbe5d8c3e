import type { AsanaConnector } from '../../api/asana-connector.ts';
import { policiesOf } from '../../controllers/connectors/connector-policies.ts';
import type { KnownGrant } from '../../controllers/grants/grant-stores.ts';
import { endingOf } from '../../controllers/grants/grant-time.ts';
import type { Account } from '../../directory/snapshot.ts';
import type { Reading } from '../../provisioning/reading.ts';
import { ownPlaceOf, type Right } from '../../provisioning/right.ts';
import { resolveWish } from '../../provisioning/rights.ts';

/**
 * What the grants of a cluster declare, so that it can be told from what nobody declares. A grant that is
 * deleted or expired declares nothing any more, and an absence gives nothing.
 */
export class ManagedRights {
  readonly #keys = new Set<string>();

  constructor(grants: readonly KnownGrant[], connector: AsanaConnector, reading: Reading, now: number) {
    for (const { kind, object } of grants) {
      if (endingOf(object, now) !== null || kind.ensure(object) === 'Absent') continue;
      const { gid, email } = kind.user(object);
      const known =
        object.status?.user?.gid ?? gid ?? reading.accountByEmail(email?.toLowerCase() ?? '')?.gid;
      const wished = resolveWish(kind.wish(object), reading, policiesOf(connector));
      if (known !== undefined && 'right' in wished) this.#keys.add(keyOf(known, wished.right));
    }
  }

  has({ gid }: Account, right: Right): boolean {
    return this.#keys.has(keyOf(gid, right));
  }
}

/** Licenses exclude each other: who is declared to hold one is declared. */
function keyOf(gid: string, right: Right): string {
  return `${right.type} ${ownPlaceOf(right) ?? ''} ${gid}`;
}
