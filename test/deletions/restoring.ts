import type { AsanaConnector } from '../../src/api/asana-connector.ts';
import { type GrantObject, kinds } from '../../src/api/kinds.ts';
import { API_VERSION } from '../../src/api/resources.ts';
import { isNotFound } from '../../src/kubernetes/errors.ts';
import { collectionPath, objectPath, type Resource } from '../../src/kubernetes/resource.ts';
import type { OperatorRig } from '../operator/rig.ts';

/** Our objects in a namespace, as they were at one time. */
export type Backup = readonly SavedObject[];

interface SavedObject {
  readonly kind: string;
  readonly metadata: GrantObject['metadata'];
  readonly spec: unknown;
  readonly status?: AsanaConnector['status'] | GrantObject['status'];
}

/** Reads all our objects in the namespace. */
export async function backUp(rig: OperatorRig): Promise<Backup> {
  const objects = await Promise.all(kinds.map(({ names }) => listOf(rig, names)));
  return objects.flat();
}

/** An action that may be in progress, by kind of grant. */
const ACTIONS: Readonly<Record<string, string>> = {
  AsanaLicenseGrant: 'GrantEnterprise',
  AsanaTeamGrant: 'AddToTeam',
  AsanaWorkspaceGrant: 'AddToWorkspace',
  AsanaAccount: 'CreateAccount',
};

/** Returns the backup as if it had been taken while every grant was in progress. */
export function takenInTransition(backup: Backup): Backup {
  return backup.map((saved) => {
    const action = ACTIONS[saved.kind];
    if (action === undefined) return saved;
    const condition = (type: string, status: string) => ({
      type,
      status,
      reason: 'Progressing',
      message: 'The change is under way.',
      observedGeneration: 1,
      lastTransitionTime: '2026-11-24T08:00:00Z',
    });
    const conditions = [condition('Ready', 'False'), condition('Reconciling', 'True')];
    const planned = { action, reason: 'The grant declares it.' };
    return { ...saved, status: { ...saved.status, conditions, planned } as SavedObject['status'] };
  });
}

/** Lists the objects of a kind and adds the kind, which list items lack; empty if the kind is not installed. */
async function listOf(rig: OperatorRig, resource: Resource): Promise<SavedObject[]> {
  try {
    const { items } = await rig.client.list<SavedObject>(resource, rig.namespace, { limit: 500 });
    return items.map((item) => ({ ...item, kind: resource.kind }));
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

/** Simulates the loss of the cluster: deletes every object behind the operator's back, despite finalizers. */
export async function lose(rig: OperatorRig): Promise<void> {
  for (const saved of await backUp(rig)) {
    const path = objectPath(resourceOf(saved), rig.namespace, saved.metadata.name);
    const body = { metadata: { finalizers: null } };
    await gone(rig.ask({ method: 'PATCH', path, contentType: 'application/merge-patch+json', body }));
    await gone(rig.ask({ method: 'DELETE', path }));
  }
}

/** Ignores that the object, or its kind, is already gone. */
async function gone(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Recreates the objects of a backup, including finalizers, with or without their status. */
export async function restore(rig: OperatorRig, backup: Backup, withStatus: boolean): Promise<void> {
  for (const saved of backup) {
    const resource = resourceOf(saved);
    const { name, finalizers, annotations } = saved.metadata;
    const { kind, spec, status } = saved;
    await rig.ask({
      method: 'POST',
      path: collectionPath(resource, rig.namespace),
      body: { apiVersion: API_VERSION, kind, metadata: { name, finalizers, annotations }, spec },
    });
    if (withStatus && status)
      await rig.ask({
        method: 'PATCH',
        path: `${objectPath(resource, rig.namespace, name)}/status`,
        contentType: 'application/merge-patch+json',
        body: { status },
      });
  }
}

function resourceOf({ kind }: SavedObject): Resource {
  const found = kinds.find(({ names }) => names.kind === kind);
  if (!found) throw new TypeError(`${kind} is no kind of ours`);
  return found.names;
}
