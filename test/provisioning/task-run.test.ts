import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AsanaSession } from '../../src/asana/session.ts';
import type { Directory } from '../../src/directory/directory.ts';
import type { ActionHooks, ActionOutcome, ActionRequest, Executor } from '../../src/provisioning/executor.ts';
import { TaskRun } from '../../src/provisioning/task-run.ts';
import { FakeClock } from '../asana/fake-clock.ts';
import { person, policies, reading, TEAM } from './world.ts';

test('a task reports its change if one request times out and Asana refuses the next as done', async () => {
  let tries = 0;
  const executor = {
    async execute({ tally }: ActionRequest, hooks: ActionHooks): Promise<ActionOutcome> {
      tries += 1;
      await hooks.recordIntent(`id${tries}`);
      assert.ok(tally);
      tally.requests += 1;
      if (tries === 1) throw new DOMException('too late', 'TimeoutError');
      tally.refused = 1;
      return { kind: 'Succeeded', id: 'id2', account: null, byOthers: true };
    },
    verify: () => Promise.resolve({ kind: 'Unconfirmed', id: 'id1', account: null }),
  } as unknown as Executor;
  const view = { policies: policies(), reading: reading([person()]), declaredFor: () => [] };
  const outcome = await new TaskRun({
    executor,
    clock: new FakeClock(),
    request: { wish: { type: 'Team', team: { gid: TEAM } }, want: 'Give', user: { gid: '1' } },
    context: {
      session: {} as AsanaSession,
      directory: {} as Directory,
      noteLoss: () => {},
      userTypes: { enterprise: 'enterprise', viewOnly: 'view only' },
      view: () => view,
      takeSeat: () => ({ free: () => {}, keep: () => {}, doubt: () => {} }),
      guard: () => {},
      reserveDeprovision: () => Promise.resolve(true),
    },
    task: {
      id: 'task',
      connector: { namespace: 'iga', name: 'acme' },
      actionTimeoutMs: 60_000,
      signal: new AbortController().signal,
    },
  }).run();
  assert.deepEqual([outcome.changed, tries], [true, 2]);
});
