import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import { AsanaError } from '../../src/asana/errors.ts';
import { principalOf } from '../../src/conductorone/account-resource.ts';
import { licenseOffer, teamOffer } from '../../src/conductorone/entitlements.ts';
import { GrantReplacedSchema } from '../../src/conductorone/generated/c1/connector/v2/annotation_pb.ts';
import {
  GrantManagerServiceGrantResponseSchema,
  GrantManagerServiceRevokeResponseSchema,
} from '../../src/conductorone/generated/c1/connector/v2/grant_pb.ts';
import { CreateAccountResponseSchema } from '../../src/conductorone/generated/c1/connector/v2/resource_pb.ts';
import type {
  BatonServiceFinishTaskRequest,
  Task_CreateAccountTaskSchema,
} from '../../src/conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import { grantOf } from '../../src/conductorone/grants.ts';
import { StoppedError } from '../../src/core/errors.ts';
import { RefusedError } from '../../src/provisioning/refusal.ts';
import { account, acme, team } from './directories.ts';
import { never, serve } from './serving.ts';
import { refuse } from './tenant.ts';

const ada = account('905');
const principal = principalOf(ada, acme.gid);
const { entitlements: teamRights } = teamOffer(team('501'));
const { holder: enterprise } = licenseOffer('Enterprise').entitlements;
const { holder: viewOnly } = licenseOffer('ViewOnly').entitlements;

/** Returns the response of a Success, which must have the given type, and the type names of its annotations. */
function answerIn<Desc extends DescMessage>(
  { status, finalState }: BatonServiceFinishTaskRequest,
  schema: Desc,
): { readonly response: MessageShape<Desc>; readonly annotations: string[] } {
  assert.equal(status, undefined);
  assert.ok(finalState.case === 'success' && finalState.value.response);
  assert.equal(finalState.value.response.typeUrl, `type.googleapis.com/${schema.typeName}`);
  const response = anyUnpack(finalState.value.response, schema);
  assert.ok(response);
  const annotations = finalState.value.annotations.map(({ typeUrl }) => typeUrl.replace(/.*\./, ''));
  return { response, annotations };
}

suite('a grant task', () => {
  test('for an enterprise license returns the new grant and the ID of the grant that it replaces', async (t) => {
    const { conductor, host } = await serve(t);
    const id = conductor.give({ case: 'grant', value: { entitlement: enterprise, principal } });
    const end = await conductor.end(id);
    assert.deepEqual(host.requests, [
      {
        request: { wish: { type: 'License', license: 'Enterprise' }, want: 'Give', user: { gid: '905' } },
        taskId: id,
      },
    ]);
    const { response, annotations } = answerIn(end, GrantManagerServiceGrantResponseSchema);
    assert.deepEqual(annotations, ['GrantReplaced']);
    const [replaced] = response.annotations;
    assert.equal(replaced && anyUnpack(replaced, GrantReplacedSchema)?.replacedGrantId, 'view only:905');
    assert.deepEqual(response.grants, [grantOf(enterprise, principal)], 'as the next sync shows it');
    assert.equal(response.grants[0]?.id, 'enterprise:905');
  });

  test('for a team returns a grant whose resource is the team', async (t) => {
    const { conductor, host } = await serve(t);
    const entitlement = teamRights['Team Member'];
    const end = await conductor.end(conductor.give({ case: 'grant', value: { entitlement, principal } }));
    assert.deepEqual(host.requests[0]?.request, {
      wish: { type: 'Team', team: { gid: '501' } },
      want: 'Give',
      user: { gid: '905' },
    });
    const { response, annotations } = answerIn(end, GrantManagerServiceGrantResponseSchema);
    assert.deepEqual(annotations, []);
    const [grant] = response.grants;
    assert.equal(grant?.id, 'team:501:Team Member:user:905');
    assert.deepEqual(
      [grant.entitlement?.resource?.id?.resourceType, grant.entitlement?.resource?.id?.resource],
      ['team', '501'],
    );
    assert.equal(grant.principal?.id?.resource, '905');
  });

  test('returns the complete entitlement if the task contains only its ID', async (t) => {
    const { conductor } = await serve(t);
    const value = {
      entitlement: { id: 'view only' },
      principal: { id: { resourceType: 'user', resource: '905' } },
    };
    const end = await conductor.end(conductor.give({ case: 'grant', value }));
    const { response } = answerIn(end, GrantManagerServiceGrantResponseSchema);
    const resource = response.grants[0]?.entitlement?.resource?.id;
    assert.deepEqual([resource?.resourceType, resource?.resource], ['license', 'view only']);
  });

  test('succeeds with GrantAlreadyExists, in the response and beside it, if the access exists already', async (t) => {
    const { conductor, host } = await serve(t);
    host.outcome = async () => ({ changed: false, account: ada });
    const end = await conductor.end(
      conductor.give({ case: 'grant', value: { entitlement: enterprise, principal } }),
    );
    const { response, annotations } = answerIn(end, GrantManagerServiceGrantResponseSchema);
    assert.deepEqual(annotations, ['GrantAlreadyExists']);
    assert.deepEqual(
      response.annotations.map(({ typeUrl }) => typeUrl),
      ['type.googleapis.com/c1.connector.v2.GrantAlreadyExists'],
    );
    assert.equal(response.grants.length, 1);
  });
});

