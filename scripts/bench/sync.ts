import { BudgetRegistry } from '../../src/asana/budget-registry.ts';
import { openSession } from '../../src/asana/session.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { silentMeter } from '../../src/core/meter.ts';
import { Redacted } from '../../src/core/redacted.ts';
import { syncDirectory } from '../../src/directory/sync.ts';
import { atMost, type Benchmark, type Figure } from './figure.ts';
import { Rig } from './rig.ts';

const ACCOUNTS = 20_000;
const TEAMS = 2_000;
const MEMBERS = 25;
const LATENCY_MS = 100;
/** Memberships left in the workspace by people who are gone: the sandbox lists them, so they count as accounts. */
const STRAGGLERS = 5;

interface Measured {
  readonly seconds: number;
  readonly requests: number;
}

async function syncOnce(
  rig: Rig,
  sandboxPerMinute: number,
  budget: { requestsPerMinute: number; percent: number },
  latency: number,
): Promise<Measured> {
  const sandbox = await rig.sandbox({
    accounts: ACCOUNTS,
    teams: TEAMS,
    membersPerTeam: MEMBERS,
    latency,
    requestsPerMinute: sandboxPerMinute,
  });
  const session = openSession({
    baseUrl: sandbox.asanaUrl,
    token: new Redacted(sandbox.tokens.serviceAccount),
    scimEnabled: true,
    budgets: new BudgetRegistry(budget, { clock: systemClock, meter: silentMeter }),
    log: silentLogger,
    meter: silentMeter,
    clock: systemClock,
    random: Math.random,
  });
  const began = performance.now();
  const { snapshot } = await syncDirectory(session, {
    scim: { enabled: true, userTypes: { enterprise: 'enterprise', viewOnly: 'view only' } },
    teams: true,
    clock: systemClock,
  });
  const seconds = (performance.now() - began) / 1000;
  session.close();
  if (!snapshot) throw new Error('the sync brought nothing');
  return { seconds, requests: snapshot.requests };
}

/** A full sync of a large directory, compared with what latency and Asana's limits allow. */
export const sync: Benchmark = {
  name: 'sync',
  about: 'a full sync of 20,000 accounts and 2,000 teams',
  async run(log): Promise<Figure[]> {
    const rig = new Rig();
    try {
      log(`latency ${LATENCY_MS} ms, budget lifted …`);
      const free = await syncOnce(rig, 0, { requestsPerMinute: 0, percent: 100 }, LATENCY_MS);
      const pages = Math.ceil((ACCOUNTS + STRAGGLERS) / 100);
      const most = 3 * pages + Math.ceil(TEAMS / 100) + TEAMS * Math.ceil(MEMBERS / 100) + 8;
      const ideal = (Math.max(pages, free.requests / 50) * LATENCY_MS) / 1000;
      log('1,500 requests a minute, all of it planned …');
      const limited = await syncOnce(rig, 1500, { requestsPerMinute: 1500, percent: 100 }, 0);
      return [
        atMost('requests of a full sync', free.requests, most, 'requests', 0),
        atMost(`time, as a ratio to the longest chain of ${pages} pages`, free.seconds / ideal, 1.15, '×', 2),
        atMost(
          'time within 1,500 a minute, as a ratio to requests/25 s',
          limited.seconds / (limited.requests / 25),
          1.1,
          '×',
          2,
        ),
      ];
    } finally {
      await rig.close();
    }
  },
};
