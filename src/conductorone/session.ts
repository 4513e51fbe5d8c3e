import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Clock } from '../core/clock.ts';
import { ConductorOneError } from './errors.ts';

/** How long the answer to a ping may take. */
const PING_LIMIT_MS = 15_000;
/** An idle connection is closed after this long, before a load balancer closes it during the next call. */
const IDLE_MS = 60_000;
/** Debug data with which a gRPC server closes the connection of a client that pings too often. */
const TOO_MANY_PINGS = Buffer.from('too_many_pings');

export interface SessionOptions {
  readonly clock: Clock;
  /** How long a call may receive nothing before a ping is sent, in milliseconds. */
  readonly pingAfterMs: () => number;
  /** Called when the server closes the connection because of too many pings. */
  readonly onTooManyPings: () => void;
  readonly onClose: () => void;
}

/**
 * One HTTP/2 connection and the calls on it. It pings only while a call is open: gRPC servers treat any other ping, and
 * any that comes too soon, as an attack. It closes after one idle minute.
 */
export class Session {
  readonly #http2: ClientHttp2Session;
  readonly #options: SessionOptions;
  #calls = 0;
  /** How many times something was received. */
  #signs = 0;
  #heardAt: number;
  #pingedAt: number;
  #doubted = false;
  #cancelTimer = (): void => {};

  constructor(http2: ClientHttp2Session, options: SessionOptions) {
    this.#http2 = http2;
    this.#options = options;
    this.#heardAt = options.clock.monotonic();
    this.#pingedAt = this.#heardAt;
    // Its calls fail with it and report the error.
    http2.on('error', () => {});
    http2.on('goaway', (code: number, _: number, data: Buffer | undefined) => {
      if (code === constants.NGHTTP2_ENHANCE_YOUR_CALM && data?.equals(TOO_MANY_PINGS))
        options.onTooManyPings();
    });
    http2.once('close', () => {
      this.#cancelTimer();
      options.onClose();
    });
    this.#setTimer();
  }

  /** False once the connection takes no further calls; those already on it may still succeed. */
  get usable(): boolean {
    return !this.#doubted && !this.#http2.closed && !this.#http2.destroyed;
  }

  /** Starts a call; throws if the connection has just ended. */
  request(headers: OutgoingHttpHeaders): ClientHttp2Stream {
    const signsBefore = this.#signs;
    const stream = this.#http2.request(headers);
    this.#calls += 1;
    if (this.#calls === 1) this.#setTimer();
    stream.once('response', () => this.#hear());
    stream.once('close', () => this.#end(signsBefore));
    return stream;
  }

  /** Records that response bytes arrived, if the stream belongs to this connection. */
  notice(stream: ClientHttp2Stream): void {
    if (stream.session === this.#http2) this.#hear();
  }

  /** Closes the connection and ends the calls on it. */
  abort(): void {
    this.#http2.destroy(undefined, constants.NGHTTP2_CANCEL);
  }

  #hear(): void {
    this.#signs += 1;
    this.#heardAt = this.#options.clock.monotonic();
  }

  /** Ends a call. If nothing was received during it, later calls use a new connection, since pings are rare. */
  #end(signsBefore: number): void {
    this.#calls -= 1;
    if (this.#signs === signsBefore) this.#doubted = true;
    if (this.#calls > 0) return;
    if (this.#doubted) this.abort();
    else this.#setTimer();
  }

  /** Sets the timer for the next ping, or for closing an idle connection. */
  #setTimer(): void {
    const { clock } = this.#options;
    this.#cancelTimer();
    if (this.#http2.destroyed) return;
    this.#cancelTimer =
      this.#calls === 0
        ? clock.schedule(IDLE_MS, () => this.#http2.close())
        : clock.schedule(Math.max(0, this.#pingDue() - clock.monotonic()), () => this.#pingWhenDue());
  }

  #pingDue(): number {
    return Math.max(this.#heardAt, this.#pingedAt) + this.#options.pingAfterMs();
  }

  #pingWhenDue(): void {
    const { clock } = this.#options;
    if (this.#http2.destroyed) return;
    // Something was received meanwhile: the timer is not reset for every byte.
    if (clock.monotonic() < this.#pingDue()) {
      this.#setTimer();
      return;
    }
    this.#pingedAt = clock.monotonic();
    this.#cancelTimer = clock.schedule(PING_LIMIT_MS, () => this.#http2.destroy(silence()));
    this.#http2.ping((error) => {
      // The connection has ended meanwhile.
      if (error) return;
      this.#hear();
      this.#setTimer();
    });
  }
}

function silence(): ConductorOneError {
  return new ConductorOneError(
    'Disconnected',
    `ConductorOne did not respond to a ping within ${PING_LIMIT_MS / 1000} s. The connection is retried.`,
  );
}
