import type { AsanaSession } from '../../asana/session.ts';
import type { Obstacle } from './obstacle.ts';

/** The Asana clients of one connector, or why there are none. */
export class AsanaClients {
  #current: AsanaSession | null = null;
  #fingerprint = '';
  #secretVersion = '';
  #obstacle: Obstacle | null = null;
  #unreadable: Obstacle | null = null;

  /** Null before any credentials were right. */
  get current(): AsanaSession | null {
    return this.#current;
  }

  /** What is wrong with the Secret; null when nothing is. */
  get obstacle(): Obstacle | null {
    return this.#obstacle;
  }

  /** Why the Secret cannot be read now; null when it can. What was read of it before is as good as it was. */
  get unreadable(): Obstacle | null {
    return this.#unreadable;
  }

  /** Version of the Secret that the clients were last found to be of; empty without clients. */
  get secretVersion(): string {
    return this.#secretVersion;
  }

  /** Whether these are the clients of the credentials that a fingerprint stands for. */
  areOf(fingerprint: string): boolean {
    return this.#current !== null && this.#fingerprint === fingerprint;
  }

  /** Makes them anew unless they are of this fingerprint. */
  use(fingerprint: string, secretVersion: string, open: () => AsanaSession): void {
    this.#obstacle = null;
    this.#unreadable = null;
    this.#secretVersion = secretVersion;
    if (this.areOf(fingerprint)) return;
    this.#current?.close();
    this.#current = open();
    this.#fingerprint = fingerprint;
  }

  /** Closes them, so that nothing more is sent with what they hold. */
  drop(obstacle: Obstacle | null): void {
    this.#obstacle = obstacle;
    this.#unreadable = null;
    this.#secretVersion = '';
    this.#current?.close();
    this.#current = null;
  }

  /** Keeps them as they are, if there are any, while nobody can tell what the Secret holds. */
  keep(unreadable: Obstacle): void {
    this.#obstacle = null;
    this.#unreadable = unreadable;
  }
}
