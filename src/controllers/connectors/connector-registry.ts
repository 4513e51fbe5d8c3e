import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { ConnectorSession } from './connector-session.ts';

/** The sessions of this process by connector key ("namespace/name"). One per connector, made at first need. */
export class ConnectorRegistry {
  readonly #sessions = new Map<string, ConnectorSession>();
  readonly #open: (connector: AsanaConnector) => ConnectorSession;

  constructor(open: (connector: AsanaConnector) => ConnectorSession) {
    this.#open = open;
  }

  /** The session, if there is one. */
  find(key: string): ConnectorSession | null {
    return this.#sessions.get(key) ?? null;
  }

  /** The session of exactly this object, if there is one: that of a namesake before it knows another Asana. */
  findFor({ metadata }: AsanaConnector): ConnectorSession | null {
    const known = this.#sessions.get(`${metadata.namespace}/${metadata.name}`);
    return known?.uid === metadata.uid ? known : null;
  }

  /** The session of exactly this object, made at first need: one of the same name with another uid starts from nothing. */
  async of(key: string, connector: AsanaConnector): Promise<ConnectorSession> {
    const known = this.#sessions.get(key);
    if (known?.uid === connector.metadata.uid) return known;
    if (known) await this.close(key);
    const session = this.#open(connector);
    this.#sessions.set(key, session);
    return session;
  }

  /** Stops what a connector has under way and forgets it. */
  async close(key: string): Promise<void> {
    const known = this.#sessions.get(key);
    this.#sessions.delete(key);
    await known?.close();
  }

  /** Ends service mode everywhere, at once: ConductorOne gives its tasks to whoever leads next. */
  async closeLinks(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map(({ link }) => link.close()));
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#sessions.keys()].map((key) => this.close(key)));
  }
}
