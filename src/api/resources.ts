/** The API group of every kind. */
export const GROUP = 'asana-connector.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Reconcile (a connector: sync) now; any new value. Copied to `status.lastHandledReconcileAt` when done. */
export const REQUESTED_AT_ANNOTATION = `${GROUP}/requestedAt`;
/** Accept what the hold of this token holds. */
export const ACKNOWLEDGE_ANNOTATION = `${GROUP}/acknowledge`;
/** Drop what the hold of this token holds. */
export const DISCARD_ANNOTATION = `${GROUP}/discard`;
/** `"true"` on a grant: release it without acting. */
export const ABANDON_ANNOTATION = `${GROUP}/abandon`;
/** On the lease: the operator acts on nothing before this instant. */
export const STOPPED_UNTIL_ANNOTATION = `${GROUP}/stopped-until`;
/** Keeps a grant until what it gave is taken back or released. */
export const REVOKE_FINALIZER = `${GROUP}/revoke`;

/** The field manager of every write of the operator. */
export const FIELD_MANAGER = 'asana-connector';

/** How one kind is addressed. */
export interface ResourceNames {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly shortName: string;
  readonly namespaced: true;
}

export const asanaConnectors = {
  group: GROUP,
  version: VERSION,
  plural: 'asanaconnectors',
  singular: 'asanaconnector',
  kind: 'AsanaConnector',
  shortName: 'asc',
  namespaced: true,
} as const satisfies ResourceNames;

export const asanaLicenseGrants = {
  group: GROUP,
  version: VERSION,
  plural: 'asanalicensegrants',
  singular: 'asanalicensegrant',
  kind: 'AsanaLicenseGrant',
  shortName: 'alg',
  namespaced: true,
} as const satisfies ResourceNames;
