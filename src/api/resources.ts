/** The API group of every kind. */
export const GROUP = 'asana-connector.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Requests a reconcile (a connector: a sync) by any new value. Copied to `status.lastHandledReconcileAt` when done. */
export const REQUESTED_AT_ANNOTATION = `${GROUP}/requestedAt`;
/** On a connector: approves what the hold contained at this token. */
export const ACKNOWLEDGE_ANNOTATION = `${GROUP}/acknowledge`;
/** On a connector: discards the removals that the hold contained at this token. */
export const DISCARD_ANNOTATION = `${GROUP}/discard`;
/** `"true"` on a grant: releases it, and leaves Asana as it is. */
export const ABANDON_ANNOTATION = `${GROUP}/abandon`;
/** On the lease: the operator takes no action before this time. */
export const STOPPED_UNTIL_ANNOTATION = `${GROUP}/stopped-until`;
/** The annotations that the operator reads; all others are ignored. */
const READ_ANNOTATIONS = [
  REQUESTED_AT_ANNOTATION,
  ACKNOWLEDGE_ANNOTATION,
  DISCARD_ANNOTATION,
  ABANDON_ANNOTATION,
] as const;
/** Keeps a deleted grant until its right is revoked or the grant is released. */
export const REVOKE_FINALIZER = `${GROUP}/revoke`;

/** The field manager for all writes of the operator. */
export const FIELD_MANAGER = 'asana-connector';

/** The names by which one kind is addressed, and how the operator handles its metadata. */
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

/** Derives the other names of a kind from its own, by the conventions of Kubernetes. */
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
