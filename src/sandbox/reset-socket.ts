import type { Socket } from 'node:net';

/**
 * Resets a connection, as a crashed peer would. A socket whose writing side has ended is destroyed instead: resetting
 * it fails (EINVAL, Node 26), and its handle then stays open and keeps the process from exiting.
 */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
