/** The API group of every kind. */
export const GROUP = 'asana-connector.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Reconcile (a connector: sync) now; any new value. Copied to `status.lastHandledReconcileAt` when done. */
export const REQUESTED_AT_ANNOTATION = `${GROUP}/requestedAt`;
/** On a connector: carry out what the hold of this token named. */
export const ACKNOWLEDGE_ANNOTATION = `${GROUP}/acknowledge`;
/** On a connector: leave alone what the hold of this token named. */
export const DISCARD_ANNOTATION = `${GROUP}/discard`;
/** `"true"` on a grant: release it without acting. */
export const ABANDON_ANNOTATION = `${GROUP}/abandon`;
/** On the lease: the operator acts on nothing before this instant. */
export const STOPPED_UNTIL_ANNOTATION = `${GROUP}/stopped-until`;
/** What is read of the annotations of objects; those of others are none of our business. */
const READ_ANNOTATIONS = [
  REQUESTED_AT_ANNOTATION,
  ACKNOWLEDGE_ANNOTATION,
  DISCARD_ANNOTATION,
  ABANDON_ANNOTATION,
] as const;
/** Keeps a grant until what it gave is taken back or released. */
export const REVOKE_FINALIZER = `${GROUP}/revoke`;

/** The field manager of every write of the operator. */
export const FIELD_MANAGER = 'asana-connector';

/** How one kind is addressed. */
export interface ResourceNames<Kind extends string = string> {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: Kind;
  readonly shortName: string;
  readonly namespaced: true;
  readonly annotations: readonly string[];
  readonly statusManager: string;
}

/** The other names of a kind of the group follow from its own, as Kubernetes makes them. */
function namesOf<const Kind extends string>(kind: Kind, shortName: string): ResourceNames<Kind> {
  const singular = kind.toLowerCase();
  return {
    group: GROUP,
    version: VERSION,
    plural: `${singular}s`,
    singular,
    kind,
    shortName,
    namespaced: true,
    annotations: READ_ANNOTATIONS,
    statusManager: FIELD_MANAGER,
  };
}

export const asanaConnectors = namesOf('AsanaConnector', 'asc');
export const asanaLicenseGrants = namesOf('AsanaLicenseGrant', 'alg');
export const asanaTeamGrants = namesOf('AsanaTeamGrant', 'atg');
export const asanaWorkspaceGrants = namesOf('AsanaWorkspaceGrant', 'awg');
export const asanaAccounts = namesOf('AsanaAccount', 'aac');
