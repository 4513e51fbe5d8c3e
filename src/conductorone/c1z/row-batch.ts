import { ByteTable, type PackedBytes } from './byte-table.ts';
import type { EntitlementRow, GrantKey, ResourceRow, SyncDatabase } from './database.ts';

/** Where the rows of a sync go. */
export interface RowSink {
  insertResourceType(id: string, data: Uint8Array): void;
  insertResource(row: ResourceRow): void;
  insertEntitlement(row: EntitlementRow): void;
  /** The next user; grants name users by their places. */
  addUser(gid: string): void;
  insertGrant(key: GrantKey, place: number, data: Uint8Array): void;
}

/** Rows on their way from the thread that encodes them to the one that inserts them; each table's in their order. */
export interface RowBatch {
  readonly kind: 'rows';
  readonly resourceTypes: readonly string[];
  readonly resources: readonly Omit<ResourceRow, 'data'>[];
  readonly entitlements: readonly Omit<EntitlementRow, 'data'>[];
  /** Those that no batch before this had. */
  readonly users: readonly string[];
  /** Of the grants of this batch. */
  readonly keys: readonly GrantKey[];
  /** Two numbers for each grant: which key, and the place of the user among all. */
  readonly grants: Uint32Array<ArrayBuffer>;
  /** The messages of all rows: resource types, resources, entitlements and grants, one behind the other. */
  readonly data: readonly [PackedBytes, PackedBytes, PackedBytes, PackedBytes];
}

/** Collects rows into a batch. */
export class RowCollector implements RowSink {
  #rows = emptyRows();

  insertResourceType(id: string, data: Uint8Array): void {
    this.#rows.resourceTypes.push(id);
    this.#rows.data[0].push(data);
  }

  insertResource({ data, ...row }: ResourceRow): void {
    this.#rows.resources.push(row);
    this.#rows.data[1].push(data);
  }

  insertEntitlement({ data, ...row }: EntitlementRow): void {
    this.#rows.entitlements.push(row);
    this.#rows.data[2].push(data);
  }

  addUser(gid: string): void {
    this.#rows.users.push(gid);
  }

  insertGrant(key: GrantKey, place: number, data: Uint8Array): void {
    const { keys, grants } = this.#rows;
    let number = keys.get(key);
    if (number === undefined) {
      number = keys.size;
      keys.set(key, number);
    }
    grants.push(number, place);
    this.#rows.data[3].push(data);
  }

  /** What was collected, with what of it is to be transferred; goes on with nothing. */
  take(): { readonly batch: RowBatch; readonly transfer: ArrayBuffer[] } {
    const { resourceTypes, resources, entitlements, users, keys, grants, data } = this.#rows;
    this.#rows = emptyRows();
    const [ofTypes, ofResources, ofEntitlements, ofGrants] = data;
    const batch: RowBatch = {
      kind: 'rows',
      resourceTypes,
      resources,
      entitlements,
      users,
      keys: keys.keys().map(plainKey).toArray(),
      grants: Uint32Array.from(grants),
      data: [ofTypes.pack(), ofResources.pack(), ofEntitlements.pack(), ofGrants.pack()],
    };
    const transfer = batch.data.flatMap(({ bytes, ends }) => [bytes.buffer, ends.buffer]);
    return { batch, transfer: [batch.grants.buffer, ...transfer] };
  }
}

function emptyRows() {
  return {
    resourceTypes: [] as string[],
    resources: [] as Omit<ResourceRow, 'data'>[],
    entitlements: [] as Omit<EntitlementRow, 'data'>[],
    users: [] as string[],
    keys: new Map<GrantKey, number>(),
    grants: [] as number[],
    data: [new ByteTable(), new ByteTable(), new ByteTable(), new ByteTable()] as const,
  };
}

/** Without what the encoder keeps beside it. */
function plainKey({ resourceType, resource, entitlement, idPrefix }: GrantKey): GrantKey {
  return { resourceType, resource, entitlement, idPrefix };
}

/** Inserts batches, in the order in which they were taken. */
export class RowInserter {
  readonly #database: SyncDatabase;
  readonly #users: string[] = [];

  constructor(database: SyncDatabase) {
    this.#database = database;
  }

  insert({ resourceTypes, resources, entitlements, users, keys, grants, data }: RowBatch): void {
    const database = this.#database;
    const [ofTypes, ofResources, ofEntitlements, ofGrants] = data.map((packed) => new ByteTable(packed)) as [
      ByteTable,
      ByteTable,
      ByteTable,
      ByteTable,
    ];
    for (const [index, id] of resourceTypes.entries()) database.insertResourceType(id, ofTypes.get(index));
    for (const [index, row] of resources.entries())
      database.insertResource({ ...row, data: ofResources.get(index) });
    for (const [index, row] of entitlements.entries())
      database.insertEntitlement({ ...row, data: ofEntitlements.get(index) });
    for (const user of users) this.#users.push(user);
    for (let index = 0; index < ofGrants.count; index += 1) {
      const key = keys[grants[2 * index] ?? 0] as GrantKey;
      database.insertGrant(key, this.#users[grants[2 * index + 1] ?? 0] ?? '', ofGrants.get(index));
    }
  }
}
