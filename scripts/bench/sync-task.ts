import { askControl } from '../sandbox-control.ts';
import { atMost, type Benchmark, type Figure } from './figure.ts';
import { asanaRequests, Rig, until } from './rig.ts';

const ACCOUNTS = 20_000;
const TEAMS = 2_000;
const LATENCY_MS = 100;
/** People who have left are listed too. */
const PAGES = Math.ceil((ACCOUNTS + 5) / 100);

interface Task {
  readonly id: string;
  readonly state: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly result: { readonly codeName: string; readonly message: string } | null;
}

/** ConductorOne's sync task from its arrival to its end: reading Asana, writing the c1z, uploading it. */
export const syncTask: Benchmark = {
  name: 'sync-task',
  about: `a whole sync task of ${ACCOUNTS.toLocaleString('en')} accounts and ${TEAMS.toLocaleString('en')} teams, 100 ms latency`,
  async run(log): Promise<Figure[]> {
    const rig = new Rig();
    try {
      const sandbox = await rig.sandbox({ accounts: ACCOUNTS, teams: TEAMS, latency: LATENCY_MS });
      const { id } = await askControl<Task>(sandbox, 'POST', '/conductorone/tasks', { type: 'syncFull' });
      const before = await asanaRequests(sandbox);
      await rig.connector(sandbox);
      let task: Task | null = null;
      await until('the task ends', async () => {
        task = await askControl<Task>(sandbox, 'GET', `/conductorone/tasks/${id}`);
        return task.result !== null;
      });
      const { result, startedAt, endedAt } = task as unknown as Task;
      if (result?.codeName !== 'OK' || !startedAt || !endedAt)
        throw new Error(`the task ended with ${result?.codeName}: ${result?.message}`);
      const requests = (await asanaRequests(sandbox)) - before;
      const seconds = (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
      const ideal = (Math.max(PAGES, requests / 50) * LATENCY_MS) / 1000;
      const oneByOne = (requests * LATENCY_MS) / 1000;
      log(
        `${requests} requests in ${seconds.toFixed(1)} s; one after another they would take ${oneByOne.toFixed(0)} s, ${(oneByOne / seconds).toFixed(1)} × as long`,
      );
      return [
        atMost(`time, as a ratio to what the longest chain of pages allows`, seconds / ideal, 1.5, '×', 2),
        atMost('time, as a ratio to one request after another', seconds / oneByOne, 0.2, '×', 2),
      ];
    } finally {
      await rig.close();
    }
  },
};
