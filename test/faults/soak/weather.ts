import type { IncomingMessage } from 'node:http';
import type { Random } from '../../../src/core/clock.ts';
import type { Fault as AsanaFault } from '../../../src/sandbox/faults.ts';
import type { Sandbox } from '../../../src/sandbox/server.ts';
import type { Fault } from '../../kubernetes/faulty-proxy.ts';
import { between, chance, pick } from '../../simulation/random.ts';
import type { Side } from '../kills/watched-replica.ts';

/** The share of the requests to the API server that fail in a storm. */
const STORM = 0.15;

/**
 * Faults of Asana. A change may be throttled, delayed, made and not answered, or shown late; only reads fail or never
 * arrive.
 */
const asanaFaults: readonly AsanaFault[] = [
  { match: {}, effect: { status: 429, retryAfter: 1 } },
  { match: { method: 'GET', times: 3 }, effect: { status: 500 } },
  { match: { method: 'GET', times: 2 }, effect: { status: 503 } },
  { match: { method: 'GET' }, effect: { resetConnection: true } },
  { match: { method: 'GET' }, effect: { body: 'truncated' } },
  { match: { method: 'GET' }, effect: { body: 'html' } },
  { match: { times: 5 }, effect: { delayMs: 500 } },
  { match: { method: 'PATCH' }, effect: { loseResponse: true } },
  { match: { method: 'POST' }, effect: { loseResponse: true } },
  { match: { method: 'DELETE' }, effect: { loseResponse: true } },
  { match: { method: 'PATCH' }, effect: { staleForMs: 2_000 } },
];

/** Faults that come and go at random. */
export class Weather {
  readonly #random: Random;
  readonly #sandbox: Sandbox;
  #stormy = false;
  /** Number of requests to the API server that failed. */
  struck = 0;
  /** Number of faults of Asana that were ordered. */
  ordered = 0;

  constructor(sandbox: Sandbox, random: Random) {
    this.#sandbox = sandbox;
    this.#random = random;
  }

  /** Begins a storm, or ends it. */
  turn(): void {
    this.#stormy = !this.#stormy;
    if (this.#stormy) this.#orderAsanaFault();
  }

  clear(): void {
    this.#stormy = false;
    this.#sandbox.faults.clear();
  }

  strike(side: Side, { url = '' }: IncomingMessage): Fault | null {
    // The lease has tests of its own; here the measured process has to stay alive.
    if (side === 'asana' || !this.#stormy || url.includes('/leases')) return null;
    if (!chance(this.#random, STORM)) return null;
    this.struck += 1;
    if (url.includes('watch=')) return { kind: 'cut', afterMs: between(this.#random, 0, 2_000) };
    return pick<Fault>(this.#random, [
      { kind: 'reset' },
      { kind: 'answer', status: 500 },
      { kind: 'answer', status: 503, retryAfter: 1 },
      { kind: 'answer', status: 429, retryAfter: 1 },
      { kind: 'answer', status: 409, body: '{"kind":"Status","reason":"Conflict","code":409}' },
    ]);
  }

  #orderAsanaFault(): void {
    this.ordered += 1;
    this.#sandbox.faults.add(pick(this.#random, asanaFaults));
  }
}
