import type { AsanaConnector } from '../api/asana-connector.ts';
import type { AsanaLicenseGrant, AsanaLicenseGrantStatus } from '../api/asana-license-grant.ts';
import { ABANDON_ANNOTATION, REQUESTED_AT_ANNOTATION } from '../api/resources.ts';
import { nextReadBack } from '../provisioning/executor.ts';
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
    applied: status?.applied ?? (endingOf(object, now) ? pendingRight(status) : null),
    upgrading: isUpgrading(status, now),
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

/** `spec.expiresAt` has passed at `now` (epoch milliseconds). */
export function isExpired(object: AsanaLicenseGrant, now: number): boolean {
  const expiry = expiryOf(object);
  return expiry !== null && expiry <= now;
}

/** Milliseconds from `now` to the expiry, 1 for one that has passed; null for none. Whoever decided before it must come again. */
export function untilExpiry(object: AsanaLicenseGrant, now: number): number | null {
  const expiry = expiryOf(object);
  return expiry === null ? null : Math.max(expiry - now, 1);
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
  // A deletion moves the generation too, and is no edit.
  const edited =
    observedGeneration !== object.metadata.generation && object.metadata.deletionTimestamp === undefined;
  if (!drift || edited || openRequest(object) !== null) return 0;
  return now - Date.parse(drift.since) < DRIFT_WINDOW_MS ? drift.count : 0;
}

/**
 * A CreateAccount that was done: a leaver is not created again (DESIGN §3.2 rule 1). One that is pending is looked for
 * before anything else happens.
 */
function hasCreatedAccount(status: AsanaLicenseGrantStatus | undefined): boolean {
  const last = status?.lastAction;
  return last?.type === 'CreateAccount' && (last.result === 'Succeeded' || last.result === 'Unconfirmed');
}

/**
 * The license of an upgrade that was sent and not confirmed before the grant ended: it may hold, and then we gave it.
 */
function pendingRight(status: AsanaLicenseGrantStatus | undefined): LicenseGrant['applied'] {
  const last = status?.lastAction;
  if (last?.type !== 'GrantEnterprise' || last.result !== 'Pending') return null;
  return { license: 'Enterprise', at: last.at, adopted: false };
}

/** Asana took an upgrade, or may have, and has not had its time to show it yet. */
function isUpgrading(status: AsanaLicenseGrantStatus | undefined, now: number): boolean {
  const last = status?.lastAction;
  if (last?.type !== 'GrantEnterprise' || last.result !== 'Pending') return false;
  return nextReadBack(now - Date.parse(last.at)) !== null;
}
