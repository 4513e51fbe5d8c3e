import type { AsanaSession } from '../../asana/session.ts';
import type { Obstacle } from './obstacle.ts';

/** The inputs that Asana clients are created from. */
export interface ClientsOrigin {
  /** Fingerprints of the tokens. */
  readonly tokens: string;
  /** The other settings. Clients with the same tokens read the same organization, whatever the settings. */
  readonly settings: string;
  /** The resourceVersion of the Secret that contains the tokens. */
  readonly secretVersion: string;
}

/** The Asana clients of one connector, or why there are none. */
export class AsanaClients {
  #current: AsanaSession | null = null;
  /** The origin of the most recent clients; `null` before the first. */
  #origin: ClientsOrigin | null = null;
  /** Fingerprints of tokens that a sync has shown to belong to the organization on record. */
  readonly #proven = new Set<string>();
  #owesProof = false;
  /** The version of the Secret whose tokens Asana rejected outside of a sync; `null` if there is none. */
  #rejectedVersion: string | null = null;
  #obstacle: Obstacle | null = null;
  #unreadable: Obstacle | null = null;

  /** The current clients; `null` while there are no usable credentials. */
  get current(): AsanaSession | null {
    return this.#current;
  }

  /** The problem with the Secret; `null` if there is none. */
  get obstacle(): Obstacle | null {
    return this.#obstacle;
  }

  /** Why the Secret cannot currently be read; `null` if it can. What was read before remains in use. */
  get unreadable(): Obstacle | null {
    return this.#unreadable;
  }

  /** The version of the Secret that the clients were last known to match; empty without clients. */
  get secretVersion(): string {
    return this.#current && this.#origin ? this.#origin.secretVersion : '';
  }

  /** True if the tokens replaced those of the last reading, and no sync has confirmed their organization yet. */
  get areUnproven(): boolean {
    return this.#owesProof && this.#origin !== null && !this.#proven.has(this.#origin.tokens);
  }

  /** Whether the current clients were created from the same tokens and settings. */
  areOf({ tokens, settings }: ClientsOrigin): boolean {
    const { tokens: known, settings: by } = this.#origin ?? {};
    return this.#current !== null && known === tokens && by === settings;
  }

  /**
   * Creates new clients unless the current ones were created from the same tokens and settings.
   * @param hasReading whether there is a directory: if so, new tokens must be shown to belong to its organization
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

  /** Marks the current tokens as proven: a sync with them has ended and did not read another organization. */
  prove(): void {
    if (this.#origin) this.#proven.add(this.#origin.tokens);
  }

  /** Records that Asana rejected a token. @returns false if that is known for this version of the Secret */
  noteRejection(): boolean {
    const isKnown = this.#rejectedVersion === this.secretVersion;
    this.#rejectedVersion = this.secretVersion;
    return !isKnown;
  }

  /** Closes the clients, so that nothing more is sent with their tokens. */
  drop(obstacle: Obstacle | null): void {
    this.#obstacle = obstacle;
    this.#unreadable = null;
    this.#current?.close();
    this.#current = null;
  }

  /** Keeps the current clients, if any, while the content of the Secret is unknown. */
  keep(unreadable: Obstacle): void {
    this.#obstacle = null;
    this.#unreadable = unreadable;
  }
}
