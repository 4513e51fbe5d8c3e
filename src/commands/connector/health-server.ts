import type { ServiceState } from '../../conductorone/service.ts';
import { type Clock, formatTime } from '../../core/clock.ts';
import { type CodedError, InvalidInputError } from '../../core/errors.ts';
import { type Page, PageServer } from '../../telemetry/servers.ts';
import { nameOf } from '../baton-settings/setting-rules.ts';
import { inSettingWords } from '../baton-settings/setting-words.ts';
import type { Settings } from '../baton-settings/settings-table.ts';
import type { TokenCheck } from './token-check.ts';

/**
 * Serves the health pages of Go's connectors, as JSON with status, time and details: `/live` succeeds while the process
 * runs, `/ready` once it is set up, `/health` while Asana accepts the token. None of them fails due to ConductorOne.
 */
export class HealthServer {
  readonly #clock: Clock;
  readonly #server: PageServer;
  #state: ServiceState | null = null;

  private constructor(token: Pick<TokenCheck, 'failure'>, clock: Clock) {
    this.#clock = clock;
    this.#server = new PageServer({
      '/health': async () => this.#health(await token.failure()),
      '/ready': () => this.#page(200, { status: 'ready' }),
      '/live': () => this.#page(200, { status: 'alive' }),
    });
  }

  /** @throws InvalidInputError if the server cannot listen on the address */
  static async listen(
    {
      healthCheckBindAddress: host,
      healthCheckPort: port,
    }: Pick<Settings, 'healthCheckBindAddress' | 'healthCheckPort'>,
    token: Pick<TokenCheck, 'failure'>,
    clock: Clock,
  ): Promise<HealthServer> {
    const health = new HealthServer(token, clock);
    try {
      await health.#server.listen({ host, port });
    } catch (cause) {
      throw new InvalidInputError(
        `${nameOf('healthCheckBindAddress')}, ${nameOf('healthCheckPort')}`,
        `cannot listen on ${host} port ${port}: choose another port`,
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

  #health(failure: CodedError | null): Page {
    const { connected = false, error = null } = this.#state ?? {};
    const conductorOne = connected ? 'connected' : (error?.code ?? 'connecting');
    if (failure === null) return this.#page(200, { status: 'healthy', details: { conductorOne } });
    const details = {
      error: 'connector validation failed',
      validation_error: inSettingWords(`${failure.code}: ${failure.message}`),
      conductorOne,
    };
    return this.#page(503, { status: 'unhealthy', details });
  }

  #page(
    code: number,
    { status, details }: { readonly status: string; readonly details?: Readonly<Record<string, string>> },
  ): Page {
    // As in Go's connectors, the time has no fractions, and empty fields are omitted.
    const timestamp = formatTime(this.#clock.now());
    return {
      status: code,
      contentType: 'application/json',
      body: `${JSON.stringify({ status, timestamp, details })}\n`,
    };
  }
}
