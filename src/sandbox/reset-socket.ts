import type { Socket } from 'node:net';

/**
 * Ends a connection by a reset, as a peer that crashed does. One whose writing side has ended is destroyed instead: to
 * reset it fails (EINVAL, Node 26), and its handle then stays open for ever and keeps the process from exiting.
 */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
