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

/** The result of one pass over all grants. */
export interface PassResult {
  readonly seen: number;
  /** Number of grants released in this pass. */
  readonly released: number;
  readonly left: readonly LeftGrant[];
  /** Number of grants in `left` that wait for an action that may still be in progress. */
  readonly waiting: number;
}

/** The dependencies of the sweep. */
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
  /** Waits until the events recorded so far are written. */
  readonly flush: (signal: AbortSignal) => Promise<void>;
  /** Namespaces whose grants are released; `null` for all. */
  readonly namespaces: readonly string[] | null;
  /** Time (epoch milliseconds) from which no action of the operator can be in progress. */
  readonly quietAt: number;
  readonly actionTimeoutMs: number;
  readonly clock: Clock;
  readonly onProgress: (released: number) => void;
}

/** Number of grants that are released at the same time. */
const WIDTH = 16;

/**
 * The status fields that a later installation must not see. Without `applied` and `created` it adopts what it finds,
 * and so never deprovisions an account that this installation created. The identity, the end, the observed absence and
 * the hold of a removal stay: they keep a later installation from re-creating a leaver, extending a grant, removing a
 * person twice, and carrying out a removal that was not acknowledged.
 */
const FORGOTTEN = { applied: null, created: null, lastAction: null };

/** Makes one pass over the grants of every kind, and releases those that the operator still keeps. */
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
    // A kind whose CRD is not installed has no grants.
    if (!isNotFound(error)) throw error;
  }
}

/** Whether the grant still has the operator's finalizer, or status fields to forget. */
function isKept({ metadata, status }: GrantObject): boolean {
  if (metadata.finalizers?.includes(REVOKE_FINALIZER)) return true;
  return Object.keys(FORGOTTEN).some((field) => status?.[field as keyof typeof FORGOTTEN] !== undefined);
}

/** Returns why a release waits: an action that may be in progress could otherwise write its outcome afterwards. */
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
    // Another controller's finalizer may keep a deleted object: later passes see it until its status is cleared.
    await deps.patchStatus(kind, object, { metadata: { uid }, status: FORGOTTEN }, signal);
  } catch (error) {
    // The object was deleted when its last finalizer, ours, was removed.
    if (!isNotFound(error)) throw error;
  }
}

function nameLeft({ kind, object }: KnownGrant, why: string): LeftGrant {
  const { namespace, name } = object.metadata;
  return { kind: kind.resource.kind, namespace, name, why };
}
