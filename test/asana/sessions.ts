import type { TestContext } from 'node:test';
import { BudgetRegistry } from '../../src/asana/budget-registry.ts';
import { type AsanaSession, openSession, type SessionOptions } from '../../src/asana/session.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { silentMeter } from '../../src/core/meter.ts';
import { Redacted } from '../../src/core/redacted.ts';
import { fastClock } from './fake-clock.ts';

/** A token that no output of a test may contain. */
export const CANARY_TOKEN = '2/1200000000000001/canary:0123456789abcdef';

/** Opens a session on real sockets with waits a hundred times shorter and no limit of requests per minute. */
export function openTestSession(
  t: TestContext,
  url: string,
  overrides: Partial<SessionOptions> = {},
): AsanaSession {
  const clock = overrides.clock ?? fastClock(100);
  const session = openSession({
    baseUrl: `${url}/api/1.0`,
    token: new Redacted(CANARY_TOKEN),
    scimEnabled: true,
    budgets: new BudgetRegistry({ requestsPerMinute: 0, percent: 100 }, { clock, meter: silentMeter }),
    // At a hundred times the speed, 30 real seconds: a busy machine never looks like a slow server.
    limits: { requestMs: 3_000_000 },
    log: silentLogger,
    meter: silentMeter,
    clock,
    random: () => 0.5,
    ...overrides,
  });
  t.after(() => session.close());
  return session;
}
