import type { GrantObject } from '../../src/api/kinds.ts';
import { type AsanaConnector } from '../../src/api/asana-connector.ts';
import { API_VERSION, asanaConnectors } from '../../src/api/resources.ts';
import { kinds } from '../../src/api/kinds.ts';
import { collectionPath, objectPath, type Resource } from '../../src/kubernetes/resource.ts';
import type { OperatorRig } from '../operator/rig.ts';

/** Every object of ours in a namespace, as it was at one moment. */
export type Backup = readonly SavedObject[];

interface SavedObject {
  readonly kind: string;
  readonly metadata: GrantObject['metadata'];
  readonly spec: unknown;
  readonly status?: AsanaConnector['status'] | GrantObject['status'];
}

/** Reads everything there is. */
export async function backUp(rig: OperatorRig): Promise<Backup> {
  const pages = await Promise.all(
    kinds.map(({ names }) => rig.client.list<SavedObject>(names, rig.namespace, { limit: 500 })),
  );
  return pages.flatMap(({ items }, index) =>
    items.map((item) => ({ ...item, kind: kinds[index]?.names.kind ?? asanaConnectors.kind })),
  );
}

/** Takes every object away behind the operator's back, finalizers or not: the cluster is lost. */
export async function lose(rig: OperatorRig): Promise<void> {
  for (const saved of await backUp(rig)) {
    const path = objectPath(resourceOf(saved), rig.namespace, saved.metadata.name);
    await rig.ask({
      method: 'PATCH',
      path,
      contentType: 'application/merge-patch+json',
      body: { metadata: { finalizers: null } },
    });
    await rig.ask({ method: 'DELETE', path });
  }
}

/** Creates the objects of a backup again, finalizers included, with or without their status. */
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
