import { type Agent, get } from 'node:http';
import type { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { Clock } from '../../src/core/clock.ts';
import { PageServer, type Pages } from '../../src/telemetry/servers.ts';

export const text = (body: string) => () => ({ contentType: 'text/plain', body });

/** Starts a server that runs until the end of the test. */
export async function serve(
  t: TestContext,
  pages: Pages,
  patienceMs?: number,
  clock?: Clock,
): Promise<{ url: string; port: number }> {
  const server = new PageServer(pages, patienceMs, clock);
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${port}`, port };
}

/** Sends a request over one of the agent's connections, reads the whole answer and returns its status. */
export function statusOf(url: string, agent: Agent): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (reply) => reply.resume().on('end', () => resolve(reply.statusCode))).on(
      'error',
      reject,
    );
  });
}

/** Waits until the server closes a raw connection; fails after 20 s, sooner than Node's own limits. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = new Error('the server did not close the connection');
    const timer = setTimeout(() => reject(late), 20_000);
    socket
      .on('error', () => {})
      .on('close', () => {
        clearTimeout(timer);
        resolve();
      });
  });
}
