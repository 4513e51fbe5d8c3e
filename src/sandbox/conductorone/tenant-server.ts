import { once } from 'node:events';
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { Code, ConnectError, createContextKey, createContextValues } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { BatonService } from '../../conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import type { Clock } from '../../core/clock.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { BatonHandlers } from './baton-handlers.ts';
import type { CallLog } from './call-log.ts';
import type { ServerCertificate } from './certificate.ts';
import { interruptionKey } from './interruption.ts';
import type { TenantSettings } from './settings.ts';
import { type Call, calls, codeNamed, type TenantEffect, type TenantFaults } from './tenant-faults.ts';
import { TOKEN_PATH } from './token-endpoint.ts';

/** gRPC's default limit for the size of a message. */
const LARGEST_MESSAGE = 4 * 1024 * 1024;

const effectKey = createContextKey<TenantEffect>({});

export interface TenantServerParts {
  readonly settings: TenantSettings;
  readonly faults: TenantFaults;
  readonly tokens: AccessTokens;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly handlers: BatonHandlers;
  readonly calls: CallLog;
  readonly answerToken: (request: Http2ServerRequest, response: Http2ServerResponse) => Promise<void>;
  /** Aborted when the sandbox closes, which ends every wait. */
  readonly closing: AbortSignal;
}

type Grpc = ReturnType<typeof connectNodeAdapter>;

/** The only TLS port: tokens over HTTP/1.1 and HTTP/2, gRPC over HTTP/2. */
export class TenantServer {
  readonly #parts: TenantServerParts;
  readonly #server: Http2SecureServer;
  readonly #sockets = new Set<Socket>();
  readonly #effects = new WeakMap<object, TenantEffect>();
  readonly #grpc: Grpc;

  constructor(parts: TenantServerParts) {
    this.#parts = parts;
    this.#grpc = this.#makeGrpc();
    this.#server = createSecureServer(
      { allowHTTP1: true, minVersion: 'TLSv1.2' },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.on('secureConnection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      // Clients may disconnect at any time.
      socket.on('error', () => {});
    });
  }

  /** @returns the port */
  async listen(host: string, port: number): Promise<number> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  present({ key, certificate }: ServerCertificate): void {
    this.#server.setSecureContext({ key, cert: certificate });
  }

  /** Cuts every open connection without notice. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #makeGrpc(): Grpc {
    const { handlers, tokens, calls: log } = this.#parts;
    const refuse = (method: string, error: ConnectError): never => {
      const call = calls.find((name) => name === method);
      if (call !== undefined) log.refused(call, null, error);
      throw error;
    };
    return connectNodeAdapter({
      routes: (router) => router.service(BatonService, handlers),
      connect: false,
      grpcWeb: false,
      readMaxBytes: LARGEST_MESSAGE,
      requestGate: ({ method, requestHeader, values }) => {
        const { code, message = 'a fault of the sandbox' } = values.get(effectKey);
        if (code !== undefined) refuse(method.name, new ConnectError(message, codeNamed(code)));
        if (!tokens.admits(requestHeader.get('authorization')))
          refuse(
            method.name,
            new ConnectError('the access token is missing, wrong or expired', Code.Unauthenticated),
          );
      },
      contextValues: (request) => {
        const effect = this.#effects.get(request) ?? {};
        return createContextValues()
          .set(effectKey, effect)
          .set(interruptionKey, {
            cut: () => 'stream' in request && request.stream.close(constants.NGHTTP2_INTERNAL_ERROR),
            cutAtPiece: effect.cutAtPiece ?? null,
          });
      },
    });
  }

  async #answer(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    response.on('error', () => {});
    try {
      const { settings, faults, clock, closing, answerToken } = this.#parts;
      const call = callOf(request);
      const effect = call === null ? {} : faults.strike(call);
      this.#effects.set(request, effect);
      const waitMs = settings.latencyMs + (effect.delayMs ?? 0);
      if (waitMs > 0) await clock.sleep(waitMs, closing);
      if (deliverFault(request, response, effect)) return;
      if (effect.loseAnswer) loseAnswer(request, response);
      if (call === 'Token') await answerToken(request, response);
      else this.#grpc(request, response);
    } catch (error) {
      if (this.#parts.closing.aborted) return;
      response.writeHead(500);
      response.end(`the sandbox failed: ${error instanceof Error ? error.message : 'unknown'}`);
    }
  }
}

function callOf({ url }: Http2ServerRequest): Call | null {
  const path = url.split('?', 1)[0];
  if (path === TOKEN_PATH) return 'Token';
  return calls.find((name) => path === `/${BatonService.typeName}/${name}`) ?? null;
}

/** Sends what a fault puts in place of an answer. Returns false if the call is to be answered normally. */
function deliverFault(
  request: Http2ServerRequest,
  response: Http2ServerResponse,
  { reset, html, status }: TenantEffect,
): boolean {
  if (reset) resetStream(request);
  else if (html) {
    response.writeHead(status ?? 502, { 'content-type': 'text/html' });
    response.end('<html><body><h1>502 Bad Gateway</h1></body></html>');
  } else if (status !== undefined) {
    response.writeHead(status);
    response.end();
  } else return false;
  return true;
}

function resetStream(request: Http2ServerRequest): void {
  if (request.httpVersionMajor === 1) request.socket.destroy();
  else request.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
}

/** Loses the answer: resets the stream instead of sending it. */
function loseAnswer(request: Http2ServerRequest, response: Http2ServerResponse): void {
  const lose = () => {
    resetStream(request);
    return response;
  };
  response.writeHead = lose;
  response.write = () => {
    resetStream(request);
    return false;
  };
  response.end = lose;
}
