import { createContextKey } from '@connectrpc/connect';

/** What befalls an upload while it comes in. */
export interface Interruption {
  /** Ends the stream without a status, as a broken connection does. */
  readonly cut: () => void;
  /** At which piece of data; null for never. */
  readonly cutAtPiece: number | null;
}

export const interruptionKey = createContextKey<Interruption>({ cut: () => {}, cutAtPiece: null });
