import type { Answer } from './answer.ts';
import { UnexpectedShape } from './fields.ts';
import { isJsonObject } from './json.ts';
import { readScimPages } from './pages.ts';
import type { OnItems } from './rest.ts';
import {
  decodeScimGroup,
  decodeScimPage,
  decodeScimUser,
  decodeScimUserOrNothing,
  type ScimGroupRecord,
  type ScimUserRecord,
} from './scim-records.ts';
import type { Call, Exchange, Transport } from './transport.ts';

const CORE_USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

export interface NewScimUser {
  readonly email: string;
  /** The full name: PATCH does not accept givenName and familyName, and Asana's own example swaps them. */
  readonly name: string;
  /** Sent unchanged; `null` omits it, for domains without view-only licenses. */
  readonly userType: string | null;
}

/**
 * Asana's SCIM 2.0 API (developers.asana.com/docs/scim; RFC 7643, 7644): the users of the one organization that
 * the token belongs to, without guests, and their licenses. Changes return the user from Asana's response, or
 * `null` if it has none; only a fresh read shows the actual state afterwards.
 */
export class AsanaScim {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Reads the service provider configuration, to check that SCIM is available and accepts the token. */
  probe(call: Call): Promise<Answer<void>> {
    const read: Exchange = {
      operation: 'service_provider_config.get',
      method: 'GET',
      path: '/ServiceProviderConfig',
      repeatability: 'safe',
    };
    return this.#transport.send(read, requireObject, call);
  }

  /** Lists every user, page by page. Rejects with `ListingTruncated` if fewer arrive than Asana announced. */
  users(onItems: OnItems<ScimUserRecord>, call: Call): Promise<void> {
    return this.#list('users.list', '/Users', decodeScimUser, onItems, call);
  }

  /** Lists every team in the same way, including private ones. Asana's listing omits the members: see `group`. */
  groups(onItems: OnItems<ScimGroupRecord>, call: Call): Promise<void> {
    return this.#list('groups.list', '/Groups', decodeScimGroup, onItems, call);
  }

  /** Reads one team with its members. @throws AsanaError `NotFound` */
  group(id: string, call: Call): Promise<Answer<ScimGroupRecord>> {
    const read: Exchange = {
      operation: 'groups.get',
      method: 'GET',
      path: `/Groups/${encodeURIComponent(id)}`,
      repeatability: 'safe',
    };
    return this.#transport.send(read, (body) => ofId(decodeScimGroup(body), id), call);
  }

  /** Reads one user. @throws AsanaError `NotFound` for an unknown id, a guest, and perhaps a deprovisioned user */
  user(id: string, call: Call): Promise<Answer<ScimUserRecord>> {
    const read: Exchange = {
      operation: 'users.get',
      method: 'GET',
      path: userPath(id),
      repeatability: 'safe',
    };
    return this.#transport.send(read, (body) => ofId(decodeScimUser(body), id), call);
  }

  /** Finds the user with this `userName`; `null` does not mean that the email is free, since guests are not shown. */
  async findByUserName(email: string, call: Call): Promise<Answer<ScimUserRecord | null>> {
    const read: Exchange = {
      operation: 'users.find',
      method: 'GET',
      path: '/Users',
      query: { filter: `userName eq ${quote(email)}` },
      repeatability: 'safe',
    };
    const answer = await this.#transport.send(read, (body) => decodeScimPage(body, decodeScimUser), call);
    // A server without support for the filter returns all users: only an equal name counts as found.
    const wanted = email.toLowerCase();
    const found = answer.value.items.find((user) => user.userName.toLowerCase() === wanted);
    return { ...answer, value: found ?? null };
  }

  /** Creates an account, which sends an invitation. @throws AsanaError `Conflict` if it exists */
  createUser({ email, name, userType }: NewScimUser, call: Call): Promise<Answer<ScimUserRecord | null>> {
    const create: Exchange = {
      operation: 'users.create',
      method: 'POST',
      path: '/Users',
      body: {
        schemas: [CORE_USER],
        userName: email,
        name: { formatted: name },
        emails: [{ value: email, primary: true, type: 'work' }],
        active: true,
        ...(userType === null ? {} : { userType }),
      },
      repeatability: 'never',
    };
    return this.#transport.send(create, decodeScimUserOrNothing, call);
  }

  /** Sets the license. Setting the same value twice is one change, so it may be repeated. */
  setUserType(id: string, userType: string, call: Call): Promise<Answer<ScimUserRecord | null>> {
    return this.#patch('users.set_user_type', id, 'userType', userType, 'safe', call);
  }

  /** Deprovisions: ends the person's access to the organization. No API undoes it; it is never retried. */
  deactivate(id: string, call: Call): Promise<Answer<ScimUserRecord | null>> {
    return this.#patch('users.deactivate', id, 'active', false, 'never', call);
  }

  #list<T extends { readonly id: string }>(
    operation: string,
    path: string,
    decode: (item: unknown) => T,
    onItems: OnItems<T>,
    call: Call,
  ): Promise<void> {
    const fetchPage = async (startIndex: number, count: number) => {
      const read: Exchange = {
        operation,
        method: 'GET',
        path,
        query: { startIndex: String(startIndex), count: String(count) },
        repeatability: 'safe',
      };
      return (await this.#transport.send(read, (body) => decodeScimPage(body, decode), call)).value;
    };
    return readScimPages(fetchPage, { operation, idOf: (item: T) => item.id, onItems });
  }

  #patch(
    operation: string,
    id: string,
    path: string,
    value: string | boolean,
    repeatability: Exchange['repeatability'],
    call: Call,
  ): Promise<Answer<ScimUserRecord | null>> {
    const change: Exchange = {
      operation,
      method: 'PATCH',
      path: userPath(id),
      body: { schemas: [PATCH_OP], Operations: [{ op: 'replace', path, value }] },
      repeatability,
    };
    return this.#transport.send(change, decodeScimUserOrNothing, call);
  }
}

function userPath(id: string): string {
  return `/Users/${encodeURIComponent(id)}`;
}

/** Quotes a value for a filter as a JSON string (RFC 7644 §3.4.2.2), which escapes quotes and backslashes. */
function quote(value: string): string {
  return JSON.stringify(value);
}

/** Rejects a record with another id than requested, which could lead to a change of the wrong person's license. */
function ofId<T extends { readonly id: string }>(record: T, id: string): T {
  if (record.id !== id) throw new UnexpectedShape('the id asked for');
  return record;
}

function requireObject(body: unknown): void {
  if (!isJsonObject(body)) throw new UnexpectedShape('the object');
}
