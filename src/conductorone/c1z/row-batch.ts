import { ByteTable, type PackedBytes } from './byte-table.ts';
import type { EntitlementColumns, GrantKey, ResourceColumns, SyncDatabase } from './database.ts';
import { FieldWriter } from './field-writer.ts';
import { type GrantPattern, idBytes } from './grant-bytes.ts';

/** The destination of the rows of a sync. */
export interface RowSink {
  insertResourceType(id: string, data: Uint8Array): void;
  insertResource(columns: ResourceColumns, data: Uint8Array): void;
  insertEntitlement(columns: EntitlementColumns, data: Uint8Array): void;
  /**
   * Adds the next user; grants refer to users by place, from 0.
   * @param principal field 2 of a Grant
   */
  addUser(gid: string, principal: Uint8Array): void;
  insertGrant(pattern: GrantPattern, place: number): void;
}

/** Rows sent by the encoding thread to the inserting one; those of each table in order. */
export interface RowBatch {
  readonly kind: 'rows';
  readonly resourceTypes: readonly string[];
  readonly resources: readonly ResourceColumns[];
  readonly entitlements: readonly EntitlementColumns[];
  /** The gids of users that no earlier batch contained. */
  readonly users: readonly string[];
  readonly grants: readonly { readonly key: GrantKey; readonly places: string }[];
  /**
   * The bytes for each of these lists, in order: the messages of resource types, resources and entitlements, the
   * principals of users, and three pieces for each entry of `grants`.
   */
  readonly data: readonly [PackedBytes, PackedBytes, PackedBytes, PackedBytes, PackedBytes];
}

/** Holders of an entitlement whose gids have the same length: nearly always all of them, so that `next` is `null`. */
interface Holders {
  /** Length of each gid in UTF-8. */
  readonly gidBytes: number;
  readonly places: number[];
  readonly next: Holders | null;
}

/** Collects rows into a batch. */
export class RowCollector implements RowSink {
  #rows = emptyRows();
  /** Length of each user's gid in UTF-8, by place. */
  readonly #gidBytes: number[] = [];
  readonly #idWriter = new FieldWriter();

  insertResourceType(id: string, data: Uint8Array): void {
    this.#rows.resourceTypes.push(id);
    this.#rows.data[0].push(data);
  }

  insertResource(columns: ResourceColumns, data: Uint8Array): void {
    this.#rows.resources.push(columns);
    this.#rows.data[1].push(data);
  }

  insertEntitlement(columns: EntitlementColumns, data: Uint8Array): void {
    this.#rows.entitlements.push(columns);
    this.#rows.data[2].push(data);
  }

  addUser(gid: string, principal: Uint8Array): void {
    this.#rows.users.push(gid);
    this.#rows.data[3].push(principal);
    this.#gidBytes.push(Buffer.byteLength(gid));
  }

  /** Groups grants by entitlement and length of the gid: within a group only the user differs. */
  insertGrant(pattern: GrantPattern, place: number): void {
    const { grants } = this.#rows;
    const gidBytes = this.#gidBytes[place] ?? 0;
    const first = grants.get(pattern) ?? null;
    let list = first;
    while (list !== null && list.gidBytes !== gidBytes) list = list.next;
    if (list) list.places.push(place);
    else grants.set(pattern, { gidBytes, places: [place], next: first });
  }

  /** Returns the batch collected and the buffers to transfer with it, and starts an empty one. */
  take(): { readonly batch: RowBatch; readonly transfer: ArrayBuffer[] } {
    const { resourceTypes, resources, entitlements, users, grants, data } = this.#rows;
    this.#rows = emptyRows();
    const [ofTypes, ofResources, ofEntitlements, ofUsers, ofGrants] = data;
    const lists: RowBatch['grants'][number][] = [];
    for (const [pattern, first] of grants) {
      const key = keyOf(pattern);
      for (let list: Holders | null = first; list !== null; list = list.next) {
        lists.push({ key, places: JSON.stringify(list.places) });
        ofGrants.push(pattern.head);
        ofGrants.push(idBytes(pattern, list.gidBytes, this.#idWriter));
        ofGrants.push(pattern.tail);
      }
    }
    const batch: RowBatch = {
      kind: 'rows',
      resourceTypes,
      resources,
      entitlements,
      users,
      grants: lists,
      data: [ofTypes.pack(), ofResources.pack(), ofEntitlements.pack(), ofUsers.pack(), ofGrants.pack()],
    };
    return { batch, transfer: batch.data.flatMap(({ bytes, ends }) => [bytes.buffer, ends.buffer]) };
  }
}

function emptyRows() {
  return {
    resourceTypes: [] as string[],
    resources: [] as ResourceColumns[],
    entitlements: [] as EntitlementColumns[],
    users: [] as string[],
    grants: new Map<GrantPattern, Holders>(),
    data: [new ByteTable(), new ByteTable(), new ByteTable(), new ByteTable(), new ByteTable()] as const,
  };
}

/** Returns the key alone, without the encoded bytes of the pattern. */
function keyOf({ resourceType, resource, entitlement, idPrefix }: GrantPattern): GrantKey {
  return { resourceType, resource, entitlement, idPrefix };
}

/** Inserts a batch; batches must come in the order in which they were taken. */
export function insertBatch(database: SyncDatabase, batch: RowBatch): void {
  const [ofTypes, ofResources, ofEntitlements, ofUsers, ofGrants] = batch.data.map(
    (packed) => new ByteTable(packed),
  ) as [ByteTable, ByteTable, ByteTable, ByteTable, ByteTable];
  for (const [index, id] of batch.resourceTypes.entries())
    database.insertResourceType(id, ofTypes.get(index));
  for (const [index, columns] of batch.resources.entries())
    database.insertResource(columns, ofResources.get(index));
  for (const [index, columns] of batch.entitlements.entries())
    database.insertEntitlement(columns, ofEntitlements.get(index));
  for (const [index, gid] of batch.users.entries()) database.addUser(gid, ofUsers.get(index));
  for (const [index, { key, places }] of batch.grants.entries()) {
    const at = 3 * index;
    database.insertGrants({
      key,
      pieces: [ofGrants.get(at), ofGrants.get(at + 1), ofGrants.get(at + 2)],
      places,
    });
  }
}
