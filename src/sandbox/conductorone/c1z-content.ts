import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { ConnectError } from '@connectrpc/connect';
import { RawIdSchema } from '../../conductorone/generated/c1/connector/v2/annotation_pb.ts';
import {
  type Entitlement,
  EntitlementSchema,
} from '../../conductorone/generated/c1/connector/v2/entitlement_pb.ts';
import { type Grant, GrantSchema } from '../../conductorone/generated/c1/connector/v2/grant_pb.ts';
import {
  type Resource,
  ResourceSchema,
  type ResourceType,
  ResourceTypeSchema,
  type ResourceType_Trait as Trait,
} from '../../conductorone/generated/c1/connector/v2/resource_pb.ts';
import { BadFileError } from './bad-file.ts';
import { checkBelongs, type SyncRun } from './c1z-run.ts';
import { faultOfEntitlementId, grantIdOf, resourceKeyOf } from './ids.ts';
import { checkBytes, invalid } from './message-rules.ts';
import { checkKnownAnnotations, checkResource, userTraitOf } from './resource-rules.ts';

/** The contents of a file, indexed for lookups. */
export interface FileContent {
  readonly resourceTypes: number;
  /** `type:id` */
  readonly resources: ReadonlySet<string>;
  /** The `type:id` of the resource that offers it, by entitlement id. */
  readonly entitlements: ReadonlyMap<string, string>;
  readonly grants: number;
  /** Gids by lower-case address. */
  readonly usersByEmail: ReadonlyMap<string, string>;
}

/** Whether an object outside the file may be referred to, because ConductorOne knows it from the last whole sync. */
export type Known = (kind: 'resource' | 'entitlement', id: string) => boolean;

type Row = Record<string, unknown>;

/** Number of rows that are checked before the event loop gets a turn. */
const ROWS_A_TURN = 200;

/**
 * Checks every row of a file against its own blob, against the rules of the messages, and against the objects it refers
 * to.
 * @throws BadFileError naming the row
 */
export async function checkContent(db: DatabaseSync, run: SyncRun, known: Known): Promise<FileContent> {
  for (const table of ['v1_resource_types', 'v1_resources', 'v1_entitlements', 'v1_grants'])
    checkBelongs(db, table, run);
  const check = new ContentCheck(known);
  await eachRow(db, 'v1_resource_types', ResourceTypeSchema, (row, type) => check.resourceType(row, type));
  await eachRow(db, 'v1_resources', ResourceSchema, (row, resource) => check.resource(row, resource));
  check.parents();
  await eachRow(db, 'v1_entitlements', EntitlementSchema, (row, entitlement) =>
    check.entitlement(row, entitlement),
  );
  await eachRow(db, 'v1_grants', GrantSchema, (row, grant) => check.grant(row, grant));
  return check.content();
}

/** Checks the rows in the order of their tables, and remembers what later ones refer to. */
class ContentCheck {
  readonly #known: Known;
  readonly #traits = new Map<string, readonly Trait[]>();
  readonly #resources = new Set<string>();
  readonly #parents = new Set<string>();
  readonly #usersByEmail = new Map<string, string>();
  readonly #entitlements = new Map<string, string>();
  #grants = 0;

  constructor(known: Known) {
    this.#known = known;
  }

  resourceType(row: Row, type: ResourceType): void {
    same(row, { external_id: type.id });
    checkBytes('id', type.id, { min: 1, max: 1024 });
    checkBytes('display_name', type.displayName, { min: 1, max: 1024 });
    checkBytes('description', type.description, { min: 0, max: 4096 });
    checkKnownAnnotations('annotations', type.annotations);
    this.#traits.set(type.id, type.traits);
  }

  resource(row: Row, resource: Resource): void {
    const { id, parentResourceId: parent } = resource;
    if (id === undefined) throw invalid('id', 'is required');
    same(row, {
      resource_type_id: id.resourceType,
      external_id: resourceKeyOf(id),
      parent_resource_type_id: parent?.resourceType ?? null,
      parent_resource_id: parent?.resource ?? null,
    });
    const traits = this.#traits.get(id.resourceType);
    if (traits === undefined) throw invalid('id.resource_type', 'must be a resource type of the file');
    checkResource('resource', resource, traits);
    checkRawId(resource.annotations, id.resource);
    this.#resources.add(resourceKeyOf(id));
    if (parent !== undefined) this.#parents.add(resourceKeyOf(parent));
    for (const { address } of userTraitOf(resource)?.emails ?? [])
      this.#usersByEmail.set(address.toLowerCase(), id.resource);
  }

