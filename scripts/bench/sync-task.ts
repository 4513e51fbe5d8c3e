import { askControl, type SandboxAddress } from '../sandbox-control.ts';
import { atLeast, atMost, type Benchmark, type Figure } from './figure.ts';
import { asanaOperations, Rig } from './rig.ts';
import { giveTask, secondsOfTask } from './task-seconds.ts';

const ACCOUNTS = 20_000;
const TEAMS = 2_000;
const LATENCY_MS = 100;
/** Includes five people who have left; they are listed too. */
const PAGES = Math.ceil((ACCOUNTS + 5) / 100);

const LISTINGS = [
  'getUsers',
  'getWorkspaceMembershipsForWorkspace',
  'getTeamsForWorkspace',
  'scimListUsers',
] as const;

/** Returns the requests of the Go connector for the same sync: one after another, in pages of 50 instead of 100. */
function requestsOneByOne(operations: Readonly<Record<string, number>>): number {
  return sum(Object.values(operations)) + sum(LISTINGS.map((operation) => operations[operation] ?? 0));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Returns how long the sandbox took to check the file before it answered; ConductorOne does that later. */
async function checkMs(sandbox: SandboxAddress): Promise<number> {
  const { uploads } = await askControl<{ uploads: { checkMs: number }[] }>(
    sandbox,
    'GET',
    '/conductorone/uploads',
  );
  return sum(uploads.map(({ checkMs: ms }) => ms));
}

/** ConductorOne's sync task from its arrival to its end: reading Asana, writing the c1z, uploading it. */
export const syncTask: Benchmark = {
  name: 'sync-task',
  about: `a whole sync task of ${ACCOUNTS.toLocaleString('en')} accounts and ${TEAMS.toLocaleString('en')} teams, 100 ms latency`,
  async run(log): Promise<Figure[]> {
    const rig = new Rig();
    try {
      const sandbox = await rig.sandbox({ accounts: ACCOUNTS, teams: TEAMS, latency: LATENCY_MS });
      const id = await giveTask(sandbox, { type: 'syncFull' });
      await rig.connector(sandbox);
      const seconds = (await secondsOfTask(sandbox, id)) - (await checkMs(sandbox)) / 1000;
      const operations = await asanaOperations(sandbox);
      const requests = sum(Object.values(operations));
      const ideal = (Math.max(PAGES, requests / 50) * LATENCY_MS) / 1000;
      const oneByOne = (requestsOneByOne(operations) * LATENCY_MS) / 1000;
      log(
        `${requests} requests in ${seconds.toFixed(1)} s; the Go connector's ${requestsOneByOne(operations)}, one after another, take ${oneByOne.toFixed(0)} s of latency alone`,
      );
      return [
        atMost('time, as a ratio to what the longest chain of pages allows', seconds / ideal, 1.15, '×', 2),
        atLeast('requests one after another, as a ratio to the time', oneByOne / seconds, 13, '×'),
      ];
    } finally {
      await rig.close();
    }
  },
};
