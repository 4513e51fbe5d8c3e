import type { ServiceState } from '../../conductorone/service.ts';
import type { Clock } from '../../core/clock.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { type Page, PageServer } from '../../telemetry/servers.ts';
import { nameOf } from '../baton-settings/setting-rules.ts';
import type { Settings } from '../baton-settings/settings-table.ts';

/**
 * The health pages of Go's connectors: `/live` while the process runs, `/ready` while it is connected with
 * ConductorOne, `/health` unless the connection has failed. JSON with status, time and details.
 */
export class HealthServer {
  readonly #clock: Clock;
  readonly #server: PageServer;
  #state: ServiceState | null = null;

  private constructor(clock: Clock) {
    this.#clock = clock;
    this.#server = new PageServer({
      '/health': () => this.#page((this.#state?.error ?? null) === null),
      '/ready': () => this.#page(this.#state?.connected === true),
      '/live': () => this.#page(true),
    });
  }

  /** @throws InvalidInputError when the address cannot be listened on */
  static async listen(
    {
      healthCheckBindAddress: host,
      healthCheckPort: port,
    }: Pick<Settings, 'healthCheckBindAddress' | 'healthCheckPort'>,
    clock: Clock,
  ): Promise<HealthServer> {
    const health = new HealthServer(clock);
    try {
      await health.#server.listen({ host, port });
    } catch (cause) {
      throw new InvalidInputError(
        `${nameOf('healthCheckBindAddress')}, ${nameOf('healthCheckPort')}`,
        `cannot listen on ${host} port ${port}: choose another`,
        { cause },
      );
    }
    return health;
  }

  show(state: ServiceState): void {
    this.#state = state;
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  #page(well: boolean): Page {
    const { connected = false, error = null } = this.#state ?? {};
    const body = {
      status: well ? 'healthy' : 'unhealthy',
      timestamp: new Date(this.#clock.now()).toISOString(),
      details: { connected: String(connected), ...(error ? { error: error.code } : {}) },
    };
    return {
      status: well ? 200 : 503,
      contentType: 'application/json',
      body: `${JSON.stringify(body)}\n`,
    };
  }
}
