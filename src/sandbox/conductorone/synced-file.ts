import { DatabaseSync } from 'node:sqlite';
import { fromBinary } from '@bufbuild/protobuf';
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
} from '../../conductorone/generated/c1/connector/v2/resource_pb.ts';
import { codeOf } from '../../core/errors.ts';
import { BadFileError } from './bad-file.ts';
import { checkContent, type FileContent, type Known } from './c1z-content.ts';
import { checkLayout } from './c1z-layout.ts';
import { readSyncRun, type SyncRun } from './c1z-run.ts';

/** The number of objects in a file, by kind; `resources` by resource type. */
export interface FileCounts {
  readonly resourceTypes: number;
  readonly resources: Readonly<Record<string, number>>;
  readonly entitlements: number;
  readonly grants: number;
}

export interface GrantFilter {
  /** Gid of the user. */
  readonly user?: string | undefined;
  readonly entitlement?: string | undefined;
}

/** The database of an uploaded c1z that passed all checks. Queries read from it directly. */
export class SyncedFile implements Disposable {
  readonly #db: DatabaseSync;
  readonly #content: FileContent;
  readonly run: SyncRun;
  readonly counts: FileCounts;

  private constructor(db: DatabaseSync, run: SyncRun, content: FileContent) {
    this.#db = db;
    this.#content = content;
    this.run = run;
    this.counts = countsOf(db, content);
  }

  /**
   * Opens and checks an unpacked file.
   * @param now epoch milliseconds
   * @throws BadFileError
   */
  static async open(path: string, now: number, known: Known): Promise<SyncedFile> {
    const db = new DatabaseSync(path);
    try {
      // A Go connector may leave write-ahead mode on, in which a reader creates two more files.
      db.exec('pragma journal_mode = delete; pragma query_only = on');
      checkLayout(db);
      const run = readSyncRun(db, now);
      return new SyncedFile(db, run, await checkContent(db, run, known));
    } catch (error) {
      db.close();
      throw asBadFile(error);
    }
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  has(kind: 'resource' | 'entitlement', id: string): boolean {
    return kind === 'resource' ? this.#content.resources.has(id) : this.#content.entitlements.has(id);
  }

  /** Returns the gid of a user by gid or email; undefined if there is no such user. */
  userId(idOrEmail: string): string | undefined {
    if (this.#content.resources.has(`user:${idOrEmail}`)) return idOrEmail;
    return this.#content.usersByEmail.get(idOrEmail.toLowerCase());
  }

  resourceTypes(): ResourceType[] {
    return this.#messages('select data from v1_resource_types order by external_id').map((data) =>
      fromBinary(ResourceTypeSchema, data),
    );
  }

  /** @param key `type:id` */
  resource(key: string): Resource | null {
    const [data] = this.#messages('select data from v1_resources where external_id = ?', key);
    return data === undefined ? null : fromBinary(ResourceSchema, data);
  }

  resources(type: string): Resource[] {
    return this.#messages('select data from v1_resources where resource_type_id = ? order by id', type).map(
      (data) => fromBinary(ResourceSchema, data),
    );
  }

  entitlement(id: string): Entitlement | null {
    const [data] = this.#messages('select data from v1_entitlements where external_id = ?', id);
    return data === undefined ? null : fromBinary(EntitlementSchema, data);
  }

  entitlements(): Entitlement[] {
    return this.#messages('select data from v1_entitlements order by id').map((data) =>
      fromBinary(EntitlementSchema, data),
    );
  }

  grant(id: string): Grant | null {
    const [data] = this.#messages('select data from v1_grants where external_id = ?', id);
    return data === undefined ? null : fromBinary(GrantSchema, data);
  }

  grants({ user, entitlement }: GrantFilter): Grant[] {
    const conditions: string[] = [];
    const values: string[] = [];
    if (user !== undefined) {
      conditions.push("principal_resource_type_id = 'user' and principal_resource_id = ?");
      values.push(user);
    }
    if (entitlement !== undefined) {
      conditions.push('entitlement_id = ?');
      values.push(entitlement);
    }
    const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
    return this.#messages(`select data from v1_grants ${where} order by id`, ...values).map((data) =>
      fromBinary(GrantSchema, data),
    );
  }

  /** Returns the ids of the entitlements that each user holds, by gid. */
  held(): ReadonlyMap<string, readonly string[]> {
    const rows = this.#db
      .prepare(
        `select principal_resource_id as user, entitlement_id as entitlement from v1_grants
         where principal_resource_type_id = 'user' order by id`,
      )
      .all();
    const held = new Map<string, string[]>();
    for (const { user, entitlement } of rows) {
      const ofUser = held.get(String(user)) ?? [];
      ofUser.push(String(entitlement));
      held.set(String(user), ofUser);
    }
    return held;
  }

  /** Returns the number of holders of each entitlement. */
  holders(): ReadonlyMap<string, number> {
    const rows = this.#db
      .prepare('select entitlement_id as id, count(*) as holders from v1_grants group by entitlement_id')
      .all();
    return new Map(rows.map(({ id, holders }) => [String(id), Number(holders)]));
  }

  #messages(sql: string, ...values: readonly string[]): Uint8Array[] {
    const rows = this.#db.prepare(sql).all(...values);
    return rows.map(({ data }) => (data instanceof Uint8Array ? data : new Uint8Array()));
  }
}

/** Converts an error of SQLite itself to a BadFileError. */
function asBadFile(error: unknown): unknown {
  return codeOf(error) === 'ERR_SQLITE_ERROR'
    ? new BadFileError('database', 'cannot be read by SQLite', error)
    : error;
}

function countsOf(db: DatabaseSync, { resourceTypes, entitlements, grants }: FileContent): FileCounts {
  const rows = db
    .prepare('select resource_type_id as type, count(*) as resources from v1_resources group by 1 order by 1')
    .all();
  return {
    resourceTypes,
    resources: Object.fromEntries(rows.map(({ type, resources }) => [String(type), Number(resources)])),
    entitlements: entitlements.size,
    grants,
  };
}
