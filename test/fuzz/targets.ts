import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { answerFrom, readResponse } from '../../src/asana/answer.ts';
import {
  decodeMembershipOfPerson,
  decodeOwnMembership,
  decodePage,
  decodePlacedTeam,
  decodeTeam,
  decodeTeamMembership,
  decodeUser,
  decodeWorkspace,
  decodeWorkspaceMembership,
} from '../../src/asana/rest-records.ts';
import { decodeScimGroup, decodeScimPage, decodeScimUser } from '../../src/asana/scim-records.ts';
import { splitAuthority } from '../../src/conductorone/authority.ts';
import { parseClientId, parseClientSecret } from '../../src/conductorone/credentials.ts';
import { TaskSchema } from '../../src/conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import { readEntitlementId, readGrantId } from '../../src/conductorone/ids.ts';
import {
  carryOutCreateAccount,
  carryOutGrant,
  carryOutRevoke,
} from '../../src/conductorone/provisioning-task.ts';
import { CodedError } from '../../src/core/errors.ts';
import { Redacted } from '../../src/core/redacted.ts';

/** A decoder of external input. */
export interface Target {
  readonly name: string;
  /** Valid documents. */
  readonly seeds: readonly unknown[];
  /** Reads a document. @throws CodedError to refuse the document, and nothing else */
  read(value: unknown): void | Promise<void>;
}

/** Reads a document; ignores a refusal, and rethrows any other error, which is a bug. */
export async function readOrRefuse(target: Target, value: unknown): Promise<void> {
  try {
    await target.read(value);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
  }
}

const gid = '1200000000000001';
const user = { gid, name: 'Ann', email: 'ann@acme.example' };
const membership = {
  gid,
  user,
  workspace: { gid },
  team: { gid, name: 'T' },
  is_active: true,
  is_admin: false,
  is_guest: false,
  is_view_only: true,
  is_limited_access: false,
};
const page = { next_page: { offset: 'eyJ0', path: '/', uri: '' } };
const scimUser = {
  id: gid,
  userName: 'ann@acme.example',
  name: { formatted: 'Ann A', givenName: 'Ann', familyName: 'A' },
  emails: [{ value: 'ann@acme.example', primary: true, type: 'work' }],
  active: true,
  userType: 'view only',
  title: 'Designer',
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'D', manager: { value: '77' } },
};

const rest: readonly ((item: unknown) => unknown)[] = [
  decodeUser,
  decodeWorkspace,
  decodeWorkspaceMembership,
  decodeOwnMembership,
  decodeTeam,
  decodePlacedTeam,
  decodeMembershipOfPerson,
  decodeTeamMembership,
];

/** Runs an answer of Asana through all code that reads it: headers, status, body and records. */
function readAnswer(value: unknown, decode: (body: unknown) => unknown, surface: 'rest' | 'scim'): void {
  const { status, headers, body } = (value ?? {}) as Record<string, unknown>;
  const response = {
    status: typeof status === 'number' ? status : 200,
    headers: typeof headers === 'object' && headers !== null ? headers : {},
    data: typeof body === 'string' ? body : JSON.stringify(body),
  };
  answerFrom(readResponse(response as never, 0), { surface, operation: 'fuzz' }, decode);
}

const headers = { date: 'Sun, 29 Nov 2026 08:00:00 GMT', 'x-request-id': 'a-1', 'retry-after': '30' };
const refusal = { errors: [{ message: 'Not Authorized', help: '', phrase: '' }] };
const answersOf = (bodies: readonly unknown[]) => [
  ...bodies.map((body) => ({ status: 200, headers, body })),
  { status: 429, headers, body: refusal },
  { status: 403, headers: {}, body: '<html>' },
];

const license = { id: 'enterprise' };
const principal = { id: { resourceType: 'user', resource: gid } };

export const targets: readonly Target[] = [
  ...rest.map(
    (decode): Target => ({
      name: `rest-${decode.name}`,
      seeds: answersOf([
        { data: [membership, user], ...page },
        { data: [{ ...user, ...membership }], next_page: null },
      ]),
      read: (value) => readAnswer(value, (body) => decodePage(body, decode), 'rest'),
    }),
  ),
  {
    name: 'scim-users',
    seeds: answersOf([{ totalResults: 1, Resources: [scimUser] }]),
    read: (value) => readAnswer(value, (body) => decodeScimPage(body, decodeScimUser), 'scim'),
  },
  {
    name: 'scim-groups',
    seeds: answersOf([
      { totalResults: 1, Resources: [{ id: gid, displayName: 'T', members: [{ value: gid }] }] },
    ]),
    read: (value) => readAnswer(value, (body) => decodeScimPage(body, decodeScimGroup), 'scim'),
  },
  {
    name: 'conductorone-ids',
    seeds: ['enterprise', 'view only:905', `team:${gid}:Team Member`, `workspace:${gid}:Member:user:${gid}`],
    read: (value) => {
      readEntitlementId(textOf(value));
      readGrantId(textOf(value));
    },
  },
  {
    name: 'conductorone-credentials',
    seeds: [
      'strange-hydra-68836@acme.conductor.one/ccc',
      'acme.conductor.one:8443',
      'secret-token:conductorone.com:v1:eyJrdHkiOiJPS1AiLCJjcnYiOiJFZDI1NTE5In0',
    ],
    read: (value) => {
      for (const parse of [
        (text: string) => parseClientId(text),
        (text: string) => splitAuthority('host', text),
        (text: string) => parseClientSecret(new Redacted(text)),
      ])
        parse(textOf(value));
    },
  },
  {
    name: 'conductorone-tasks',
    seeds: [
      { grant: { entitlement: license, principal } },
      { revoke: { grant: { id: `enterprise:${gid}`, entitlement: license, principal } } },
      {
        createAccount: {
          accountInfo: { emails: [{ address: 'a@acme.example', isPrimary: true }], login: 'a' },
        },
      },
    ],
    read: (value) => readTask(value),
  },
];

/** Returns the input of a target that reads text; other values are converted to JSON. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** Carries out a task as protobuf decodes it, with a provisioner that agrees to everything but creating accounts. */
async function readTask(value: unknown): Promise<void> {
  let task: ReturnType<typeof fromJson<typeof TaskSchema>>;
  try {
    task = fromJson(TaskSchema, value as JsonValue, { ignoreUnknownFields: true });
  } catch {
    // Not a valid message of this type, so protobuf could not produce it.
    return;
  }
  const agree = () => Promise.resolve({ changed: true, account: null } as never);
  if (task.taskType.case === 'grant') await carryOutGrant(task.taskType.value, agree);
  if (task.taskType.case === 'revoke') await carryOutRevoke(task.taskType.value, agree);
  if (task.taskType.case === 'createAccount') await carryOutCreateAccount(task.taskType.value, refuse);
}

/** Refuses to create an account: the task contains nothing to read after that. */
function refuse(): Promise<never> {
  return Promise.reject(new FuzzRefusal());
}

class FuzzRefusal extends CodedError {
  constructor() {
    super('Refused', 'stalling', 'nobody is created here');
  }
}
