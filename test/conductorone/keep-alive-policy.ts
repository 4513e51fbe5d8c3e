import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Clock } from '../../src/core/clock.ts';

/** The third strike closes a connection. */
const MOST_STRIKES = 2;
/** The minimum interval that grpc-go allows between pings while no call is open. */
const IDLE_MS = 2 * 3600_000;

/**
 * The keepalive enforcement policy of a grpc-go server, without PermitWithoutStream: a ping sooner after the previous
 * one than allowed is a strike, an answer of the server resets the strikes, and at the third strike the server sends
 * `too_many_pings` and closes the connection.
 */
export class KeepAlivePolicy {
  /** The times of the pings of all connections, in milliseconds of the clock. */
  readonly pings: number[] = [];
  /** The number of connections that the server closed for too many pings. */
  hungUp = 0;
  /** The number of connections so far. */
  sessions = 0;
  /** The number of open connections. */
  open = 0;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #minimumMs: number;

  /** @param minimumMs the minimum interval between pings while a call is open; grpc-go's default is five minutes */
  constructor(clock: Pick<Clock, 'monotonic'>, minimumMs = 300_000) {
    this.#clock = clock;
    this.#minimumMs = minimumMs;
  }

  /** Enforces the policy on a connection. */
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
