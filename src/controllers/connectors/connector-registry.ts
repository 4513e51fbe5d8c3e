import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { ConnectorSession } from './connector-session.ts';

/** The sessions of this process by connector key ("namespace/name"). One per connector, created on first use. */
export class ConnectorRegistry {
  readonly #sessions = new Map<string, ConnectorSession>();
  readonly #open: (connector: AsanaConnector) => ConnectorSession;

  constructor(open: (connector: AsanaConnector) => ConnectorSession) {
    this.#open = open;
  }

  /** Returns the session for a connector key, or `null`. */
  find(key: string): ConnectorSession | null {
    return this.#sessions.get(key) ?? null;
  }

  /** Returns the session of exactly this object, or `null`: that of a namesake may be for another organization. */
  findFor({ metadata }: AsanaConnector): ConnectorSession | null {
    const known = this.#sessions.get(`${metadata.namespace}/${metadata.name}`);
    return known?.uid === metadata.uid ? known : null;
  }

  /** Returns the session of exactly this object, created on first use; an earlier namesake's session is closed. */
  async of(key: string, connector: AsanaConnector): Promise<ConnectorSession> {
    const known = this.#sessions.get(key);
    if (known?.uid === connector.metadata.uid) return known;
    if (known) await this.close(key);
    const session = this.#open(connector);
    this.#sessions.set(key, session);
    return session;
  }

  /** Stops everything in progress for a connector and removes its session. */
  async close(key: string): Promise<void> {
    const known = this.#sessions.get(key);
    this.#sessions.delete(key);
    await known?.close();
  }

  /** Ends service mode for all connectors at once: ConductorOne hands the tasks to the next leader. */
  async closeLinks(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map(({ link }) => link.close()));
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#sessions.keys()].map((key) => this.close(key)));
  }
}
