import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { askControl } from '../../scripts/sandbox-control.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { Bundle, Child, Folder, type Variables } from './child.ts';

/** A task as the simulated ConductorOne shows it. */
interface ShownTask {
  readonly id: string;
  readonly leasedTo: readonly string[];
  readonly result: {
    readonly codeName: string;
    readonly message: string;
    readonly annotations: readonly { readonly '@type': string }[];
  } | null;
}

describe('a task whose process dies before it reports the result', () => {
  let program: Bundle;
  let sandbox: Sandbox;

  before(async () => {
    program = await Bundle.make();
    sandbox = await startSandbox({
      requestsPerMinute: 0,
      // The test waits for a lease to end; on a busy machine a process may pause for a second.
      conductorOneSettings: { nextPollMs: 20, leaseMs: 3_000 },
    });
  });
  after(async () => {
    await sandbox.close();
    await program[Symbol.asyncDispose]();
  });

  const conductorOne = <T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) =>
    askControl<T>(sandbox, method, `/conductorone${path}`, body);
  const taskOf = (id: string) => conductorOne<ShownTask>('GET', `/tasks/${id}`);
  const emailOfViewOnly = () =>
    [...sandbox.state.people].find(
      ({ kind, profile }) =>
        kind === 'member' && profile.active && profile.license === 'view only' && !profile.admin,
    )?.profile.email ?? '';

  const variables = (hostId: string): Variables => ({
    BATON_CLIENT_ID: sandbox.conductorOne.clientId,
    BATON_CLIENT_SECRET: sandbox.conductorOne.clientSecret,
    BATON_TOKEN: sandbox.tokens.serviceAccount,
    BATON_USE_SERVICE_ACCOUNT: 'true',
    BATON_USE_SCIM_API: 'true',
    BATON_PROVISIONING: 'true',
    BATON_ALLOW_DEPROVISION: 'true',
    BATON_HOST_ID: hostId,
    ASANA_API_URL: sandbox.asanaUrl,
    SSL_CERT_FILE: sandbox.conductorOne.caFile,
  });

  /** Waits until a task has ended; fails if the program exits first. */
  const untilEnded = (child: Child, id: string) =>
    child.until(`the end of ${id}`, async () => (await taskOf(id)).result);

  for (const { order, changed, annotation } of [
    {
      order: (user: string) => ({ type: 'grant', entitlement: 'enterprise', user }),
      changed: (email: string) => sandbox.state.personByEmail(email)?.profile.license === 'enterprise',
      annotation: 'GrantAlreadyExists',
    },
    {
      order: (user: string) => ({ type: 'revoke', entitlement: 'view only', user }),
      changed: (email: string) => sandbox.state.personByEmail(email)?.profile.active === false,
      annotation: 'GrantAlreadyRevoked',
    },
  ]) {
    it(`succeeds with ${annotation} when ConductorOne gives it to the next process`, async () => {
      await using folder = await Folder.make(program.main);
      const first = new Child(folder, variables(`first-${annotation}`));
      const sync = await conductorOne<ShownTask>('POST', '/tasks', { type: 'syncFull' });
      assert.equal((await untilEnded(first, sync.id)).codeName, 'OK');
      await conductorOne('POST', '/faults', {
        match: { call: 'FinishTask', times: 0 },
        effect: { code: 'Unavailable' },
      });
      const email = emailOfViewOnly();
      const { id } = await conductorOne<ShownTask>('POST', '/tasks', order(email));
      await first.until('the change in Asana', () => (changed(email) ? true : null));
      first.kill('SIGKILL');
      await first.end();
      await conductorOne('DELETE', '/faults');
      const second = new Child(folder, variables(`second-${annotation}`));
      const { codeName, message, annotations } = await untilEnded(second, id);
      second.kill('SIGTERM');
      assert.equal((await second.end()).code, 0);
      assert.equal(codeName, 'OK', message);
      assert.deepEqual(
        annotations.map((packed) => packed['@type'].replace(/.*\./, '')),
        [annotation],
      );
      assert.deepEqual(new Set((await taskOf(id)).leasedTo).size, 2);
    });
  }
});
