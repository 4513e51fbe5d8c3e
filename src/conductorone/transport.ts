import { Code, ConnectError, type Interceptor, type Transport } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { version } from '../core/version.ts';
import type { ClientId } from './credentials.ts';
import type { Route } from './route.ts';
import { Sessions } from './sessions.ts';
import type { TokenSource } from './token.ts';

/** gRPC's default limit for a message, which ConductorOne keeps to. */
export const LARGEST_MESSAGE_BYTES = 4 * 1024 * 1024;

/** Default time limit of a call. */
export const CALL_MS = 30_000;

export interface TransportOptions {
  readonly route: Route;
  readonly clientId: ClientId;
  readonly tokens: TokenSource;
}

/** gRPC over TLS and HTTP/2 with the client's token on every call. */
export interface GrpcConnection {
  readonly transport: Transport;
  /** Closes the connection and ends the calls on it. */
  close(): void;
}

/** Prepares a connection, which connects at the first call and again whenever the server has closed it. */
export function openTransport({ route, clientId, tokens }: TransportOptions): GrpcConnection {
  const sessions = new Sessions(route);
  const transport = createGrpcTransport({
    baseUrl: route.endpoint.origin,
    sessionManager: sessions,
    interceptors: [identify(`${clientId.name} asana-connector/${version}`), authorize(tokens)],
    readMaxBytes: LARGEST_MESSAGE_BYTES,
    writeMaxBytes: LARGEST_MESSAGE_BYTES,
    defaultTimeoutMs: CALL_MS,
    // Tasks are small, and uploads are compressed already.
    acceptCompression: [],
  });
  return { transport, close: () => sessions.abort() };
}

function identify(userAgent: string): Interceptor {
  return (next) => (request) => {
    request.header.set('user-agent', userAgent);
    return next(request);
  };
}

/**
 * Adds the token to every call. A token that is refused before it expires was revoked: it is discarded, and a unary
 * call is retried once with a new one. A stream cannot be read twice, so its caller retries it with the next token.
 */
function authorize(tokens: TokenSource): Interceptor {
  return (next) => async (request) => {
    for (let attempt = 1; ; attempt += 1) {
      const token = await tokens.token(request.signal);
      request.header.set('authorization', `Bearer ${token.reveal()}`);
      const forgetIfRefused = (error: unknown) => {
        const refused = ConnectError.from(error).code === Code.Unauthenticated;
        if (refused) tokens.forget(token);
        return refused;
      };
      try {
        const response = await next(request);
        return response.stream
          ? { ...response, message: watch(response.message, forgetIfRefused) }
          : response;
      } catch (error) {
        if (!forgetIfRefused(error) || request.stream || attempt > 1) throw error;
      }
    }
  };
}

/** Calls `onError` if the messages fail: a server may refuse a stream at its end instead of its beginning. */
async function* watch<T>(
  messages: AsyncIterable<T>,
  onError: (error: unknown) => unknown,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* messages;
  } catch (error) {
    onError(error);
    throw error;
  }
}
