import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { FaultEffect } from './faults.ts';
import { Refusal, type Surface } from './refusal.ts';
import { resetSocket } from './reset-socket.ts';
import type { Answer } from './world.ts';

/** Size of a `huge` body in bytes: more than any client should accept. */
const HUGE_BYTES = 64 * 1024 * 1024;

const mediaTypes: Record<Surface, string> = {
  rest: 'application/json; charset=UTF-8',
  scim: 'application/scim+json; charset=UTF-8',
};

/** Sends the answer of a handler, or truncates or drops it if a fault requires it. */
export function deliver(reply: FastifyReply, surface: Surface, answer: Answer, effect: FaultEffect): void {
  if (effect.loseResponse) return reset(reply);
  const text = answer.json === undefined ? '' : JSON.stringify(answer.json);
  if (effect.body === 'truncated') return sendHalf(reply, mediaTypes[surface], answer.status, text);
  for (const [name, content] of Object.entries(answer.headers ?? {})) reply.header(name, content);
  if (answer.json === undefined) reply.code(answer.status).send();
  else reply.code(answer.status).header('content-type', mediaTypes[surface]).send(text);
}

/** Sends a refusal in the error form of its surface. */
export function deliverRefusal(reply: FastifyReply, refusal: Refusal): void {
  if (refusal.retryAfterSeconds !== null) reply.header('retry-after', String(refusal.retryAfterSeconds));
  reply
    .code(refusal.status)
    .header('content-type', mediaTypes[refusal.surface])
    .send(JSON.stringify(refusal.body()));
}

/** Sends what a fault puts in place of an answer. Returns false if the request is to be answered normally. */
export function deliverFault(reply: FastifyReply, surface: Surface, effect: FaultEffect): boolean {
  if (effect.resetConnection) {
    reset(reply);
    return true;
  }
  const { body, status } = effect;
  if (effect.retryAfter !== undefined) reply.header('retry-after', String(effect.retryAfter));
  if (body === 'html')
    sendText(reply, status ?? 502, 'text/html', '<html><body><h1>502 Bad Gateway</h1></body></html>');
  else if (body === 'empty') sendText(reply, status ?? 200, mediaTypes[surface], '');
  else if (body === 'error200')
    sendText(reply, 200, mediaTypes[surface], JSON.stringify(refusalOf(effect, surface, 500).body()));
  else if (body === 'huge') sendHuge(reply, status ?? 200, mediaTypes[surface]);
  else if (body === undefined && status !== undefined)
    deliverRefusal(reply, refusalOf(effect, surface, status));
  else return false;
  return true;
}

function refusalOf(effect: FaultEffect, surface: Surface, status: number): Refusal {
  return new Refusal(surface, status, effect.message ?? messageOf(status));
}

function messageOf(status: number): string {
  if (status === 401) return 'Not Authorized';
  if (status === 403) return 'Forbidden';
  if (status === 429) return RATE_LIMITED;
  return status >= 500 ? 'Server Error' : 'Bad Request';
}

/** The text of a 429 (developers.asana.com/docs/rate-limits). */
export const RATE_LIMITED =
  "You've made too many requests and hit a rate limit. Please retry after the given amount of time.";

function sendText(reply: FastifyReply, status: number, mediaType: string, text: string): void {
  reply.code(status).header('content-type', mediaType).send(text);
}

function reset(reply: FastifyReply): void {
  reply.hijack();
  if (reply.raw.socket) resetSocket(reply.raw.socket);
}

/** Announces the whole length, sends half of the body and disconnects. */
function sendHalf(reply: FastifyReply, mediaType: string, status: number, text: string): void {
  const whole = Buffer.from(text);
  const { raw } = takeOver(reply, status, {
    'content-type': mediaType,
    'content-length': String(whole.length),
  });
  raw.write(whole.subarray(0, Math.floor(whole.length / 2)), () => raw.socket?.destroy());
}

/** Sends JSON that never closes, as fast as the client reads it. */
function sendHuge(reply: FastifyReply, status: number, mediaType: string): void {
  const { raw } = takeOver(reply, status, { 'content-type': mediaType });
  const chunk = Buffer.from(`"${'a'.repeat(64 * 1024)}",`);
  let left = HUGE_BYTES;
  const pump = () => {
    while (left > 0 && !raw.destroyed) {
      left -= chunk.length;
      if (!raw.write(chunk)) {
        raw.once('drain', pump);
        return;
      }
    }
    raw.end();
  };
  raw.write('{"data":[');
  pump();
}

function takeOver(
  reply: FastifyReply,
  status: number,
  headers: Record<string, string>,
): { raw: ServerResponse } {
  const kept: Record<string, string> = {};
  for (const name of ['date', 'x-request-id']) {
    const value = reply.getHeader(name);
    if (typeof value === 'string') kept[name] = value;
  }
  reply.hijack();
  reply.raw.writeHead(status, { ...headers, ...kept });
  return { raw: reply.raw };
}
