import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Clock } from '../../src/core/clock.ts';

/** Three pings too many end a connection. */
const MOST_STRIKES = 2;
/** What grpc-go asks of pings while no call is open. */
const IDLE_MS = 2 * 3600_000;

/**
 * How a server of grpc-go judges pings (its keepalive enforcement policy, without PermitWithoutStream): one that comes
 * sooner after the last than it may is a strike, an answer of the server wipes the strikes out, and at the third it
 * says `too_many_pings` and hangs up.
 */
export class KeepAlivePolicy {
  /** When pings came, milliseconds of the clock; of all connections. */
  readonly pings: number[] = [];
  /** Connections it has hung up on. */
  hungUp = 0;
  /** Connections so far. */
  sessions = 0;
  /** Those that are open. */
  open = 0;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #minimumMs: number;

  /** @param minimumMs between two pings while a call is open; grpc-go's default is five minutes */
  constructor(clock: Pick<Clock, 'monotonic'>, minimumMs = 300_000) {
    this.#clock = clock;
    this.#minimumMs = minimumMs;
  }

  /** Watches a connection. */
  readonly enforce = (session: ServerHttp2Session): void => {
    let strikes = 0;
    let answered = false;
    let calls = 0;
    let last = -Infinity;
    this.sessions += 1;
    this.open += 1;
    session.once('close', () => (this.open -= 1));
    session.on('stream', (stream: ServerHttp2Stream) => {
      calls += 1;
      stream.once('close', () => {
        calls -= 1;
        answered ||= stream.headersSent;
      });
    });
    session.on('ping', () => {
      const now = this.#clock.monotonic();
      this.pings.push(now);
      const tooSoon = now - last < (calls === 0 ? IDLE_MS : this.#minimumMs);
      last = now;
      if (answered) strikes = 0;
      else if (tooSoon) strikes += 1;
      answered = false;
      if (strikes <= MOST_STRIKES) return;
      this.hungUp += 1;
      session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from('too_many_pings'));
      session.close();
      session.destroy();
    });
  };
}
