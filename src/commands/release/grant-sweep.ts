import type { GrantObject } from '../../api/kinds.ts';
import { REVOKE_FINALIZER } from '../../api/resources.ts';
import { type GrantKind, grantKinds } from '../../controllers/grants/grant-kinds.ts';
import type { GrantReleases } from '../../controllers/grants/grant-releases.ts';
import type { KnownGrant } from '../../controllers/grants/grant-stores.ts';
import { type Clock, TOLERATED_SKEW_MS } from '../../core/clock.ts';
import { WorkPool } from '../../directory/work-pool.ts';
import type { ClusterClient } from '../../kubernetes/client.ts';
import { isNotFound } from '../../kubernetes/errors.ts';
import { listPages } from '../../kubernetes/list-pages.ts';

/** A grant that could not be released, and why. */
export interface LeftGrant {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly why: string;
}

/** What one pass over all grants came to. */
export interface PassResult {
  readonly seen: number;
  /** Grants let go in this pass. */
  readonly released: number;
  readonly left: readonly LeftGrant[];
  /** So many of those are left because an action of theirs may be under way. */
  readonly waiting: number;
}

/** What the sweep works with. */
export interface SweepDeps {
  readonly client: ClusterClient;
  readonly releases: GrantReleases;
  /** Applies a merge patch to the status of a grant. */
  readonly patchStatus: (
    kind: GrantKind,
    object: GrantObject,
    patch: unknown,
    signal: AbortSignal,
  ) => Promise<void>;
  /** Waits until the events told so far are written. */
  readonly flush: (signal: AbortSignal) => Promise<void>;
  /** Namespaces to release; null for all. */
  readonly namespaces: readonly string[] | null;
  /** After this instant (epoch milliseconds) no action of the operator is under way. */
  readonly quietAt: number;
  readonly actionTimeoutMs: number;
  readonly clock: Clock;
  readonly onProgress: (released: number) => void;
}

/** Grants released at once. */
const WIDTH = 16;

/**
 * What a later installation must not find. Without `applied` and `created` it adopts what it finds, and so never
 * deprovisions whom this installation created. The identity, the end, the absence that was seen and the hold that a
 * removal is in stay: they keep a later installation from creating a leaver again, from extending a grant, from removing
 * somebody twice, and from carrying out what nobody acknowledged.
 */
const FORGOTTEN = { applied: null, created: null, lastAction: null };

/** Goes over the grants of every kind once, and lets go whichever the operator still keeps. */
export async function sweepGrants(deps: SweepDeps, signal: AbortSignal): Promise<PassResult> {
  let seen = 0;
  let released = 0;
  let waiting = 0;
  const left: LeftGrant[] = [];
  const releaseOne = async (grant: KnownGrant) => {
    try {
      const waits = whyItWaits(deps, grant.object);
      if (waits !== null) {
        waiting += 1;
        left.push(nameLeft(grant, waits));
        return;
      }
      await letGo(deps, grant, signal);
      released += 1;
      deps.onProgress(released);
    } catch (error) {
      signal.throwIfAborted();
      left.push(nameLeft(grant, error instanceof Error ? error.message : String(error)));
    }
  };
  for await (const grants of pagesOfGrants(deps, signal)) {
    seen += grants.length;
    const pool = new WorkPool(WIDTH, releaseOne);
    pool.add(grants.filter(({ object }) => isKept(object)));
    await pool.drain();
    await deps.flush(signal);
  }
  return { seen, released, left, waiting };
}

async function* pagesOfGrants(
  { client, namespaces }: SweepDeps,
  signal: AbortSignal,
): AsyncGenerator<readonly KnownGrant[]> {
  for (const kind of grantKinds)
    for (const namespace of namespaces ?? [null]) yield* pagesOfKind(client, kind, namespace, signal);
}

async function* pagesOfKind(
  client: ClusterClient,
  kind: GrantKind,
  namespace: string | null,
  signal: AbortSignal,
): AsyncGenerator<readonly KnownGrant[]> {
  try {
    for await (const { items } of listPages<GrantObject>(client, kind.resource, namespace, { signal }))
      yield items.map((object) => ({ kind, object }));
  } catch (error) {
    // A kind that is not installed has no grants.
    if (!isNotFound(error)) throw error;
  }
}

/** Whether the operator has a hand on the grant yet. */
function isKept({ metadata, status }: GrantObject): boolean {
  if (metadata.finalizers?.includes(REVOKE_FINALIZER)) return true;
  return Object.keys(FORGOTTEN).some((field) => status?.[field as keyof typeof FORGOTTEN] !== undefined);
}

/** An action that may be under way is waited for, so that its outcome is not written after the release. */
function whyItWaits({ clock, quietAt, actionTimeoutMs }: SweepDeps, { status }: GrantObject): string | null {
  const last = status?.lastAction;
  if (last?.result !== 'Pending') return null;
  const now = clock.now();
  const over = now >= quietAt || now - Date.parse(last.at) > actionTimeoutMs + TOLERATED_SKEW_MS;
  return over ? null : `the action ${last.type} (${last.id}) may still be in progress`;
}

async function letGo(deps: SweepDeps, grant: KnownGrant, signal: AbortSignal): Promise<void> {
  const { kind, object } = grant;
  const { uid } = object.metadata;
  const message = 'Released because the operator is being uninstalled. Nothing was changed in Asana.';
  try {
    await deps.releases.release(grant, { reason: 'Uninstalling', message, warning: false });
    // A deleted object, too, may stay: somebody else's finalizer holds it, and it is seen again until it is forgotten.
    await deps.patchStatus(kind, object, { metadata: { uid }, status: FORGOTTEN }, signal);
  } catch (error) {
    // It has gone with our finalizer.
    if (!isNotFound(error)) throw error;
  }
}

function nameLeft({ kind, object }: KnownGrant, why: string): LeftGrant {
  const { namespace, name } = object.metadata;
  return { kind: kind.resource.kind, namespace, name, why };
}
