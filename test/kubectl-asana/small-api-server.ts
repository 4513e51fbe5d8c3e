import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import type { AsanaConnector } from '../../src/api/asana-connector.ts';
import { type GrantObject, grantKinds } from '../../src/api/kinds.ts';
import { asanaConnectors } from '../../src/api/resources.ts';

type Stored = AsanaConnector | GrantObject;
type Fields = Record<string, unknown>;

/** An API server on loopback with some connectors and grants, for commands that read and patch them. */
export class SmallApiServer {
  readonly kubeconfig: string;
  /** Paths of the accepted patches. */
  readonly patched: string[] = [];
  /** Namespaces whose objects may not be listed; `null` stands for a list of all namespaces. */
  forbidden: readonly (string | null)[] = [];
  /** Called before an object is patched or read. */
  before: (method: string, object: Stored) => void = () => {};
  readonly #objects: Map<string, Stored>;

  private constructor(kubeconfig: string, objects: readonly Stored[]) {
    this.kubeconfig = kubeconfig;
    this.#objects = new Map(objects.map((object) => [pathOf(object), object]));
  }

  static async start(t: TestContext, objects: readonly Stored[]): Promise<SmallApiServer> {
    const folder = await mkdtemp(join(tmpdir(), 'small-api-server-'));
    const api = new SmallApiServer(join(folder, 'kubeconfig'), objects);
    const server = createServer((request, response) => {
      void api.#answer(request, response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(async () => {
      server.close();
      await rm(folder, { recursive: true });
    });
    const { port } = server.address() as AddressInfo;
    await writeFile(
      api.kubeconfig,
      JSON.stringify({
        clusters: [
          { name: 'c', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } },
        ],
        users: [{ name: 'u', user: {} }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'x',
      }),
    );
    return api;
  }

  /** Runs a command against this server, and returns its output. */
  async run<F extends object>(
    command: (flags: F & { kubeconfig: string }, output: { write(text: string): void }) => Promise<void>,
    flags: F,
  ): Promise<string> {
    let written = '';
    const output = { write: (part: string) => void (written += part) };
    await command({ ...flags, kubeconfig: this.kubeconfig }, output);
    return written;
  }

  connector(name = 'iga/acme'): AsanaConnector {
    const [namespace, called] = name.split('/');
    const path = `/apis/${asanaConnectors.group}/${asanaConnectors.version}/namespaces/${namespace}/${asanaConnectors.plural}/${called}`;
    return (this.#objects.get(path) as AsanaConnector | undefined) ?? assert.fail(`no connector ${name}`);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { code, body } = await this.#handle(request);
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  async #handle(request: IncomingMessage): Promise<{ code: number; body: unknown }> {
    const { method = '', url = '' } = request;
    const path = new URL(url, 'http://localhost').pathname;
    const patch = method === 'PATCH' ? (JSON.parse(await text(request)) as Fields) : {};
    const object = this.#objects.get(path);
    if (object) {
      this.before(method, object);
      if (method !== 'PATCH') return { code: 200, body: this.#objects.get(path) };
      this.patched.push(path);
      const merged = merge(object, patch) as Stored;
      this.#objects.set(path, merged);
      return { code: 200, body: merged };
    }
    const [, namespace = null, plural] = /(?:\/namespaces\/([^/]+))?\/(asana\w+)$/.exec(path) ?? [];
    if (plural === undefined) return refusal(404, 'NotFound');
    if (this.forbidden.includes(namespace)) return refusal(403, 'Forbidden');
    const items = [...this.#objects.entries()].flatMap(([key, item]) =>
      key.split('/').at(-2) === plural && (namespace === null || item.metadata.namespace === namespace)
        ? [item]
        : [],
    );
    return { code: 200, body: { kind: 'List', metadata: { resourceVersion: '1' }, items } };
  }
}

function refusal(code: number, reason: string) {
  return { code, body: { kind: 'Status', status: 'Failure', reason, code, message: reason } };
}

function pathOf({ apiVersion, kind, metadata }: Stored): string {
  const plural = [asanaConnectors, ...grantKinds.map(({ names }) => names)].find(
    (names) => names.kind === kind,
  )?.plural;
  return `/apis/${apiVersion}/namespaces/${metadata.namespace}/${plural}/${metadata.name}`;
}

/** Applies a JSON merge patch (RFC 7386). */
function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const merged: Fields = { ...(target as Fields | undefined) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = merge(merged[key], value);
  }
  return merged;
}
