import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Client } from '@connectrpc/connect';
import type { BatonService } from '../../src/conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { account, snapshotOf } from '../conductorone/directories.ts';
import { control, type Reply, sandboxFor } from './asking.ts';
import { goodHello, rawConnection, refusalOf, registeredClient } from './tenant-client.ts';
import { fileOf, syncWith } from './uploading.ts';

interface Synced {
  readonly sandbox: Sandbox;
  readonly client: Client<typeof BatonService>;
  readonly ask: (method: string, path: string, body?: unknown) => Promise<Reply>;
}

/** Returns a tenant that has had one sync. */
async function synced(): Promise<Synced> {
  const sandbox = await sandboxFor();
  const client = await registeredClient(sandbox);
  await syncWith(sandbox, client, await fileOf());
  return {
    sandbox,
    client,
    ask: (method, path, body) => control(sandbox, method, `/conductorone${path}`, body),
  };
}

suite('GET /conductorone/state', () => {
  test('shows each instance with its Hello, capabilities and account schema, the last upload and the queue', async () => {
    const { ask } = await synced();
    await ask('POST', '/tasks', { type: 'hello' });
    const { json } = await ask('GET', '/state');
    const instance = json.at('instances', 0);
    assert.equal(instance.at('hostId').value, 'host-1');
    assert.equal(instance.at('connected').value, true);
    assert.match(instance.at('lastSeenAt').text(), /^\d{4}-\d\d-\d\dT/);
    const metadata = instance.at('hello', 'connectorMetadata');
    assert.equal(metadata.at('displayName').value, 'Asana');
    assert.deepEqual(metadata.at('capabilities', 'connectorCapabilities').value, [
      'CAPABILITY_PROVISION',
      'CAPABILITY_SYNC',
      'CAPABILITY_ACCOUNT_PROVISIONING',
    ]);
    assert.equal(metadata.at('accountCreationSchema', 'fieldMap', 'email', 'required').value, true);
    assert.equal(json.at('lastUpload', 'state').value, 'current');
    assert.deepEqual(json.at('tasks').value, { succeeded: 1, pending: 1 });
  });
});

