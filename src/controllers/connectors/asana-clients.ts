import type { AsanaSession } from '../../asana/session.ts';
import type { Obstacle } from './obstacle.ts';

/** What clients are made of. */
export interface ClientsOrigin {
  /** Fingerprints of the tokens. */
  readonly tokens: string;
  /** What else they are made by: with the same tokens they ask the same organization. */
  readonly settings: string;
  /** Version of the Secret that the tokens are in. */
  readonly secretVersion: string;
}

/** The Asana clients of one connector, or why there are none. */
export class AsanaClients {
  #current: AsanaSession | null = null;
  /** Of the last clients there were; null before the first. */
  #origin: ClientsOrigin | null = null;
  /** Those of which a sync has shown that they are of the organization on record. */
  readonly #proven = new Set<string>();
  #owesProof = false;
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
    return this.#current && this.#origin ? this.#origin.secretVersion : '';
  }

  /** The tokens came in the place of others, by which the directory was read, and nobody knows yet whose they are. */
  get areUnproven(): boolean {
    return this.#owesProof && this.#origin !== null && !this.#proven.has(this.#origin.tokens);
  }

  /** Whether there are clients that are made of the same. */
  areOf({ tokens, settings }: ClientsOrigin): boolean {
    const { tokens: known, settings: by } = this.#origin ?? {};
    return this.#current !== null && known === tokens && by === settings;
  }

  /**
   * Makes them anew unless they are made of the same.
   * @param hasReading there is a directory, which other tokens have to prove that they are of
   */
  use(origin: ClientsOrigin, hasReading: boolean, open: () => AsanaSession): void {
    const before = this.#origin;
    this.#obstacle = null;
    this.#unreadable = null;
    if (!this.areOf(origin)) {
      this.#current?.close();
      this.#current = open();
    }
    this.#origin = origin;
    if (before && before.tokens !== origin.tokens) this.#owesProof = hasReading;
  }

  /** A sync with the present tokens has ended, and was not of another organization. */
  prove(): void {
    if (this.#origin) this.#proven.add(this.#origin.tokens);
  }

  /** Closes them, so that nothing more is sent with what they hold. */
  drop(obstacle: Obstacle | null): void {
    this.#obstacle = obstacle;
    this.#unreadable = null;
    this.#current?.close();
    this.#current = null;
  }

  /** Keeps them as they are, if there are any, while nobody can tell what the Secret holds. */
  keep(unreadable: Obstacle): void {
    this.#obstacle = null;
    this.#unreadable = unreadable;
  }
}
