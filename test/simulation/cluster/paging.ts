import type { ListPage } from '../../../src/kubernetes/client.ts';
import type { Etcd, Snapshot } from './etcd.ts';
import type { StoredObject } from './object.ts';
import { refusal } from './refusal.ts';

/** The content of a continue token: which snapshot, and where in it the next page begins. */
interface Place {
  readonly revision: number;
  readonly start: number;
}

/** Serves lists in pages that all show the state of the first one, until that is compacted. */
export class Pager {
  readonly #etcd: Etcd;
  readonly #snapshots = new Map<string, Snapshot>();

  constructor(etcd: Etcd) {
    this.#etcd = etcd;
  }

  page(
    table: string,
    prefix: string,
    { limit, next = '' }: { limit: number; next?: string },
  ): ListPage<StoredObject> {
    const place = next === '' ? { revision: this.#etcd.revision, start: 0 } : placeOf(next);
    const { revision, objects } = this.#snapshotOf(table, prefix, place);
    const end = limit > 0 ? place.start + limit : objects.length;
    return {
      items: objects.slice(place.start, end),
      resourceVersion: String(revision),
      next: end < objects.length ? tokenOf({ revision, start: end }) : '',
    };
  }

  /** Drops the snapshots that can no longer be read. */
  compact(): void {
    for (const [name, { revision }] of this.#snapshots)
      if (!this.#etcd.holds(revision)) this.#snapshots.delete(name);
  }

  #snapshotOf(table: string, prefix: string, { revision, start }: Place): Snapshot {
    const name = `${table}|${prefix}|${revision}`;
    const known = this.#snapshots.get(name);
    if (known) return known;
    if (start > 0)
      throw refusal('Expired', 'The provided continue parameter is too old: list again without it');
    const snapshot = { revision, objects: this.#etcd.range(table, prefix) };
    this.#snapshots.set(name, snapshot);
    return snapshot;
  }
}

function tokenOf(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

function placeOf(token: string): Place {
  try {
    const { revision, start } = JSON.parse(
      Buffer.from(token, 'base64url').toString('utf8'),
    ) as Partial<Place>;
    if (Number.isInteger(revision) && Number.isInteger(start)) return { revision, start } as Place;
  } catch {
    // Not one of our tokens; refused below.
  }
  throw refusal('BadRequest', 'continue key is not valid');
}
