/**
 * The tables and indices of a c1z, version 1, as baton-sdk creates them (pkg/dotc1z). The `v1` in a name is the version
 * of the table.
 */
export interface Table {
  readonly name: string;
  /** Column definitions, in order. */
  readonly columns: readonly string[];
}

const ID = 'id integer primary key';
const SYNC = ['sync_id text not null', 'discovered_at datetime not null'] as const;

export const tables: readonly Table[] = [
  { name: 'v1_resource_types', columns: [ID, 'external_id text not null', 'data blob not null', ...SYNC] },
  {
    name: 'v1_resources',
    columns: [
      ID,
      'resource_type_id text not null',
      'external_id text not null',
      'parent_resource_type_id text',
      'parent_resource_id text',
      'data blob not null',
      ...SYNC,
    ],
  },
  {
    name: 'v1_entitlements',
    columns: [
      ID,
      'resource_type_id text not null',
      'resource_id text not null',
      'external_id text not null',
      'data blob not null',
      ...SYNC,
    ],
  },
  {
    name: 'v1_grants',
    columns: [
      ID,
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
  },
  {
    name: 'v1_sync_runs',
    columns: [
      ID,
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
  },
  {
    name: 'v1_assets',
    columns: [ID, 'external_id text not null', 'content_type text not null', 'data blob not null', ...SYNC],
  },
  {
    name: 'v1_connector_sessions',
    columns: [ID, 'sync_id text not null', 'key text not null', 'value blob not null'],
  },
];

export interface Index {
  readonly name: string;
  readonly table: string;
  readonly unique?: boolean;
  readonly columns: string;
  /** The condition of a partial index. */
  readonly where?: string;
}

export const indices: readonly Index[] = [
  {
    name: 'idx_resource_types_external_sync_v1',
    table: 'v1_resource_types',
    unique: true,
    columns: 'external_id, sync_id',
  },
  { name: 'idx_resources_resource_type_id_v1', table: 'v1_resources', columns: 'resource_type_id' },
  // baton-sdk has the names of these two swapped; under other names a Go writer would create them a second time.
  {
    name: 'idx_resources_external_sync_v1',
    table: 'v1_resources',
    columns: 'parent_resource_type_id, parent_resource_id',
  },
  {
    name: 'idx_resources_parent_resource_id_v1',
    table: 'v1_resources',
    unique: true,
    columns: 'external_id, sync_id',
  },
  {
    name: 'idx_entitlements_resource_id_v1',
    table: 'v1_entitlements',
    columns: 'resource_type_id, resource_id',
  },
  {
    name: 'idx_entitlements_external_sync_v1',
    table: 'v1_entitlements',
    unique: true,
    columns: 'external_id, sync_id',
  },
  {
    name: 'idx_grants_resource_type_id_resource_id_v1',
    table: 'v1_grants',
    columns: 'resource_type_id, resource_id',
  },
  {
    name: 'idx_grants_principal_id_v1',
    table: 'v1_grants',
    columns: 'principal_resource_type_id, principal_resource_id',
  },
  {
    name: 'idx_grants_entitlement_id_principal_id_v1',
    table: 'v1_grants',
    columns: 'entitlement_id, principal_resource_type_id, principal_resource_id',
  },
  { name: 'idx_grants_external_sync_v1', table: 'v1_grants', unique: true, columns: 'external_id, sync_id' },
  {
    name: 'idx_grants_entitlement_sync_grant_v1',
    table: 'v1_grants',
    columns: 'entitlement_id, sync_id, id',
  },
  {
    name: 'idx_grants_sync_expansion_v1',
    table: 'v1_grants',
    columns: 'sync_id',
    where: 'expansion is not null',
  },
  {
    name: 'idx_grants_sync_needs_expansion_v1',
    table: 'v1_grants',
    columns: 'sync_id',
    where: 'needs_expansion = 1',
  },
  { name: 'idx_sync_runs_sync_id_v1', table: 'v1_sync_runs', unique: true, columns: 'sync_id' },
  { name: 'idx_assets_external_sync_v1', table: 'v1_assets', unique: true, columns: 'external_id, sync_id' },
  {
    name: 'idx_session_store_sync_key_v1',
    table: 'v1_connector_sessions',
    unique: true,
    columns: 'sync_id, key',
  },
];

export function createTable({ name, columns }: Table): string {
  return `create table if not exists ${name} (${columns.join(', ')})`;
}

export function createIndex({ name, table, unique = false, columns, where }: Index): string {
  const condition = where === undefined ? '' : ` where ${where}`;
  return `create ${unique ? 'unique ' : ''}index if not exists ${name} on ${table} (${columns})${condition}`;
}
