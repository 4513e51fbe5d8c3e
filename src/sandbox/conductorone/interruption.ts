import { createContextKey } from '@connectrpc/connect';

/** How an upload is interrupted while it is being received. */
export interface Interruption {
  /** Ends the stream without a status, like a broken connection. */
  readonly cut: () => void;
  /** The piece of data at which the stream is cut; `null` for never. */
  readonly cutAtPiece: number | null;
}

export const interruptionKey = createContextKey<Interruption>({ cut: () => {}, cutAtPiece: null });
