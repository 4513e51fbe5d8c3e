import { create, fromJson, type JsonObject, type JsonValue } from '@bufbuild/protobuf';
import { type Static, Type } from 'typebox';
import {
  Task_CreateAccountTaskSchema as CreateAccountTaskSchema,
  Task_GrantTaskSchema as GrantTaskSchema,
  Task_HelloTaskSchema as HelloTaskSchema,
  Task_RevokeTaskSchema as RevokeTaskSchema,
  Task_SyncFullTaskSchema as SyncFullTaskSchema,
  type Task,
  TaskSchema,
} from '../../conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { readChecked } from '../checked.ts';
import { registry } from './registry.ts';
import type { SyncedFile } from './synced-file.ts';

const text = Type.String({ minLength: 1, maxLength: 1024 });
const strict = { additionalProperties: false } as const;

const orders = {
  hello: Type.Object({ type: Type.Literal('hello') }, strict),
  syncFull: Type.Object(
    {
      type: Type.Literal('syncFull'),
      debug: Type.Optional(Type.Boolean()),
      skipExpandGrants: Type.Optional(Type.Boolean()),
      skipEntitlementsAndGrants: Type.Optional(Type.Boolean()),
      skipGrants: Type.Optional(Type.Boolean()),
      resources: Type.Optional(Type.Array(text, { maxItems: 1000, description: '`type:id` each.' })),
      resourceTypes: Type.Optional(Type.Array(text, { maxItems: 100 })),
      storageEngine: Type.Optional(Type.Enum(['', 'sqlite', 'pebble'])),
    },
    strict,
  ),
  grant: Type.Object({ type: Type.Literal('grant'), entitlement: text, user: text }, strict),
  revoke: Type.Object({ type: Type.Literal('revoke'), entitlement: text, user: text }, strict),
  createAccount: Type.Object(
    {
      type: Type.Literal('createAccount'),
      email: Type.Optional(Type.String({ maxLength: 1024 })),
      login: Type.Optional(Type.String({ maxLength: 1024 })),
      profile: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
      resourceType: Type.Optional(text),
    },
    strict,
  ),
  raw: Type.Object(
    {
      type: Type.Literal('raw'),
      task: Type.Record(Type.String(), Type.Unknown(), { description: 'A Task as protobuf JSON.' }),
    },
    strict,
  ),
  unknown: Type.Object(
    {
      type: Type.Literal('unknown'),
      field: Type.Integer({ minimum: 1000, maximum: 100_000, description: 'Number of the task type.' }),
    },
    strict,
  ),
};

type Orders = { [Name in keyof typeof orders]: Static<(typeof orders)[Name]> };
const orderTypes = Object.keys(orders) as (keyof Orders)[];

/** A task before it is enqueued. */
export type NewTask = Pick<Task, 'taskType'> & Partial<Pick<Task, 'debug' | '$unknown'>>;

/**
 * Reads the task that an administrator asks for from untrusted JSON. Grants and revocations are made from the last
 * upload, as ConductorOne makes them; `raw` accepts anything.
 * @throws InvalidInputError
 */
export function readOrder(given: unknown, file: SyncedFile | null): NewTask {
  const { type } = readChecked('task', Type.Object({ type: Type.Enum(orderTypes) }), given);
  switch (type) {
    case 'hello':
      readChecked('task', orders.hello, given);
      return { taskType: { case: 'hello', value: create(HelloTaskSchema) } };
    case 'syncFull':
      return syncTask(readChecked('task', orders.syncFull, given));
    case 'grant':
      return grantTask(readChecked('task', orders.grant, given), file);
    case 'revoke':
      return revokeTask(readChecked('task', orders.revoke, given), file);
    case 'createAccount':
      return createAccountTask(readChecked('task', orders.createAccount, given));
    case 'raw':
      return rawTask(readChecked('task', orders.raw, given));
    case 'unknown':
      return unknownTask(readChecked('task', orders.unknown, given));
  }
}

function syncTask({ debug, resources = [], resourceTypes = [], ...options }: Orders['syncFull']): NewTask {
  const { skipExpandGrants, skipEntitlementsAndGrants, skipGrants, storageEngine } = options;
  const value = create(SyncFullTaskSchema, {
    skipExpandGrants: skipExpandGrants ?? false,
    skipEntitlementsAndGrants: skipEntitlementsAndGrants ?? false,
    skipGrants: skipGrants ?? false,
    targetedSyncResources: resources.map((key) => ({ id: splitKey(key) })),
    syncResourceTypeIds: resourceTypes,
    storageEngine: storageEngine ?? '',
  });
  return { debug: debug ?? false, taskType: { case: 'syncFull', value } };
}

function splitKey(key: string): { resourceType: string; resource: string } {
  const colon = key.indexOf(':');
  if (colon < 1 || colon === key.length - 1)
    throw new InvalidInputError('resources', 'must look like team:501.');
  return { resourceType: key.slice(0, colon), resource: key.slice(colon + 1) };
}

function grantTask(order: Orders['grant'], file: SyncedFile | null): NewTask {
  const { known, user } = lookUp(order, file);
  const entitlement = known.entitlement(order.entitlement);
  const principal = known.resource(`user:${user}`);
  if (entitlement === null || principal === null)
    throw new InvalidInputError('entitlement', 'is not in the last upload.');
  return { taskType: { case: 'grant', value: create(GrantTaskSchema, { entitlement, principal }) } };
}

function revokeTask(order: Orders['revoke'], file: SyncedFile | null): NewTask {
  const { known, user } = lookUp(order, file);
  const [grant] = known.grants({ user, entitlement: order.entitlement });
  if (grant === undefined)
    throw new InvalidInputError('entitlement', 'is not granted to them in the last upload.');
  return { taskType: { case: 'revoke', value: create(RevokeTaskSchema, { grant }) } };
}

function lookUp(
  order: { readonly user: string },
  file: SyncedFile | null,
): { known: SyncedFile; user: string } {
  if (file === null) throw new InvalidInputError('task', 'nothing has been uploaded yet.');
  const user = file.userId(order.user);
  if (user === undefined) throw new InvalidInputError('user', 'is nobody in the last upload.');
  return { known: file, user };
}

function createAccountTask({ email, login, profile, resourceType }: Orders['createAccount']): NewTask {
  const value = create(CreateAccountTaskSchema, {
    accountInfo: {
      emails: email === undefined ? [] : [{ address: email, isPrimary: true }],
      login: login ?? email ?? '',
      ...(profile === undefined ? {} : { profile: profile as JsonObject }),
    },
    credentialOptions: { options: { case: 'noPassword', value: {} } },
    resourceTypeId: resourceType ?? '',
  });
  return { taskType: { case: 'createAccount', value } };
}

function rawTask({ task }: Orders['raw']): NewTask {
  try {
    const { taskType, debug } = fromJson(TaskSchema, task as JsonValue, { registry });
    return { taskType, debug };
  } catch (cause) {
    throw new InvalidInputError('task', 'must be a Task in protobuf JSON.', { cause });
  }
}

/** Returns a task of an unknown type: its field holds an empty message. */
function unknownTask({ field: no }: Orders['unknown']): NewTask {
  return {
    taskType: { case: undefined },
    // Length-delimited, of length 0.
    $unknown: [{ no, wireType: 2, data: Uint8Array.of(0) }],
  };
}
