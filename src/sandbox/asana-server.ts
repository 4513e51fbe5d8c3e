import { randomUUID } from 'node:crypto';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { isObject } from './checked.ts';
import { deliver, deliverRefusal } from './deliver.ts';
import { BASE_PATH, type Gate, pathOf, surfaceOf } from './gate.ts';
import { badRequest, noRoute, Refusal, scimRefusal } from './refusal.ts';
import type { Ask, Route } from './world.ts';

/** Largest request body in bytes; bodies for Asana have a few hundred. */
const LARGEST_BODY = 1024 * 1024;

/** Returns the HTTP server of the simulated Asana: a request passes the gate, then reaches its route. */
export function asanaServer(gate: Gate, routes: readonly Route[]): FastifyInstance {
  const app = Fastify({
    bodyLimit: LARGEST_BODY,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: 300 },
    // Paths that the router cannot parse.
    frameworkErrors: (_error, request, reply) =>
      deliverRefusal(reply.header('x-request-id', request.id), noRoute()),
  });
  app.addHook('onRequest', (request, reply) => gate.pass(request, reply));
  app.addHook('onSend', async (request, reply) => gate.leave(request, reply.statusCode));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    ['application/json', 'application/scim+json'],
    { parseAs: 'string' },
    async (request: FastifyRequest, text: string) => parseBody(request, text),
  );
  app.setErrorHandler((error: FastifyError | Refusal, request, reply) =>
    deliverRefusal(reply, asRefusal(error, request)),
  );
  app.setNotFoundHandler((_request, reply) => deliverRefusal(reply, noRoute()));
  for (const route of routes) {
    app.route({
      method: route.method,
      url: `${BASE_PATH}${route.path}`,
      config: { operation: route.operation },
      handler: (request, reply) => answer(gate, route, request, reply),
    });
  }
  return app;
}

function answer(gate: Gate, route: Route, request: FastifyRequest, reply: FastifyReply): void {
  const { token, effect } = gate.entryOf(request);
  const ask: Ask = {
    token,
    effect,
    params: readWords(request.params),
    query: readWords(request.query),
    path: pathOf(request),
    body: request.body,
  };
  deliver(reply, surfaceOf(request), route.handler(ask), effect);
}

/** Returns the parameters of a path or query. If one is repeated, the last one counts. */
function readWords(given: unknown): Record<string, string> {
  const words: Record<string, string> = {};
  if (!isObject(given)) return words;
  for (const [name, value] of Object.entries(given)) {
    const last: unknown = Array.isArray(value) ? value.at(-1) : value;
    if (typeof last === 'string') words[name] = last;
  }
  return words;
}

/** Parses a JSON body. An empty body counts as none: DELETE often has a content type but no body. */
function parseBody(request: FastifyRequest, text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable(request);
  }
}

function unreadable(request: FastifyRequest): Refusal {
  const message = 'Could not parse request data, invalid JSON';
  return surfaceOf(request) === 'scim' ? scimRefusal(400, message, 'invalidSyntax') : badRequest(message);
}

/** Converts the errors of fastify and the failures of the sandbox into Asana's form of errors. */
function asRefusal(error: FastifyError | Refusal, request: FastifyRequest): Refusal {
  if (error instanceof Refusal) return error;
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return unreadable(request);
  if (error.statusCode === 413) return new Refusal(surfaceOf(request), 413, 'The request is too large');
  if (error.statusCode !== undefined && error.statusCode < 500) return badRequest(error.message);
  return new Refusal(surfaceOf(request), 500, `The sandbox failed: ${error.message}`);
}
