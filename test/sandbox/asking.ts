import { after } from 'node:test';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts';
import type { TokenKind } from '../../src/sandbox/tokens.ts';
import { Json } from './json.ts';

export const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
export const CORE_USER = 'urn:ietf:params:scim:schemas:core:2.0:User';

/** A response; `json` contains undefined if the body is not JSON. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Json;
}

/** Starts a sandbox that ends with the suite, by default without a limit of requests per minute. */
export async function sandboxFor(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ requestsPerMinute: 0, ...options });
  after(() => sandbox.close());
  return sandbox;
}

export interface Sending {
  readonly token?: TokenKind | 'none' | 'wrong';
  readonly body?: unknown;
  /** Sent unchanged, instead of `body`. */
  readonly raw?: string;
  readonly contentType?: string;
}

/** Sends a request to the simulated Asana over a real connection. */
export async function ask(
  sandbox: Sandbox,
  method: string,
  path: string,
  sending: Sending = {},
): Promise<Reply> {
  const { token = 'serviceAccount', body, raw, contentType = 'application/json' } = sending;
  const content = raw ?? (body === undefined ? null : JSON.stringify(body));
  const headers: Record<string, string> = content === null ? {} : { 'content-type': contentType };
  if (token !== 'none')
    headers['authorization'] = `Bearer ${token === 'wrong' ? 'wrong' : sandbox.tokens[token]}`;
  return read(await fetch(`${sandbox.asanaUrl}${path}`, { method, headers, body: content }));
}

/** Sends a request to the control endpoint. */
export async function control(
  sandbox: Sandbox,
  method: string,
  path: string,
  body?: unknown,
): Promise<Reply> {
  const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  const content = body === undefined ? null : JSON.stringify(body);
  return read(await fetch(`${sandbox.controlUrl}${path}`, { method, headers, body: content }));
}

async function read(response: Response): Promise<Reply> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: new Json(parse(text)) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns the first message of a REST error body. */
export function messageOf(reply: Reply): unknown {
  return reply.json.at('errors', 0, 'message').value;
}

/** Returns the SCIM user with this `userName`; its value is undefined if there is none. */
export async function scimUser(sandbox: Sandbox, email: string): Promise<Json> {
  const filter = encodeURIComponent(`userName eq ${JSON.stringify(email)}`);
  return (await ask(sandbox, 'GET', `/scim/Users?filter=${filter}`)).json.at('Resources', 0);
}

/** Sends PATCH operations to a SCIM user. */
export function patchUser(sandbox: Sandbox, id: string, ...operations: readonly unknown[]): Promise<Reply> {
  return ask(sandbox, 'PATCH', `/scim/Users/${id}`, {
    body: { schemas: [PATCH_OP], Operations: operations },
  });
}

/** Returns the gid of a person by email. */
export function gidOf(sandbox: Sandbox, email: string): string {
  const person = sandbox.state.personByEmail(email);
  if (person === undefined) throw new Error(`nobody has the email ${email}`);
  return person.gid;
}