suite('/conductorone/tasks', () => {
  test('POST creates a grant task from the last upload, for a user named by email or gid', async () => {
    const { ask, client } = await synced();
    for (const user of ['ada@ACME.com', '905']) {
      const { status, json } = await ask('POST', '/tasks', { type: 'grant', entitlement: 'view only', user });
      assert.equal(status, 201);
      const { task } = await client.getTask({ hostId: 'host-1' });
      assert.equal(task?.id, json.at('id').text());
      assert.ok(task.taskType.case === 'grant');
      const { entitlement, principal } = task.taskType.value;
      assert.equal(entitlement?.displayName, 'View Only License Assignment');
      assert.deepEqual([principal?.id?.resource, principal?.displayName], ['905', 'User 905']);
      assert.equal(principal?.annotations.length, 2, 'the principal is complete');
    }
  });

  test('POST creates a revocation task from a grant of the last upload', async () => {
    const { ask, client } = await synced();
    await ask('POST', '/tasks', { type: 'revoke', entitlement: 'team:501:Team Member', user: '905' });
    const { task } = await client.getTask({ hostId: 'host-1' });
    assert.ok(task?.taskType.case === 'revoke');
    assert.equal(task.taskType.value.grant?.id, 'team:501:Team Member:user:905');
  });

  test('POST creates an account task with the given profile and without a password', async () => {
    const { ask, client } = await synced();
    const profile = { email: 'new@acme.com', first_name: 'New' };
    await ask('POST', '/tasks', {
      type: 'createAccount',
      email: 'new@acme.com',
      profile,
      resourceType: 'user',
    });
    const { task } = await client.getTask({ hostId: 'host-1' });
    assert.ok(task?.taskType.case === 'createAccount');
    const { accountInfo, credentialOptions, resourceTypeId } = task.taskType.value;
    assert.deepEqual(accountInfo?.profile, profile);
    assert.deepEqual(
      accountInfo.emails.map(({ address, isPrimary }) => [address, isPrimary]),
      [['new@acme.com', true]],
    );
    assert.equal(accountInfo.login, 'new@acme.com');
    assert.equal(credentialOptions?.options.case, 'noPassword');
    assert.equal(resourceTypeId, 'user');
  });

  test('POST passes the options of a sync on to its task', async () => {
    const { ask, client } = await synced();
    await ask('POST', '/tasks', {
      type: 'syncFull',
      debug: true,
      skipExpandGrants: true,
      skipGrants: true,
      resources: ['license:view only'],
      resourceTypes: ['license'],
      storageEngine: 'pebble',
    });
    const { task } = await client.getTask({ hostId: 'host-1' });
    assert.ok(task?.taskType.case === 'syncFull' && task.debug);
    const { value } = task.taskType;
    assert.deepEqual(
      [value.skipExpandGrants, value.skipGrants, value.skipEntitlementsAndGrants, value.storageEngine],
      [true, true, false, 'pebble'],
    );
    assert.deepEqual(value.syncResourceTypeIds, ['license']);
    assert.deepEqual(
      value.targetedSyncResources.map(({ id }) => id?.resource),
      ['view only'],
    );
  });

  test('POST accepts a raw task in protobuf JSON, even if it names unknown objects', async () => {
    const { ask, client } = await synced();
    const principal = { id: { resourceType: 'user', resource: 'nobody' } };
    await ask('POST', '/tasks', { type: 'raw', task: { grant: { entitlement: { id: 'gone' }, principal } } });
    const { task } = await client.getTask({ hostId: 'host-1' });
    assert.ok(task?.taskType.case === 'grant');
    assert.equal(task.taskType.value.entitlement?.id, 'gone');
  });

  test('POST refuses an invalid task with 400, and the error names the cause', async () => {
    const { ask } = await synced();
    const fresh = await sandboxFor();
    const cases: readonly (readonly [order: unknown, says: RegExp])[] = [
      [{ type: 'dance' }, /^type: /],
      [{}, /^type: |required/],
      [{ type: 'hello', more: 1 }, /more: there is no such member/],
      [{ type: 'grant', entitlement: 'enterprise' }, /user/],
      [{ type: 'grant', entitlement: 'enterprise', user: 'nobody@acme.com' }, /^user: is nobody/],
      [{ type: 'grant', entitlement: 'platinum', user: '905' }, /^entitlement: is not in the last upload/],
      [{ type: 'revoke', entitlement: 'view only', user: '905' }, /^entitlement: is not granted/],
      [{ type: 'syncFull', resources: ['team'] }, /^resources: must look like team:501/],
      [{ type: 'raw', task: { grant: 5 } }, /^task: must be a Task in protobuf JSON/],
      [{ type: 'unknown', field: 103 }, /^field: /],
    ];
    for (const [order, says] of cases) {
      const { status, json } = await ask('POST', '/tasks', order);
      assert.equal(status, 400, JSON.stringify(order));
      assert.match(json.at('error').text(), says);
    }
    const early = await control(fresh, 'POST', '/conductorone/tasks', {
      type: 'grant',
      entitlement: 'enterprise',
      user: '905',
    });
    assert.match(early.json.at('error').text(), /nothing has been uploaded yet/);
  });

  test('GET shows all tasks or one of them, with result code, message and annotations', async () => {
    const { ask, client } = await synced();
    const { json } = await ask('POST', '/tasks', { type: 'createAccount', email: 'x@acme.com' });
    const id = json.at('id').text();
    await client.getTask({ hostId: 'host-1' });
    await client.finishTask({
      hostId: 'host-1',
      taskId: id,
      status: { code: 9, message: 'no workspace' },
      finalState: {
        case: 'error',
        value: { nonRetryable: true, annotations: [{ typeUrl: 'type.googleapis.com/x' }] },
      },
    });
    const one = (await ask('GET', `/tasks/${id}`)).json;
    assert.equal(one.at('state').value, 'failed');
    const { nonRetryable, code, codeName, message, annotations } = Object(one.at('result').value);
    assert.deepEqual(
      [nonRetryable, code, codeName, message],
      [true, 9, 'FailedPrecondition', 'no workspace'],
    );
    assert.deepEqual(annotations, [{ '@type': 'type.googleapis.com/x', bytes: '' }]);
    assert.equal(one.at('task', 'createAccount', 'accountInfo', 'login').value, 'x@acme.com');
    const all = (await ask('GET', '/tasks')).json.at('tasks').list();
    assert.deepEqual(
      all.map((task) => task.at('type').value),
      ['syncFull', 'createAccount'],
    );
    assert.equal((await ask('GET', '/tasks/nothing')).status, 404);
  });

  test('DELETE cancels a task, and answers 409 if it is over already and 404 if it is unknown', async () => {
    const { ask } = await synced();
    const { json } = await ask('POST', '/tasks', { type: 'syncFull' });
    const path = `/tasks/${json.at('id').text()}`;
    assert.equal((await ask('DELETE', path)).json.at('state').value, 'cancelled');
    assert.equal((await ask('DELETE', path)).status, 409);
    assert.equal((await ask('DELETE', '/tasks/nothing')).status, 404);
  });
});

