import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { KnownGrant } from '../../controllers/grants/grant-stores.ts';

/** The subject of a review: a connector, and every grant that names it. */
export interface ReviewSubject {
  readonly connector: AsanaConnector;
  readonly grants: readonly KnownGrant[];
  /** A note for the user about grants that were not read; `null` if all were. */
  readonly note: string | null;
}
