import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { type Entitlement, EntitlementSchema } from '../generated/c1/connector/v2/entitlement_pb.ts';
import { type Grant, GrantSchema } from '../generated/c1/connector/v2/grant_pb.ts';
import { type Resource, ResourceSchema } from '../generated/c1/connector/v2/resource_pb.ts';
import { openExisting } from './database.ts';
import { unpack } from './envelope.ts';
import { C1zError, damagedFile, fileError, isDamage, storageFault, tempFolderError } from './errors.ts';
import { finishedSyncs } from './finished-syncs.ts';
import { resourceKey } from './selection.ts';
import { makeWorkFolder, removeWorkFolder } from './work-folder.ts';

/** Looks up single objects in the newest finished full sync of a c1z, for `--grant-entitlement` and similar flags. */
export class C1zReader implements AsyncDisposable {
  readonly #db: DatabaseSync;
  readonly #syncId: string;
  readonly #folder: string;

  private constructor(db: DatabaseSync, syncId: string, folder: string) {
    this.#db = db;
    this.#syncId = syncId;
    this.#folder = folder;
  }

  /**
   * @param path a c1z of version 1, from any writer
   * @throws C1zError
   */
  static async open(path: string, tempFolder: string): Promise<C1zReader> {
    const folder = await makeWorkFolder(tempFolder);
    let db: DatabaseSync | null = null;
    try {
      const database = join(folder, 'sync.db');
      await unpack(path, database);
      db = openExisting(database, tempFolder);
      const newest = finishedSyncs(db).find(({ type }) => type === 'full');
      if (newest) return new C1zReader(db, newest.id, folder);
      throw new C1zError('FileUnusable', `${path} contains no finished full sync. Run a sync into it first.`);
    } catch (error) {
      db?.close();
      await removeWorkFolder(folder);
      throw explain(error, path, tempFolder);
    }
  }

  resource(resourceType: string, resource: string): Resource | null {
    return this.#find('v1_resources', ResourceSchema, resourceKey({ resourceType, resource }));
  }

  entitlement(id: string): Entitlement | null {
    return this.#find('v1_entitlements', EntitlementSchema, id);
  }

  grant(id: string): Grant | null {
    return this.#find('v1_grants', GrantSchema, id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#db.close();
    await removeWorkFolder(this.#folder);
  }

  #find<Desc extends DescMessage>(table: string, schema: Desc, id: string): MessageShape<Desc> | null {
    const row = this.#db
      .prepare(`select data from ${table} where external_id = ? and sync_id = ?`)
      .get(id, this.#syncId);
    return row?.['data'] instanceof Uint8Array ? fromBinary(schema, row['data']) : null;
  }
}

function explain(error: unknown, path: string, tempFolder: string): C1zError {
  if (error instanceof C1zError) return error;
  if (isDamage(error)) return damagedFile(path, error);
  const fault = storageFault(error);
  // Only the unpacked copy, in the temporary folder, takes space.
  return fault === 'full' ? tempFolderError(tempFolder, fault, error) : fileError(path, fault, error);
}
