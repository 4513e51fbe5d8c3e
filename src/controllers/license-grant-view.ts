import type { AsanaConnector } from '../api/asana-connector.ts';
import type { AsanaLicenseGrant, AsanaLicenseGrantStatus } from '../api/asana-license-grant.ts';
import { ABANDON_ANNOTATION, REQUESTED_AT_ANNOTATION } from '../api/resources.ts';
import type { Ending, LicenseGrant } from '../provisioning/grant.ts';

/** Set-backs are counted over this long; the third makes a grant Contended (DESIGN §4, two masters). */
export const DRIFT_WINDOW_MS = 24 * 3600_000;

/** An AsanaLicenseGrant as provisioning sees it at `now` (epoch milliseconds). */
export function viewLicenseGrant(
  object: AsanaLicenseGrant,
  connector: AsanaConnector,
  now: number,
): LicenseGrant {
  const { metadata, spec, status } = object;
  const sameNamespace = metadata.namespace === connector.metadata.namespace;
  return {
    object: {
      kind: 'AsanaLicenseGrant',
      namespace: metadata.namespace,
      name: metadata.name,
      uid: metadata.uid,
      generation: metadata.generation,
    },
    createdAt: Date.parse(metadata.creationTimestamp),
    user: { email: spec.user.email ?? null, gid: spec.user.gid ?? null },
    recorded: status?.user?.gid ? { gid: status.user.gid, email: status.user.email ?? null } : null,
    license: spec.license,
    onMissingAccount: spec.onMissingAccount,
    deletionPolicy: spec.deletionPolicy,
    reason: spec.reason ?? null,
    ending: endingOf(object, now),
    suspended: spec.suspend,
    abandoned: metadata.annotations?.[ABANDON_ANNOTATION] === 'true',
    applied: status?.applied ? { ...status.applied, adopted: status.applied.adopted } : null,
    accountCreated: hasCreatedAccount(status),
    sameNamespace,
    namespaceAllowed: sameNamespace || allowsNamespace(connector, metadata.namespace),
    setBacks: countSetBacks(object, now),
    discarded: status?.discardedGeneration === metadata.generation,
  };
}

/** Deletion outranks expiry: an expired object that is deleted ends because it was deleted. */
export function endingOf(object: AsanaLicenseGrant, now: number): Ending | null {
  const { deletionTimestamp } = object.metadata;
  if (deletionTimestamp) return { because: 'Deleted', at: Date.parse(deletionTimestamp) };
  const expiry = expiryOf(object);
  return expiry !== null && expiry <= now ? { because: 'Expired', at: expiry } : null;
}

/** `spec.expiresAt` in epoch milliseconds; null when it does not expire. */
export function expiryOf(object: AsanaLicenseGrant): number | null {
  return object.spec.expiresAt === undefined ? null : Date.parse(object.spec.expiresAt);
}

/** `connector` lets grants of `namespace` name it. Its own namespace needs no permission. */
export function allowsNamespace(connector: AsanaConnector, namespace: string): boolean {
  const allowed = connector.spec.provisioning.allowedNamespaces ?? [];
  return namespace === connector.metadata.namespace || allowed.includes('*') || allowed.includes(namespace);
}

/** The value of `asana-connector.dev/requestedAt` that nobody has answered yet; null when there is none. */
export function openRequest(object: {
  metadata: { annotations?: Readonly<Record<string, string>> };
  status?: { lastHandledReconcileAt?: string };
}): string | null {
  const requested = object.metadata.annotations?.[REQUESTED_AT_ANNOTATION];
  return requested !== undefined && requested !== object.status?.lastHandledReconcileAt ? requested : null;
}

/** Set-backs that still count: within 24 h, and no edit or request since (both ask for another try). */
function countSetBacks(object: AsanaLicenseGrant, now: number): number {
  const { drift, observedGeneration } = object.status ?? {};
  if (!drift || observedGeneration !== object.metadata.generation || openRequest(object) !== null) return 0;
  return now - Date.parse(drift.since) < DRIFT_WINDOW_MS ? drift.count : 0;
}

/** A CreateAccount that was done, or may have been: a leaver is not created again (DESIGN §3.2 rule 1). */
function hasCreatedAccount(status: AsanaLicenseGrantStatus | undefined): boolean {
  return status?.lastAction?.type === 'CreateAccount' && status.lastAction.result !== 'Failed';
}
