import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';

/** A request as the server received it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** The parsed JSON body; undefined if there is none. */
  readonly body: unknown;
}

/** The answer: status, headers and a body (objects become JSON), or a function that answers as it likes. */
export type ScriptedReply =
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown }
  | ((response: ServerResponse) => void);

export type Script = (request: SeenRequest, index: number) => ScriptedReply | Promise<ScriptedReply>;

export interface ScriptedServer {
  /** Without a trailing slash; append the path of the API. */
  readonly url: string;
  readonly seen: SeenRequest[];
}

/** Starts a real HTTP server on loopback that answers as scripted; closed when the test ends. */
export async function startScriptedServer(t: TestContext, script: Script): Promise<ScriptedServer> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    void answer(request, response, seen, script);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('the server has no port');
  return { url: `http://127.0.0.1:${address.port}`, seen };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  seen: SeenRequest[],
  script: Script,
): Promise<void> {
  request.setEncoding('utf8');
  const chunks = await request.toArray();
  const text = chunks.join('');
  const url = new URL(request.url ?? '/', 'http://server');
  const entry: SeenRequest = {
    method: request.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body: text === '' ? undefined : JSON.parse(text),
  };
  seen.push(entry);
  const reply = await script(entry, seen.length - 1);
  if (typeof reply === 'function') {
    reply(response);
    return;
  }
  const { status = 200, headers = {}, body } = reply;
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8', ...headers });
  response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
}