suite('a revoke task', () => {
  test('uses the entitlement and principal of its grant instead of the ID, and returns no annotations', async (t) => {
    const { conductor, host } = await serve(t);
    host.outcome = async () => ({ changed: true, account: null });
    const grant = { ...grantOf(viewOnly, principal), id: 'some: other id' };
    const end = await conductor.end(conductor.give({ case: 'revoke', value: { grant } }));
    assert.deepEqual(host.requests[0]?.request, {
      wish: { type: 'License', license: 'ViewOnly' },
      want: 'Take',
      user: { gid: '905' },
    });
    const { response, annotations } = answerIn(end, GrantManagerServiceRevokeResponseSchema);
    assert.deepEqual([annotations, response.annotations], [[], []]);
  });

  test('succeeds with GrantAlreadyRevoked, in the response and beside it, if the access is gone already', async (t) => {
    const { conductor, host } = await serve(t);
    host.outcome = async () => ({ changed: false, account: null });
    const grant = { id: 'team:501:Team Member:user:905' };
    const end = await conductor.end(conductor.give({ case: 'revoke', value: { grant } }));
    const { response, annotations } = answerIn(end, GrantManagerServiceRevokeResponseSchema);
    assert.deepEqual(annotations, ['GrantAlreadyRevoked']);
    assert.deepEqual(
      response.annotations.map(({ typeUrl }) => typeUrl),
      ['type.googleapis.com/c1.connector.v2.GrantAlreadyRevoked'],
    );
    assert.deepEqual(host.requests[0]?.request, {
      wish: { type: 'Team', team: { gid: '501' } },
      want: 'Take',
      user: { gid: '905' },
    });
  });
});

suite('a create-account task', () => {
  const task = {
    accountInfo: { profile: { email: 'User905@acme.com', first_name: 'Ada' }, login: 'ada' },
    credentialOptions: { options: { case: 'randomPassword', value: {} } },
  } satisfies MessageInitShape<typeof Task_CreateAccountTaskSchema>;

  for (const { changed, ending } of [
    { changed: true, ending: 'success' },
    { changed: false, ending: 'alreadyExists' },
  ]) {
    test(`returns ${ending} with the account if it ${changed ? 'was created' : 'existed already'}`, async (t) => {
      const { conductor, host } = await serve(t);
      host.outcome = async () => ({ changed, account: ada });
      const end = await conductor.end(conductor.give({ case: 'createAccount', value: task }));
      assert.deepEqual(host.requests[0]?.request, {
        wish: { type: 'Account', workspace: null },
        want: 'Give',
        user: { email: 'user905@acme.com', name: 'Ada' },
      });
      const { result } = answerIn(end, CreateAccountResponseSchema).response;
      assert.ok(result.case === ending && result.value);
      assert.equal(result.value.isCreateAccountResult, true);
      assert.deepEqual(result.value.resource?.id, principal.id);
      assert.ok(
        result.value.resource?.annotations.some(({ typeUrl }) => typeUrl.endsWith('.UserTrait')),
        'readers reject a user without its trait',
      );
    });
  }

  test('returns inProgress while Asana does not show the account', async (t) => {
    const { conductor, host } = await serve(t);
    host.outcome = async () => ({ changed: true, account: null });
    const end = await conductor.end(conductor.give({ case: 'createAccount', value: task }));
    const { result } = answerIn(end, CreateAccountResponseSchema).response;
    assert.deepEqual([result.case, result.value?.isCreateAccountResult], ['inProgress', true]);
  });

  test('for another resource type is rejected with InvalidArgument', async (t) => {
    const { conductor, host } = await serve(t);
    const value = { ...task, resourceTypeId: 'team' };
    const { status } = await conductor.end(conductor.give({ case: 'createAccount', value }));
    assert.equal(status?.code, Code.InvalidArgument);
    assert.deepEqual(host.requests, []);
  });
});

