import { askControl } from '../sandbox-control.ts';
import { atMost, type Benchmark, type Figure } from './figure.ts';
import { asanaRequests, Rig, until } from './rig.ts';

const ACCOUNTS = 20_000;
const TEAMS = 2_000;
const LATENCY_MS = 100;
const MOST_SECONDS = 3;

interface Task {
  readonly id: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly result: { readonly codeName: string; readonly message: string } | null;
}

/** A grant task that meets a connector which has just started, and has only begun to read the directory. */
export const grantTask: Benchmark = {
  name: 'grant-task',
  about: `a grant task right after a start, ${ACCOUNTS.toLocaleString('en')} accounts and ${TEAMS.toLocaleString('en')} teams, 100 ms latency`,
  async run(log): Promise<Figure[]> {
    const rig = new Rig();
    try {
      const sandbox = await rig.sandbox({ accounts: ACCOUNTS, teams: TEAMS, latency: LATENCY_MS });
      const { gid } = await askControl<{ gid: string }>(sandbox, 'GET', '/users/alice@acme.example');
      // ConductorOne has seen no upload, so entitlement and principal are written out.
      const user = { id: { resourceType: 'user', resource: gid }, displayName: 'Alice Adams' };
      const license = { id: { resourceType: 'license', resource: 'enterprise' }, displayName: 'Enterprise' };
      const grant = { entitlement: { id: 'enterprise', resource: license }, principal: user };
      const order = { type: 'raw', task: { grant } };
      // It comes after a sync that has just begun, and competes with that for the line.
      await askControl(sandbox, 'POST', '/conductorone/settings', { nextPollMs: 200 });
      await askControl<Task>(sandbox, 'POST', '/conductorone/tasks', { type: 'syncFull' });
      const { id } = await askControl<Task>(sandbox, 'POST', '/conductorone/tasks', order);
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
      log(`${(await asanaRequests(sandbox)) - before} requests were sent meanwhile, the sync's among them`);
      const seconds = (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
      return [atMost('time from its arrival to its end', seconds, MOST_SECONDS, 's', 2)];
    } finally {
      await rig.close();
    }
  },
};
