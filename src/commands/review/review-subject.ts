import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { KnownGrant } from '../../controllers/grants/grant-stores.ts';

/** What a review is about: a connector, and every grant that names it. */
export interface ReviewSubject {
  readonly connector: AsanaConnector;
  readonly grants: readonly KnownGrant[];
  /** What its reader should know of grants that were not looked at; null if there are none. */
  readonly note: string | null;
}
