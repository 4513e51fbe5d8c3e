import { askControl } from '../sandbox-control.ts';
import { atMost, type Benchmark, type Figure } from './figure.ts';
import { asanaRequests, Rig } from './rig.ts';
import { giveTask, secondsOfTask } from './task-seconds.ts';

const ACCOUNTS = 20_000;
const TEAMS = 2_000;
const LATENCY_MS = 100;
const MOST_SECONDS = 3;

/** A grant task that reaches a connector which has just started, and has only begun to read the directory. */
export const grantTask: Benchmark = {
  name: 'grant-task',
  about: `a grant task right after a start, ${ACCOUNTS.toLocaleString('en')} accounts and ${TEAMS.toLocaleString('en')} teams, 100 ms latency`,
  async run(log): Promise<Figure[]> {
    const rig = new Rig();
    try {
      const sandbox = await rig.sandbox({ accounts: ACCOUNTS, teams: TEAMS, latency: LATENCY_MS });
      const { gid } = await askControl<{ gid: string }>(sandbox, 'GET', '/users/alice@acme.example');
      // ConductorOne has received no upload, so entitlement and principal are spelled out.
      const user = { id: { resourceType: 'user', resource: gid }, displayName: 'Alice Adams' };
      const license = { id: { resourceType: 'license', resource: 'enterprise' }, displayName: 'Enterprise' };
      const grant = { entitlement: { id: 'enterprise', resource: license }, principal: user };
      const order = { type: 'raw', task: { grant } };
      // The task arrives when a sync has just begun, and competes with it for requests to Asana.
      await askControl(sandbox, 'POST', '/conductorone/settings', { nextPollMs: 200 });
      await giveTask(sandbox, { type: 'syncFull' });
      const id = await giveTask(sandbox, order);
      const before = await asanaRequests(sandbox);
      await rig.connector(sandbox);
      const seconds = await secondsOfTask(sandbox, id);
      log(`${(await asanaRequests(sandbox)) - before} requests were sent meanwhile, the sync's among them`);
      return [atMost('time from its arrival to its end', seconds, MOST_SECONDS, 's', 2)];
    } finally {
      await rig.close();
    }
  },
};
