import type { AsanaConnector } from '../../src/api/asana-connector.ts';
import { BudgetRegistry } from '../../src/asana/budget-registry.ts';
import { type AsanaSession, openSession } from '../../src/asana/session.ts';
import { ConnectorSession, type SessionDeps } from '../../src/controllers/connectors/connector-session.ts';
import type { ExistingGrant } from '../../src/controllers/connectors/existing-grants.ts';
import type { Clock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { silentMeter } from '../../src/core/meter.ts';
import { Redacted } from '../../src/core/redacted.ts';
import { Organizations } from '../../src/provisioning/removals/organizations.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';
import type { TokenKind } from '../../src/sandbox/tokens.ts';
import { fastClock } from '../asana/fake-clock.ts';

/** The real clock plus an offset that a test can increase. */
export class MovableClock implements Clock {
  #ahead = 0;
  readonly #clock = fastClock(1);
  now = () => this.#clock.now() + this.#ahead;
  monotonic = () => this.#clock.monotonic() + this.#ahead;
  sleep = (ms: number, signal?: AbortSignal) => this.#clock.sleep(ms, signal);
  schedule = (ms: number, callback: () => void) => this.#clock.schedule(ms, callback);
  moveOn(ms: number): void {
    this.#ahead += ms;
  }
}

/** Opens clients for a sandbox, without a limit of requests per minute. */
export function openAsana(sandbox: Sandbox, clock: Clock, kind: TokenKind = 'serviceAccount'): AsanaSession {
  return openSession({
    baseUrl: sandbox.asanaUrl,
    token: new Redacted(sandbox.tokens[kind]),
    scimEnabled: kind !== 'personalAccessToken',
    budgets: new BudgetRegistry({ requestsPerMinute: 0, percent: 100 }, { clock, meter: silentMeter }),
    log: silentLogger,
    meter: silentMeter,
    clock,
    random: () => 0.5,
  });
}

interface Around {
  readonly grants?: readonly ExistingGrant[];
  readonly deps?: Partial<SessionDeps>;
  readonly token?: TokenKind;
}

/** Opens the session of a connector, with credentials for a sandbox. */
export async function openSandboxSession(
  sandbox: Sandbox,
  clock: Clock,
  connector: AsanaConnector,
  { grants = [], deps = {}, token }: Around = {},
): Promise<ConnectorSession> {
  let ids = 0;
  const session = new ConnectorSession(
    {
      clock,
      random: () => 0,
      log: silentLogger,
      newHoldId: () => `h${(ids += 1)}`,
      organizations: new Organizations(clock),
      onChange: () => {},
      ...deps,
    },
    connector,
    grants,
  );
  await session.useCredentials('one', () => openAsana(sandbox, clock, token));
  return session;
}
