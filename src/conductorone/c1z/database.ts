import { rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { finishedSyncs, oldSyncs } from './finished-syncs.ts';
import { createIndex, createTable, indices, tables } from './schema.ts';
import type { SyncType } from './selection.ts';

/**
 * SQLite's page cache, and what it sorts in memory before it goes to temporary files. Rows and indices are only
 * appended: with four times as much neither is faster.
 */
const CACHE_KIB = 4 * 1024;

/**
 * So much of the file is read where the system keeps it, while indices are made: each is a pass over all rows, and
 * copying those in pieces of a page took a third of the time. The system takes the memory back when it is short.
 */
const MAPPED_BYTES = 2 ** 30;

/** A row of a resource, an entitlement or a grant belongs to the one sync that is being written. */
export interface SyncStamp {
  readonly id: string;
  /** As `formatSqlTime` writes it. */
  readonly startedAt: string;
}

/** Of a resource, beside its message. Lists like this go from thread to thread in half the time of objects. */
export type ResourceColumns = readonly [
  type: string,
  key: string,
  parentType: string | null,
  parent: string | null,
];

/** Of an entitlement, beside its message. */
export type EntitlementColumns = readonly [resourceType: string, resource: string, id: string];

/** Where the grants of one entitlement belong. */
export interface GrantKey {
  readonly resourceType: string;
  readonly resource: string;
  readonly entitlement: string;
  /** A grant's id is this and the user's gid. */
  readonly idPrefix: string;
}

/**
 * Grants of one entitlement. Their messages are three pieces that all share, around what is known of each user: the
 * principal after the first piece, the gid after the second.
 */
export interface GrantRows {
  readonly key: GrantKey;
  readonly pieces: readonly [Uint8Array, Uint8Array, Uint8Array];
  /** Of the users, as a list in JSON. */
  readonly places: string;
}

/**
 * The SQLite file inside a c1z while a sync is written into it. Rows are inserted without indices, which are made
 * at the end: sorting once is far cheaper than keeping order row by row. No journal: the file is thrown away when
 * anything fails.
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
   * @param path a file that does not exist yet, or one that `prepareExisting` has made ready
   * @param tempFolder where SQLite may put its temporary files
   */
  constructor(path: string, tempFolder: string, stamp: SyncStamp) {
    this.#stamp = stamp;
    this.#db = openDatabase(path, tempFolder);
    for (const table of tables) this.#db.exec(createTable(table));
    // Partial indices cost nothing while no row belongs to them, and a scan of all grants if made later.
    for (const index of indices) if (index.where !== undefined) this.#db.exec(createIndex(index));
    // In memory, and gone before the indices are made.
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
   * The next user; grants name users by their places.
   * @param principal field 2 of a Grant
   */
  addUser(gid: string, principal: Uint8Array): void {
    this.#user.run(this.#users, gid, principal);
    this.#users += 1;
  }

  /** Puts the messages together here: a million of them are not encoded, handed over and bound one by one. */
  insertGrants({ key, pieces, places }: GrantRows): void {
    const { resourceType, resource, entitlement, idPrefix } = key;
    this.#grants.run(resourceType, resource, entitlement, idPrefix, ...pieces, places);
  }

  /**
   * Ends the sync and closes the file. No grant needs expansion and none holds the annotation of it, which the two
   * flags say: a reader need not go through all grants to find out.
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
    // No `threads` of SQLite's own: they take a sixth more in all, and beside a core that is busy they are no faster.
    this.#db.exec(`pragma mmap_size = ${MAPPED_BYTES}`);
    for (const index of indices) this.#db.exec(createIndex(index));
    this.#db.close();
  }

  /** What a partial sync is a part of; empty where there is none. */
  #newestFull(): string {
    return finishedSyncs(this.#db).find(({ type }) => type === 'full')?.id ?? '';
  }

  /** What all rows have in common is a literal: a million times less to bind. */
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

/** Full syncs a file holds after one was added, as the Go SDK leaves them. */
const FULL_SYNCS_KEPT = 2;

/**
 * Makes a database of another run, or of another writer, ready to be added to: missing columns are added, old syncs
 * removed, and what is left is copied into a new file without holes and without indices.
 * @param adding the kind of the sync to come; a full one takes the place of a kept one
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

/** Opens a database of any version of the tables, and brings it to this one. */
export function openExisting(path: string, tempFolder: string): DatabaseSync {
  const db = openDatabase(path, tempFolder);
  for (const table of tables) {
    db.exec(createTable(table));
    addMissingColumns(db, table.name, table.columns);
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