suite('a provisioning task', () => {
  const give = { case: 'grant' as const, value: { entitlement: enterprise, principal } };

  for (const { taskType, error, code, because } of [
    {
      taskType: give,
      error: new RefusedError('StillDeclared', 'iga/alice declares ViewOnly.'),
      code: Code.FailedPrecondition,
      because: 'a grant declares another right',
    },
    {
      taskType: give,
      error: new RefusedError('AccountNotFound', 'There is no account 905.'),
      code: Code.NotFound,
      because: 'the account does not exist',
    },
    {
      taskType: give,
      error: new AsanaError('Forbidden', 'The token may not do this.', { surface: 'scim' }),
      code: Code.PermissionDenied,
      because: 'Asana answers 403',
    },
    { taskType: give, error: new Error('canary'), code: Code.Unknown, because: 'an unexpected error occurs' },
    {
      taskType: { case: 'grant' as const, value: { entitlement: teamRights.Admin, principal } },
      error: null,
      code: Code.FailedPrecondition,
      because: 'no API can grant the role',
    },
    {
      taskType: { case: 'grant' as const, value: {} },
      error: null,
      code: Code.NotFound,
      because: 'it names no entitlement',
    },
    {
      taskType: { case: 'revoke' as const, value: {} },
      error: null,
      code: Code.NotFound,
      because: 'it names no grant',
    },
    {
      taskType: { case: 'createAccount' as const, value: {} },
      error: null,
      code: Code.InvalidArgument,
      because: 'it names no address',
    },
  ]) {
    test(`fails with ${Code[code]} and is not retryable if ${because}`, async (t) => {
      const { conductor, host } = await serve(t);
      host.outcome = async () => {
        throw error ?? new Error('nobody should have asked');
      };
      const { status, finalState } = await conductor.end(conductor.give(taskType));
      assert.equal(status?.code, code);
      assert.ok(finalState.case === 'error' && finalState.value.nonRetryable);
      if (code === Code.Unknown) assert.ok(!status.message.includes('canary'));
      else if (error) assert.equal(status.message, error.message);
      else assert.deepEqual(host.requests, []);
      host.outcome = async () => ({ changed: true, account: ada });
      const next = await conductor.end(conductor.give(give));
      assert.equal(next.finalState.case, 'success', 'the task loop continues');
    });
  }

  for (const taskType of [
    give,
    { case: 'revoke' as const, value: { grant: { id: 'enterprise:905' } } },
    { case: 'createAccount' as const, value: { accountInfo: { login: 'a@acme.com' } } },
  ]) {
    test(`of the type ${taskType.case} is refused with FailedPrecondition if provisioning is disabled`, async (t) => {
      const { conductor, host } = await serve(t, { settings: { provision: false } });
      const { status, finalState } = await conductor.end(conductor.give(taskType));
      assert.equal(status?.code, Code.FailedPrecondition);
      assert.match(status.message, /conductorOne\.provision/);
      assert.ok(finalState.case === 'error' && finalState.value.nonRetryable);
      assert.deepEqual(host.requests, []);
    });
  }

  test('is not finished after the lease is lost, so that the next leader receives it', async (t) => {
    const { conductor, host } = await serve(t);
    host.outcome = async () => {
      throw new StoppedError('This process is not the leader any more.');
    };
    const stopped = conductor.give(give);
    await conductor.until('the task', () => host.requests.length === 1);
    host.outcome = async () => ({ changed: true, account: ada });
    await conductor.end(conductor.give(give));
    assert.ok(conductor.finished.every(({ taskId }) => taskId !== stopped));
  });

  test('sends heartbeats while it waits for Asana, and continues if they fail', async (t) => {
    let failing = false;
    let failures = 0;
    const { conductor, host } = await serve(t, {
      baton: ({ baton }) => ({
        heartbeat: (request, context) => {
          if (!failing) return baton.heartbeat(request, context);
          failures += 1;
          throw refuse(Code.Unavailable);
        },
      }),
    });
    const go = Promise.withResolvers<void>();
    host.outcome = async () => {
      await go.promise;
      return { changed: true, account: ada };
    };
    const id = conductor.give(give);
    await conductor.until('three heartbeats', () => conductor.heartbeats.length >= 3);
    assert.ok(conductor.heartbeats.every((taskId) => taskId === id));
    failing = true;
    await conductor.until('eleven failures', () => failures >= 11);
    go.resolve();
    assert.equal((await conductor.end(id)).finalState.case, 'success');
  });

  test('is completed and finished with its own result if it is canceled while in progress', async (t) => {
    const { conductor, host } = await serve(t);
    const go = Promise.withResolvers<void>();
    host.outcome = async (_, signal) => {
      await Promise.race([go.promise, never(signal)]);
      return { changed: true, account: ada };
    };
    const id = conductor.newId();
    conductor.cancelled.add(id);
    conductor.give(give, id);
    await conductor.until('the heartbeat', () => conductor.heartbeats.includes(id));
    // If the change had been abandoned, its result would be reported before that of the next task.
    await conductor.end(conductor.give({ case: 'listEventFeeds', value: {} }));
    assert.ok(conductor.finished.every(({ taskId }) => taskId !== id));
    go.resolve();
    assert.equal((await conductor.end(id)).finalState.case, 'success');
  });
});
