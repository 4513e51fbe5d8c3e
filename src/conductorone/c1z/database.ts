import { rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { finishedSyncs, oldSyncs } from './finished-syncs.ts';
import { createIndex, createTable, indices, tables } from './schema.ts';
import type { SyncType } from './selection.ts';

/**
 * Size of SQLite's page cache, and of what it sorts in memory before it uses temporary files. Rows and indices are only
 * appended: four times as much makes neither faster.
 */
const CACHE_KIB = 4 * 1024;

/**
 * How much of the file is memory-mapped while indices are created: each is a pass over all rows, and copying those page
 * by page took a third of the time. The system takes the memory back when it runs short.
 */
const MAPPED_BYTES = 2 ** 30;

/** The one sync that is being written, to which every inserted row belongs. */
export interface SyncStamp {
  readonly id: string;
  /** As `formatSqlTime` writes it. */
  readonly startedAt: string;
}

/** A resource's columns, besides its message. Tuples go from thread to thread in half the time of objects. */
export type ResourceColumns = readonly [
  type: string,
  key: string,
  parentType: string | null,
  parent: string | null,
];

/** An entitlement's columns, besides its message. */
export type EntitlementColumns = readonly [resourceType: string, resource: string, id: string];

/** The columns that the grants of one entitlement share. */
export interface GrantKey {
  readonly resourceType: string;
  readonly resource: string;
  readonly entitlement: string;
  /** A grant's id is this, followed by the user's gid. */
  readonly idPrefix: string;
}

/**
 * Grants of one entitlement. Each message consists of three pieces that all grants share, and of the data of the user:
 * the principal after the first piece, the gid after the second.
 */
export interface GrantRows {
  readonly key: GrantKey;
  readonly pieces: readonly [Uint8Array, Uint8Array, Uint8Array];
  /** The places of the users, as a JSON array. */
  readonly places: string;
}

/**
 * The SQLite file inside a c1z while a sync is written into it. Indices are created after all rows are inserted:
 * sorting once is far cheaper than keeping order row by row. There is no journal: the file is discarded if anything
 * fails.
 */
export class SyncDatabase {
  readonly #db: DatabaseSync;
  readonly #stamp: SyncStamp;
  readonly #resourceType: StatementSync;
  readonly #resource: StatementSync;
  readonly #entitlement: StatementSync;
  readonly #user: StatementSync;
  readonly #grants: StatementSync;
  #users = 0;

  /**
   * @param path a file that does not exist yet, or one that `prepareExisting` has prepared
   * @param tempFolder where SQLite may put its temporary files
   */
  constructor(path: string, tempFolder: string, stamp: SyncStamp) {
    this.#stamp = stamp;
    this.#db = openDatabase(path, tempFolder);
    for (const table of tables) this.#db.exec(createTable(table));
    // Partial indices cost nothing while no row belongs to them, but a scan of all grants if created later.
    for (const index of indices) if (index.where !== undefined) this.#db.exec(createIndex(index));
    // In memory, and detached before the indices are created.
    this.#db.exec(`
      attach ':memory:' as people;
      create table people.users (place integer primary key, gid text not null, principal blob not null);
      begin;
    `);
    this.#resourceType = this.#insert('v1_resource_types', { external_id: '?', data: '?' });
    this.#resource = this.#insert('v1_resources', {
      resource_type_id: '?',
      external_id: '?',
      parent_resource_type_id: '?',
      parent_resource_id: '?',
      data: '?',
    });
    this.#entitlement = this.#insert('v1_entitlements', {
      resource_type_id: '?',
      resource_id: '?',
      external_id: '?',
      data: '?',
    });
    this.#user = this.#db.prepare('insert into people.users values (?, ?, ?)');
    this.#grants = this.#insert(
      'v1_grants',
      {
        resource_type_id: '?1',
        resource_id: '?2',
        entitlement_id: '?3',
        principal_resource_type_id: "'user'",
        principal_resource_id: 'gid',
        external_id: '?4 || gid',
        data: 'cast(?5 || principal || (?6 || gid || ?7) as blob)',
      },
      'from json_each(?8) cross join people.users on place = value',
    );
  }

  insertResourceType(id: string, data: Uint8Array): void {
    this.#resourceType.run(id, data);
  }

  insertResource(columns: ResourceColumns, data: Uint8Array): void {
    this.#resource.run(...columns, data);
  }

  insertEntitlement(columns: EntitlementColumns, data: Uint8Array): void {
    this.#entitlement.run(...columns, data);
  }

  /**
   * Adds the next user; grants refer to users by place, from 0.
   * @param principal field 2 of a Grant
   */
  addUser(gid: string, principal: Uint8Array): void {
    this.#user.run(this.#users, gid, principal);
    this.#users += 1;
  }

  /** Has SQLite assemble the messages, so that a million of them are not encoded, sent and bound one by one. */
  insertGrants({ key, pieces, places }: GrantRows): void {
    const { resourceType, resource, entitlement, idPrefix } = key;
    this.#grants.run(resourceType, resource, entitlement, idPrefix, ...pieces, places);
  }

  /**
   * Ends the sync and closes the file. No grant needs expansion or has the annotation for it. The two flags record
   * that, so that a reader need not scan all grants.
   */
  finish(type: SyncType, endedAt: string): void {
    const { id, startedAt } = this.#stamp;
    this.#db
      .prepare(
        `insert into v1_sync_runs
           (sync_id, started_at, ended_at, sync_token, sync_type, parent_sync_id, supports_diff, grants_backfilled)
         values (?, ?, ?, '', ?, ?, 1, 1)`,
      )
      .run(id, startedAt, endedAt, type, type === 'partial' ? this.#newestFull() : '');
    this.#db.exec(`commit; detach people;`);
    // SQLite's own `threads` are off: they use a sixth more CPU time, and are no faster while another core is busy.
    this.#db.exec(`pragma mmap_size = ${MAPPED_BYTES}`);
    for (const index of indices) this.#db.exec(createIndex(index));
    this.#db.close();
  }

  /** Returns the id of the newest full sync, the parent of a partial one; empty if there is none. */
  #newestFull(): string {
    return finishedSyncs(this.#db).find(({ type }) => type === 'full')?.id ?? '';
  }

  /** Prepares an insert; values that all rows share are literals, which saves binding them a million times. */
  #insert(table: string, values: Readonly<Record<string, string>>, from = ''): StatementSync {
    const { id, startedAt } = this.#stamp;
    const all = { ...values, sync_id: literal(id), discovered_at: literal(startedAt) };
    return this.#db.prepare(
      `insert into ${table} (${Object.keys(all).join(', ')}) select ${Object.values(all).join(', ')} ${from}`,
    );
  }
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Number of full syncs in a file after one was added, as in the Go SDK. */
const FULL_SYNCS_KEPT = 2;

/**
 * Prepares the database of another run, or of another writer, for a further sync: adds missing columns, removes old
 * syncs, and copies the rest into a new file without free pages or indices.
 * @param adding the type of the sync to come; a full one takes the place of a kept one
 */
export function prepareExisting(path: string, into: string, tempFolder: string, adding: SyncType): void {
  const db = openExisting(path, tempFolder);
  try {
    for (const { name } of indices) db.exec(`drop index if exists ${name}`);
    removeOldSyncs(db, FULL_SYNCS_KEPT - (adding === 'full' ? 1 : 0));
    db.prepare('vacuum into ?').run(into);
  } finally {
    db.close();
  }
  rmSync(path);
}

function openDatabase(path: string, tempFolder: string): DatabaseSync {
  const db = new DatabaseSync(path);
  db.exec(`
    pragma journal_mode = off;
    pragma synchronous = off;
    pragma locking_mode = exclusive;
    pragma cache_size = -${CACHE_KIB};
    pragma temp_store_directory = ${literal(tempFolder)};
  `);
  return db;
}

/** Opens a database with any version of the tables and brings them to this version. */
export function openExisting(path: string, tempFolder: string): DatabaseSync {
  const db = openDatabase(path, tempFolder);
  try {
    for (const table of tables) {
      db.exec(createTable(table));
      addMissingColumns(db, table.name, table.columns);
    }
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

function addMissingColumns(db: DatabaseSync, table: string, columns: readonly string[]): void {
  const known = new Set(
    db
      .prepare('select name from pragma_table_info(?)')
      .all(table)
      .map(({ name }) => name),
  );
  for (const column of columns) {
    const [name] = column.split(' ');
    if (!known.has(name ?? '')) db.exec(`alter table ${table} add column ${column}`);
  }
}

function removeOldSyncs(db: DatabaseSync, keptFull: number): void {
  const ids = JSON.stringify(oldSyncs(finishedSyncs(db), keptFull));
  for (const { name } of tables) {
    db.prepare(`delete from ${name} where sync_id in (select value from json_each(?))`).run(ids);
  }
}