suite('/conductorone/uploads', () => {
  test('GET shows each upload with its counts, hash, size and time', async () => {
    const { ask, sandbox } = await synced();
    const shown = (await ask('GET', '/uploads')).json.at('uploads', 0);
    assert.match(shown.at('sha256').text(), /^[0-9a-f]{64}$/);
    assert.match(shown.at('at').text(), /^\d{4}-\d\d-\d\dT/);
    assert.equal(shown.at('counts', 'resources', 'user').value, 2);
    assert.equal(shown.at('counts', 'grants').value, 6);
    assert.ok(Number(shown.at('checkMs').value) > 0);
    assert.equal(shown.at('bytes').value, sandbox.conductorOne.uploads.list()[0]?.bytes);
  });

  test('POST …/accept makes a held upload current, and answers 404 the second time', async () => {
    const { ask, sandbox, client } = await synced();
    const people = Array.from({ length: 8 }, (_, index) => account(String(900 + index)));
    await syncWith(sandbox, client, await fileOf(snapshotOf(people)));
    await syncWith(sandbox, client, await fileOf(snapshotOf([])));
    const held = (await ask('GET', '/uploads')).json.at('uploads').list().at(-1);
    assert.equal(held?.at('state').value, 'held');
    const path = `/uploads/${String(held.at('id').value)}/accept`;
    assert.equal((await ask('POST', path)).status, 204);
    assert.equal((await ask('POST', path)).status, 404);
    assert.deepEqual((await ask('GET', '/accounts')).json.at('accounts').value, []);
  });
});

suite('the views of the last upload', () => {
  test('answer 404 before the first upload', async () => {
    const sandbox = await sandboxFor();
    for (const path of ['accounts', 'entitlements', 'grants', 'resource-types']) {
      assert.equal((await control(sandbox, 'GET', `/conductorone/${path}`)).status, 404, path);
    }
  });

  test('GET /accounts shows accounts with status, type, profile and entitlements', async () => {
    const { ask } = await synced();
    const all = (await ask('GET', '/accounts')).json.at('accounts').list();
    assert.deepEqual(
      all.map((one) => one.at('id').value),
      ['905', '906'],
    );
    const { accounts } = Object((await ask('GET', '/accounts?user=ada@acme.com')).json.value);
    assert.deepEqual(accounts, [
      {
        id: '905',
        displayName: 'User 905',
        email: 'Ada@acme.com',
        login: 'user905@acme.com',
        status: 'enabled',
        type: 'human',
        parent: 'workspace:1200',
        profile: {
          active: true,
          first_name: 'User',
          last_name: '905',
          login: 'user905@acme.com',
          name: 'User 905',
          user_id: '905',
          user_type: 'enterprise',
        },
        entitlements: ['enterprise', 'workspace:1200:Member', 'team:501:Team Member', 'team:501:Admin'],
      },
    ]);
    assert.deepEqual((await ask('GET', '/accounts?user=nobody')).json.at('accounts').value, []);
  });

  test('GET /entitlements shows entitlements, by id or by resource, with the number of holders', async () => {
    const { ask } = await synced();
    assert.equal((await ask('GET', '/entitlements')).json.at('entitlements').list().length, 9);
    const ofTeam = (await ask('GET', '/entitlements?resource=team:501')).json.at('entitlements').list();
    assert.deepEqual(
      ofTeam.map((one) => [one.at('slug').value, one.at('immutable').value, one.at('holders').value]),
      [
        ['Team Member', false, 1],
        ['Admin', true, 1],
        ['Guest', true, 0],
        ['Limited Access', true, 0],
      ],
    );
    const [license] = (await ask('GET', '/entitlements?id=view%20only')).json.at('entitlements').list();
    assert.equal(license?.at('purpose').value, 'assignment');
    assert.equal(license.at('resource').value, 'license:view only');
  });

  test('GET /grants shows grants, by user or by entitlement, and refuses an unknown filter', async () => {
    const { ask } = await synced();
    const idsOf = async (query: string) =>
      (await ask('GET', `/grants${query}`)).json
        .at('grants')
        .list()
        .map((grant) => grant.at('id').value);
    assert.equal((await idsOf('')).length, 6);
    assert.deepEqual(await idsOf('?entitlement=enterprise'), ['enterprise:905']);
    assert.deepEqual(await idsOf('?user=user906@acme.com'), [
      'workspace:1200:Member:user:906',
      'view only:906',
    ]);
    assert.deepEqual(await idsOf('?user=906&entitlement=view%20only'), ['view only:906']);
    assert.deepEqual(await idsOf('?user=nobody'), []);
    assert.equal((await ask('GET', '/grants?who=906')).status, 400);
  });

  test('GET /resource-types shows resource types with their traits', async () => {
    const { ask } = await synced();
    const types = (await ask('GET', '/resource-types')).json.at('resourceTypes').list();
    assert.deepEqual(
      types.map((type) => [type.at('id').value, type.at('traits', 0).value]),
      [
        ['license', 'role'],
        ['team', 'group'],
        ['user', 'user'],
        ['workspace', 'group'],
      ],
    );
  });
});

