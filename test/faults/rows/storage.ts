import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fault } from '../fault.ts';
import { serviceMode } from './network.ts';

const killedSync: Fault = {
  name: 'killed-in-upload',
  group: 'storage',
  standsFor: ['R24', 'R6'],
  what: 'The process is killed while it uploads a c1z file from the folder for temporary files',
  holds: 'The next process deletes the files that the killed one left, and carries out the task.',
  async run(worlds) {
    const world = await worlds.open({
      connector: serviceMode,
      sandbox: { conductorOneSettings: { nextPollMs: 100, nextHeartbeatMs: 500, leaseMs: 4_000 } },
    });
    const folder = join(world.folder, 'c1z');
    const held = () => readdir(folder).catch((): string[] => []);
    world.sandbox.conductorOne.faults.add({ match: { call: 'UploadAsset' }, effect: { delayMs: 60_000 } });
    const id = await world.orderTask({ type: 'syncFull' });
    await world.expectSoon('a c1z is being uploaded', () =>
      world.sandbox.conductorOne.faults.list().some(({ hits }) => hits > 0),
    );
    const left = await held();
    await world.operator.end('SIGKILL');
    await world.startOperator();
    await world.expectSoon(
      'what was left is gone',
      async () => !(await held()).some((name) => left.includes(name)),
    );
    const code = await world.untilTaskEnds(id);
    world.expect('the task ended well', code === 'OK', () => code);
    await world.expectSoon('nothing is left', async () => (await held()).length === 0);
    return { fired: left.length, checks: world.checks };
  },
};

export const storageFaults: readonly Fault[] = [killedSync];
