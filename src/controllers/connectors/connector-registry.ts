import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { ConnectorSession } from './connector-session.ts';

/** The sessions of this process by connector key ("namespace/name"). One per connector, made at first need. */
export class ConnectorRegistry {
  readonly #sessions = new Map<string, { uid: string; session: ConnectorSession }>();
  readonly #open: (connector: AsanaConnector) => ConnectorSession;

  constructor(open: (connector: AsanaConnector) => ConnectorSession) {
    this.#open = open;
  }

  /** The session, if there is one. */
  find(key: string): ConnectorSession | null {
    return this.#sessions.get(key)?.session ?? null;
  }

  /** The session of exactly this object: one of the same name with another uid starts from nothing. */
  async of(key: string, connector: AsanaConnector): Promise<ConnectorSession> {
    const known = this.#sessions.get(key);
    if (known && known.uid === connector.metadata.uid) return known.session;
    if (known) await this.close(key);
    const session = this.#open(connector);
    this.#sessions.set(key, { uid: connector.metadata.uid, session });
    return session;
  }

  /** Stops what a connector has under way and forgets it. */
  async close(key: string): Promise<void> {
    const known = this.#sessions.get(key);
    this.#sessions.delete(key);
    await known?.session.close();
  }

  /** Ends service mode everywhere, at once: ConductorOne gives its tasks to whoever leads next. */
  async closeLinks(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map(({ session }) => session.link.close()));
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#sessions.keys()].map((key) => this.close(key)));
  }
}