  /** @throws BadFileError if a parent is missing; called after all resources, as parents may follow their children */
  parents(): void {
    const lost = [...this.#parents].find((parent) => !this.#hasResource(parent));
    if (lost !== undefined) throw new BadFileError('v1_resources', `the parent ${lost} is not there`);
  }

  entitlement(row: Row, entitlement: Entitlement): void {
    const resource = entitlement.resource?.id;
    if (resource === undefined) throw invalid('resource.id', 'is required');
    same(row, {
      resource_type_id: resource.resourceType,
      resource_id: resource.resource,
      external_id: entitlement.id,
    });
    const key = resourceKeyOf(resource);
    if (!this.#resources.has(key)) throw invalid('resource', 'must be a resource of the file');
    const fault = faultOfEntitlementId(entitlement.id, entitlement.slug, resource);
    if (fault !== null) throw invalid('id', fault);
    checkBytes('display_name', entitlement.displayName, { min: 1, max: 1024 });
    checkBytes('description', entitlement.description, { min: 0, max: 2048 });
    checkKnownAnnotations('annotations', entitlement.annotations);
    if (!entitlement.grantableTo.some(({ id }) => id === 'user'))
      throw invalid('grantable_to', 'must name the type of users');
    this.#entitlements.set(entitlement.id, key);
  }

  grant(row: Row, { id, entitlement, principal, annotations }: Grant): void {
    const resource = entitlement?.resource?.id;
    if (entitlement === undefined || resource === undefined)
      throw invalid('entitlement.resource.id', 'is required');
    if (principal?.id === undefined) throw invalid('principal.id', 'is required');
    same(row, {
      resource_type_id: resource.resourceType,
      resource_id: resource.resource,
      entitlement_id: entitlement.id,
      principal_resource_type_id: principal.id.resourceType,
      principal_resource_id: principal.id.resource,
      external_id: id,
      expansion: null,
      needs_expansion: 0,
    });
    if (id !== grantIdOf({ resource, id: entitlement.id }, principal.id))
      throw invalid('id', 'must be the entitlement and the principal');
    this.#checkReferences(entitlement.id, resourceKeyOf(resource), resourceKeyOf(principal.id));
    checkKnownAnnotations('annotations', annotations);
    this.#grants += 1;
  }

  content(): FileContent {
    return {
      resourceTypes: this.#traits.size,
      resources: this.#resources,
      entitlements: this.#entitlements,
      grants: this.#grants,
      usersByEmail: this.#usersByEmail,
    };
  }

  #checkReferences(entitlement: string, resource: string, principal: string): void {
    const offeredBy = this.#entitlements.get(entitlement);
    if (offeredBy === undefined && !this.#known('entitlement', entitlement))
      throw invalid('entitlement', `${entitlement} is not there`);
    if (offeredBy !== undefined && offeredBy !== resource)
      throw invalid('entitlement.resource', `${entitlement} is offered by another`);
    if (!this.#hasResource(principal)) throw invalid('principal', `${principal} is not there`);
  }

  #hasResource(key: string): boolean {
    return this.#resources.has(key) || this.#known('resource', key);
  }
}

/** Checks the RawId, by which ids of other systems are matched. */
function checkRawId(annotations: readonly Any[], id: string): void {
  const found = annotations.find(({ typeUrl }) => typeUrl.endsWith('/c1.connector.v2.RawId'));
  if (found === undefined || fromBinary(RawIdSchema, found.value).id !== id)
    throw invalid('annotations', `must hold the RawId ${id}`);
}

async function eachRow<Desc extends DescMessage>(
  db: DatabaseSync,
  table: string,
  schema: Desc,
  check: (row: Row, message: MessageShape<Desc>) => void,
): Promise<void> {
  let rows = 0;
  for (const row of db.prepare(`select * from ${table} order by id`).iterate()) {
    const name = `${table} ${String(row['external_id'])}`;
    const message = decode(name, schema, row['data']);
    try {
      check(row, message);
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      throw new BadFileError(name, error.rawMessage, error);
    }
    rows += 1;
    if (rows % ROWS_A_TURN === 0) await nextTurn();
  }
}

function decode<Desc extends DescMessage>(name: string, schema: Desc, data: unknown): MessageShape<Desc> {
  try {
    if (data instanceof Uint8Array) return fromBinary(schema, data);
  } catch (error) {
    throw new BadFileError(name, `its data cannot be read as a ${schema.typeName}`, error);
  }
  throw new BadFileError(name, 'has no data');
}

/** Checks that the columns of a row have the values in its blob. */
function same(row: Row, expected: Readonly<Record<string, unknown>>): void {
  for (const [column, value] of Object.entries(expected)) {
    if (row[column] !== value) throw invalid(column, 'must be what the data says');
  }
}
