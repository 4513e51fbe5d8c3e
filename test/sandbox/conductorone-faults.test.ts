import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { control, sandboxFor } from './asking.ts';
import { connect, goodHello, never, refusalOf, registeredClient } from './tenant-client.ts';
import { fileOf, takeSync, uploadOf } from './uploading.ts';

suite('a fault of the simulated ConductorOne', () => {
  test('with a gRPC code fails as many calls of its kind as it names, and no others', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    const fault = {
      match: { call: 'GetTask', times: 2 },
      effect: { code: 'Unavailable', message: 'back soon' },
    };
    const { status } = await control(sandbox, 'POST', '/conductorone/faults', fault);
    assert.equal(status, 201);
    assert.equal(await refusalOf(client.hello(goodHello)), 'no refusal');
    assert.equal(await refusalOf(client.getTask({ hostId: 'host-1' })), 'Unavailable back soon');
    assert.equal(await refusalOf(client.getTask({ hostId: 'host-1' })), 'Unavailable back soon');
    assert.equal(await refusalOf(client.getTask({ hostId: 'host-1' })), 'no refusal');
    const { json } = await control(sandbox, 'GET', '/conductorone/faults');
    assert.equal(json.at('faults', 0, 'hits').value, 2);
  });

  test('with cutAtPiece ends an upload at that piece without a status, and the upload is discarded', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    sandbox.conductorOne.faults.add({ match: { call: 'UploadAsset' }, effect: { cutAtPiece: 1 } });
    const task = await takeSync(sandbox, client);
    const file = await fileOf();
    assert.match(
      await refusalOf(client.uploadAsset(uploadOf(task.id, file))),
      /^Internal .*closed with error code/i,
    );
    assert.deepEqual(sandbox.conductorOne.uploads.list(), []);
    assert.equal(await refusalOf(client.uploadAsset(uploadOf(task.id, file))), 'no refusal');
  });

  test('with html answers like a gateway, with HTTP 502', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    sandbox.conductorOne.faults.add({ match: { call: 'Heartbeat' }, effect: { html: true } });
    const refusal = await refusalOf(client.heartbeat({ hostId: 'host-1', taskId: 'a'.repeat(27) }));
    assert.match(refusal, /^Unavailable HTTP 502/);
  });

  test('on the token request disconnects the client: a status, HTML or a reset connection', async () => {
    const sandbox = await sandboxFor();
    const { faults } = sandbox.conductorOne;
    for (const effect of [{ status: 503 }, { html: true, status: 200 }, { reset: true }]) {
      faults.clear();
      faults.add({ match: { call: 'Token', times: 0 }, effect });
      const { client } = connect(sandbox);
      await assert.rejects(client.getTask(never), { code: 'Disconnected' }, JSON.stringify(effect));
    }
  });

  test('with loseAnswer carries the call out although its answer is lost', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    const task = await takeSync(sandbox, client);
    sandbox.conductorOne.faults.add({ match: { call: 'FinishTask' }, effect: { loseAnswer: true } });
    const finish = () =>
      refusalOf(
        client.finishTask({
          hostId: 'host-1',
          taskId: task.id,
          status: { code: 1, message: 'gave up' },
          finalState: { case: 'error', value: {} },
        }),
      );
    assert.match(await finish(), /^Internal/);
    assert.equal(task.state, 'failed');
    assert.match(await finish(), /^FailedPrecondition task_id: the task is over/);
  });

  test('with delayMs holds the answer back, and closing the sandbox does not wait for it', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    sandbox.conductorOne.faults.add({ match: { call: 'GetTask', nth: 2 }, effect: { delayMs: 600_000 } });
    assert.equal(await refusalOf(client.getTask({ hostId: 'host-1' })), 'no refusal');
    const held = refusalOf(client.getTask({ hostId: 'host-1' }, { timeoutMs: 100 }));
    assert.match(await held, /^DeadlineExceeded/);
    await sandbox.close();
  });

  test('is removed by its id, or together with all others', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    const fault = { match: {}, effect: { code: 'Internal' } };
    const { json } = await control(sandbox, 'POST', '/conductorone/faults', [fault, fault]);
    const ids = json.at('ids').list();
    assert.equal(
      (await control(sandbox, 'DELETE', `/conductorone/faults/${String(ids[0]?.value)}`)).status,
      204,
    );
    assert.equal(
      (await control(sandbox, 'DELETE', `/conductorone/faults/${String(ids[0]?.value)}`)).status,
      404,
    );
    assert.equal((await control(sandbox, 'DELETE', '/conductorone/faults')).status, 204);
    assert.equal(await refusalOf(client.getTask({ hostId: 'host-1' })), 'no refusal');
  });

  test('is refused with 400 if a part of it is missing, unknown or does not fit its call', async () => {
    const sandbox = await sandboxFor();
    for (const fault of [
      { match: { call: 'GetTasks' }, effect: {} },
      { match: {}, effect: { code: 'Sad' } },
      { match: {}, effect: { colour: 'red' } },
      { match: { call: 'Token' }, effect: { code: 'Internal' } },
      { match: {}, effect: { cutAtPiece: 1 } },
      { effect: {} },
    ]) {
      assert.equal(
        (await control(sandbox, 'POST', '/conductorone/faults', fault)).status,
        400,
        JSON.stringify(fault),
      );
    }
  });
});
