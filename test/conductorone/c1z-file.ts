import { readFile, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { fromBinary } from '@bufbuild/protobuf';
import {
  type Entitlement,
  EntitlementSchema,
} from '../../src/conductorone/generated/c1/connector/v2/entitlement_pb.ts';
import { type Grant, GrantSchema } from '../../src/conductorone/generated/c1/connector/v2/grant_pb.ts';
import {
  type Resource,
  ResourceSchema,
  type ResourceType,
  ResourceTypeSchema,
} from '../../src/conductorone/generated/c1/connector/v2/resource_pb.ts';

const MAGIC = Buffer.from([0x43, 0x31, 0x5a, 0x46, 0x00]);

/** Reads c1z files independently of the code that writes them: the envelope, SQL and protobuf. */
export class ReadC1z implements Disposable {
  readonly db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.db = db;
  }

  static async open(path: string): Promise<ReadC1z> {
    const db = new DatabaseSync(':memory:');
    db.deserialize(await databaseIn(path));
    return new ReadC1z(db);
  }

  [Symbol.dispose](): void {
    this.db.close();
  }

  rows(sql: string): Record<string, unknown>[] {
    return this.db
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  }

  column(sql: string): unknown[] {
    return this.rows(sql).map((row) => Object.values(row)[0]);
  }

  resourceTypes(): ResourceType[] {
    return this.#blobs('v1_resource_types').map((data) => fromBinary(ResourceTypeSchema, data));
  }

  resources(): Resource[] {
    return this.#blobs('v1_resources').map((data) => fromBinary(ResourceSchema, data));
  }

  entitlements(): Entitlement[] {
    return this.#blobs('v1_entitlements').map((data) => fromBinary(EntitlementSchema, data));
  }

  grants(): Grant[] {
    return this.#blobs('v1_grants').map((data) => fromBinary(GrantSchema, data));
  }

  #blobs(table: string): Uint8Array[] {
    return this.column(`select data from ${table} order by id`) as Uint8Array[];
  }
}

/** Returns the SQLite database in a c1z file. */
export async function databaseIn(path: string): Promise<Buffer> {
  const bytes = await readFile(path);
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error(`${path} does not begin with C1ZF\\0`);
  return zstdDecompressSync(bytes.subarray(MAGIC.length));
}

/** Packs a database as another writer might: in several frames. */
export async function packDatabase(database: Buffer, path: string): Promise<void> {
  const half = Math.floor(database.length / 2);
  const frames = [database.subarray(0, half), database.subarray(half)].map((part) => zstdCompressSync(part));
  await writeFile(path, Buffer.concat([MAGIC, ...frames]));
}