suite('/conductorone/settings', () => {
  test('GET shows the settings, and POST changes them but refuses unknown or invalid ones', async () => {
    const { ask } = await synced();
    assert.equal((await ask('GET', '/settings')).json.at('leaseMs').value, 180_000);
    assert.equal((await ask('POST', '/settings', { leaseMs: 5 })).json.at('leaseMs').value, 5);
    assert.equal((await ask('POST', '/settings', { leaseMs: 7, more: true })).status, 400);
    assert.equal((await ask('POST', '/settings', { leaseMs: 0 })).status, 400);
    assert.equal((await ask('GET', '/settings')).json.at('leaseMs').value, 5);
  });
});

suite('GET /conductorone/calls', () => {
  test('shows the calls after a position, with the reason if one was refused', async () => {
    const { ask, client } = await synced();
    const before = (await ask('GET', '/calls')).json.at('calls').list();
    assert.deepEqual(
      before.map((one) => one.at('call').value),
      ['Hello', 'GetTask', 'UploadAsset', 'FinishTask'],
    );
    await refusalOf(client.getTask({ hostId: '' }));
    const [refused, ...more] = (await ask('GET', `/calls?since=${before.length}`)).json.at('calls').list();
    assert.deepEqual(more, []);
    assert.equal(refused?.at('outcome').value, 'InvalidArgument');
    assert.match(refused.at('reason').text(), /^host_id: must have/);
  });
});

suite('DELETE /conductorone/connections', () => {
  test('cuts every connection, and the next call opens a new one', async () => {
    const sandbox = await sandboxFor();
    const { conductorOne } = sandbox;
    const callers = ['host-1', 'host-2'].map((hostId) => ({
      ...rawConnection(sandbox, conductorOne.issueToken()),
      hostId,
    }));
    for (const { client, hostId } of callers) await client.hello({ ...goodHello, hostId });
    assert.equal((await control(sandbox, 'DELETE', '/conductorone/connections')).status, 204);
    const deadline = performance.now() + 10_000;
    for (const { client, sessions, hostId } of callers) {
      // A cut connection is `closed`, or `error` if it was reset.
      while (!['closed', 'error'].includes(sessions.state())) {
        assert.ok(performance.now() < deadline, `the connection of ${hostId} is ${sessions.state()}`);
        await systemClock.sleep(1);
      }
      assert.equal(await refusalOf(client.getTask({ hostId })), 'no refusal');
    }
  });
});
