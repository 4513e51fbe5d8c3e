import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { type Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { BatonService } from '../../src/conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import type { Trust } from '../../src/conductorone/trust.ts';
import { Redacted } from '../../src/core/redacted.ts';
import { selfSign } from './certificate.ts';

/** A request to the token endpoint. */
export interface TokenRequest {
  readonly method: string;
  readonly path: string;
  readonly httpVersion: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly form: URLSearchParams;
}

export interface TokenReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface TenantOptions {
  /** The host name; default localhost. */
  readonly name?: string;
  /** Default: a new token for each request, valid for ten minutes. */
  readonly token?: (request: TokenRequest) => TokenReply | Promise<TokenReply>;
  readonly baton?: Partial<ServiceImpl<typeof BatonService>>;
  /** Answers gRPC calls in ways no gRPC server does; if it returns false, `baton` answers the call. */
  readonly answer?: (response: Http2ServerResponse, path: string) => unknown;
  /** Called for every connection. */
  readonly onSession?: (session: ServerHttp2Session) => void;
}

/** A loopback server that behaves like ConductorOne on the wire: one TLS port, HTTP/2 only, tokens and gRPC. */
export interface Tenant {
  readonly host: string;
  readonly clientId: string;
  readonly clientSecret: Redacted;
  readonly publicKey: KeyObject;
  readonly trust: Trust;
  readonly tokenRequests: TokenRequest[];
  /** `authorization` and `user-agent` of every gRPC call. */
  readonly calls: { readonly path: string; readonly authorization: string; readonly userAgent: string }[];
  /** Closes every open connection. */
  readonly cut: () => void;
}

/** Makes a client secret in ConductorOne's format, with a new key. */
export function makeSecret(kid?: string): { readonly secret: string; readonly publicKey: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const jwk = { ...privateKey.export({ format: 'jwk' }), ...(kid === undefined ? {} : { kid }) };
  return {
    secret: `secret-token:conductorone.com:v1:${Buffer.from(JSON.stringify(jwk)).toString('base64url')}`,
    publicKey,
  };
}

export async function startTenant(t: TestContext, options: TenantOptions = {}): Promise<Tenant> {
  const { key, certificate } = await selfSign(options.name);
  const { secret, publicKey } = makeSecret();
  const tokenRequests: TokenRequest[] = [];
  const calls: Tenant['calls'] = [];
  const sockets = new Set<Socket>();
  const grpc = connectNodeAdapter({
    routes: (router) => router.service(BatonService, options.baton ?? {}),
    connect: false,
    grpcWeb: false,
  });
  const server = createSecureServer({ key, cert: certificate }, (request, response) => {
    if (request.url !== '/auth/v1/token') {
      const { authorization = '', 'user-agent': userAgent = '' } = request.headers;
      calls.push({ path: request.url, authorization, userAgent });
      const answered = options.answer !== undefined && options.answer(response, request.url) !== false;
      if (!answered) grpc(request, response);
      return;
    }
    void answerToken(request, response, tokenRequests, options);
  });
  server.on('secureConnection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // Clients may close connections in any way.
    socket.on('error', () => {});
  });
  server.on('session', (session) => options.onSession?.(session));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => sockets.forEach((socket) => socket.destroy());
  t.after(async () => {
    cut();
    server.close();
    await once(server, 'close');
  });
  const host = `${options.name ?? 'localhost'}:${(server.address() as AddressInfo).port}`;
  const clientId = `strange-hydra-68836@${host}/ccc`;
  return {
    host,
    clientId,
    clientSecret: new Redacted(secret),
    publicKey,
    trust: [certificate],
    tokenRequests,
    calls,
    cut,
  };
}

async function answerToken(
  request: Http2ServerRequest,
  response: Http2ServerResponse,
  seen: TokenRequest[],
  { token = freshToken }: TenantOptions,
): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const { method, url: path, httpVersion, headers } = request;
  const record = { method, path, httpVersion, headers, form: new URLSearchParams(body) };
  seen.push(record);
  const reply = await token(record);
  response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
  response.end(reply.body ?? '');
}

/** Returns a random token, so that a test can tell tokens apart. */
function freshToken(): TokenReply {
  return {
    body: JSON.stringify({ access_token: `token-${Math.random()}`, token_type: 'Bearer', expires_in: 600 }),
  };
}

/** Returns the error for a handler that refuses a call. */
export function refuse(code: Code): ConnectError {
  return new ConnectError('the server says why, at length', code);
}
