import type { AsanaSession } from '../../asana/session.ts';
import type { Obstacle } from './obstacle.ts';

/** The Asana clients of one connector, or why there are none. */
export class AsanaClients {
  #current: AsanaSession | null = null;
  #fingerprint = '';
  #obstacle: Obstacle | null = null;

  /** Null before any credentials were right. */
  get current(): AsanaSession | null {
    return this.#current;
  }

  /** What is wrong with the Secret; null when nothing is. */
  get obstacle(): Obstacle | null {
    return this.#obstacle;
  }

  /** Whether these are the clients of the credentials that a fingerprint stands for. */
  areOf(fingerprint: string): boolean {
    return this.#current !== null && this.#fingerprint === fingerprint;
  }

  /** Makes them anew unless they are of this fingerprint. */
  use(fingerprint: string, open: () => AsanaSession): void {
    this.#obstacle = null;
    if (this.areOf(fingerprint)) return;
    this.#current?.close();
    this.#current = open();
    this.#fingerprint = fingerprint;
  }

  /** Closes them, so that nothing more is sent with what they hold. */
  drop(obstacle: Obstacle | null): void {
    this.#obstacle = obstacle;
    this.#current?.close();
    this.#current = null;
  }
}
