import type { DatabaseSync } from 'node:sqlite';
import { BadFileError } from './bad-file.ts';

const SYNC = ['sync_id text not null', 'discovered_at datetime not null'] as const;
const KEY = 'id integer primary key';

/** The tables of a c1z of version 1 (baton-sdk pkg/dotc1z) and their columns in order, as SQLite reports them. */
const TABLES: Readonly<Record<string, readonly string[]>> = {
  v1_assets: [KEY, 'external_id text not null', 'content_type text not null', 'data blob not null', ...SYNC],
  v1_connector_sessions: [KEY, 'sync_id text not null', 'key text not null', 'value blob not null'],
  v1_entitlements: [
    KEY,
    'resource_type_id text not null',
    'resource_id text not null',
    'external_id text not null',
    'data blob not null',
    ...SYNC,
  ],
  v1_grants: [
    KEY,
    'resource_type_id text not null',
    'resource_id text not null',
    'entitlement_id text not null',
    'principal_resource_type_id text not null',
    'principal_resource_id text not null',
    'external_id text not null',
    'expansion blob',
    'needs_expansion integer not null default 0',
    'data blob not null',
    ...SYNC,
  ],
  v1_resource_types: [KEY, 'external_id text not null', 'data blob not null', ...SYNC],
  v1_resources: [
    KEY,
    'resource_type_id text not null',
    'external_id text not null',
    'parent_resource_type_id text',
    'parent_resource_id text',
    'data blob not null',
    ...SYNC,
  ],
  v1_sync_runs: [
    KEY,
    'sync_id text not null',
    'started_at datetime not null',
    'ended_at datetime',
    'sync_token text not null',
    "sync_type text not null default 'full'",
    "parent_sync_id text not null default ''",
    "linked_sync_id text not null default ''",
    'supports_diff integer not null default 0',
    'grants_backfilled integer not null default 0',
    'stats text',
    "ingest_invariant_generation text not null default ''",
    "ingest_invariant_coverage text not null default ''",
    "ingest_invariant_mode text not null default ''",
  ],
};

/** What each index covers. The SDK has the names of the first two resource indices swapped, and they stay so. */
const INDICES: Readonly<Record<string, string>> = {
  idx_resources_external_sync_v1: 'v1_resources (parent_resource_type_id, parent_resource_id)',
  idx_resources_parent_resource_id_v1: 'unique v1_resources (external_id, sync_id)',
  idx_resources_resource_type_id_v1: 'v1_resources (resource_type_id)',
  idx_resource_types_external_sync_v1: 'unique v1_resource_types (external_id, sync_id)',
  idx_entitlements_resource_id_v1: 'v1_entitlements (resource_type_id, resource_id)',
  idx_entitlements_external_sync_v1: 'unique v1_entitlements (external_id, sync_id)',
  idx_grants_resource_type_id_resource_id_v1: 'v1_grants (resource_type_id, resource_id)',
  idx_grants_principal_id_v1: 'v1_grants (principal_resource_type_id, principal_resource_id)',
  idx_grants_entitlement_id_principal_id_v1:
    'v1_grants (entitlement_id, principal_resource_type_id, principal_resource_id)',
  idx_grants_external_sync_v1: 'unique v1_grants (external_id, sync_id)',
  idx_grants_entitlement_sync_grant_v1: 'v1_grants (entitlement_id, sync_id, id)',
  idx_grants_sync_expansion_v1: 'v1_grants (sync_id) where expansion is not null',
  idx_grants_sync_needs_expansion_v1: 'v1_grants (sync_id) where needs_expansion = 1',
  idx_sync_runs_sync_id_v1: 'unique v1_sync_runs (sync_id)',
  idx_assets_external_sync_v1: 'unique v1_assets (external_id, sync_id)',
  idx_session_store_sync_key_v1: 'unique v1_connector_sessions (sync_id, key)',
};

/**
 * Checks that a database has the format, the tables and the indices of a c1z, and no others.
 * @throws BadFileError
 */
export function checkLayout(db: DatabaseSync): void {
  for (const [pragma, expected] of [
    ['encoding', 'UTF-8'],
    ['page_size', 4096],
    ['user_version', 0],
  ] as const) {
    if (only(db, `pragma ${pragma}`) !== expected)
      throw new BadFileError('database', `${pragma} must be ${expected}`);
  }
  if (only(db, 'pragma quick_check') !== 'ok') throw new BadFileError('database', 'is damaged');
  compare('table', namesOf(db, 'table'), Object.keys(TABLES));
  for (const [table, columns] of Object.entries(TABLES)) compareColumns(db, table, columns);
  compare('index', namesOf(db, 'index'), Object.keys(INDICES));
  for (const [index, expected] of Object.entries(INDICES)) {
    const found = describeIndex(db, index);
    if (found !== expected)
      throw new BadFileError(`index ${index}`, `must be on ${expected}, is on ${found}`);
  }
}

function namesOf(db: DatabaseSync, type: string): string[] {
  const rows = db.prepare(
    "select name from sqlite_master where type = ? and name not like 'sqlite\\_%' escape '\\'",
  );
  return rows.all(type).map((row) => String(row['name']));
}

function compare(what: string, found: readonly string[], expected: readonly string[]): void {
  const missing = expected.find((name) => !found.includes(name));
  if (missing !== undefined) throw new BadFileError(`${what} ${missing}`, 'is missing');
  const surplus = found.find((name) => !expected.includes(name));
  if (surplus !== undefined) throw new BadFileError(`${what} ${surplus}`, 'is none of a c1z');
}

function compareColumns(db: DatabaseSync, table: string, expected: readonly string[]): void {
  const found = db
    .prepare(`pragma table_info(${table})`)
    .all()
    .map(({ name, type, notnull, dflt_value: fallback, pk }) => {
      const words = [String(name), String(type).toLowerCase()];
      if (pk === 1) words.push('primary key');
      if (notnull === 1) words.push('not null');
      if (fallback !== null) words.push(`default ${String(fallback)}`);
      return words.join(' ');
    });
  for (const [place, column] of expected.entries()) {
    if (found[place] !== column)
      throw new BadFileError(
        `table ${table}`,
        `column ${place + 1} must be "${column}", is "${found[place] ?? 'missing'}"`,
      );
  }
  if (found.length > expected.length)
    throw new BadFileError(`table ${table}`, `has a column too many, "${found[expected.length]}"`);
}

function describeIndex(db: DatabaseSync, index: string): string {
  const row = db.prepare('select tbl_name, sql from sqlite_master where name = ?').get(index);
  const table = String(row?.['tbl_name']);
  const listed = db
    .prepare(`pragma index_list(${table})`)
    .all()
    .find(({ name }) => name === index);
  const columns = db
    .prepare(`pragma index_info(${index})`)
    .all()
    .map(({ name }) => String(name));
  const where = /\bwhere\s+(.+)$/i.exec(String(row?.['sql']))?.[1]?.toLowerCase().replaceAll(/\s+/g, ' ');
  return `${listed?.['unique'] === 1 ? 'unique ' : ''}${table} (${columns.join(', ')})${where === undefined ? '' : ` where ${where}`}`;
}

function only(db: DatabaseSync, sql: string): unknown {
  return Object.values(db.prepare(sql).get() ?? {})[0];
}
