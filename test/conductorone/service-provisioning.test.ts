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
  test('for an enterprise license is carried out, and answered with the grant and the one it replaces', async (t) => {
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

  test('for a team is answered with a grant that is built on the team', async (t) => {
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

  test('that names its entitlement by the id alone is answered with the whole of it', async (t) => {
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

  test('for what is so already is a success with GrantAlreadyExists, in the answer and beside it', async (t) => {
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
  test('is carried out for the parts of its grant, and answered without annotations', async (t) => {
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

  test('for what is gone already is a success with GrantAlreadyRevoked, in the answer and beside it', async (t) => {
    const { conductor, host } = await serve(t);
    host.outcome = async () => ({ changed: false, account: null });
    const grant = { id: 'team:501:Team Member:user:905' };
    const end = await conductor.end(conductor.give({ case: 'revoke', value: { grant } }));
    const { response, annotations } = answerIn(end, GrantManagerServiceRevokeResponseSchema);
    assert.deepEqual(annotations, ['GrantAlreadyRevoked']);
    assert.equal(response.annotations.length, 1);
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
    test(`is answered with ${ending} and the account when it ${changed ? 'was made' : 'was there'}`, async (t) => {
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
        'a user without its trait fails readers',
      );
    });
  }

  test('is answered as in progress while Asana does not show the account', async (t) => {
    const { conductor, host } = await serve(t);
    host.outcome = async () => ({ changed: true, account: null });
    const end = await conductor.end(conductor.give({ case: 'createAccount', value: task }));
    const { result } = answerIn(end, CreateAccountResponseSchema).response;
    assert.deepEqual([result.case, result.value?.isCreateAccountResult], ['inProgress', true]);
  });

  test('for another type of resource is refused', async (t) => {
    const { conductor, host } = await serve(t);
    const value = { ...task, resourceTypeId: 'team' };
    const { status } = await conductor.end(conductor.give({ case: 'createAccount', value }));
    assert.equal(status?.code, Code.InvalidArgument);
    assert.deepEqual(host.requests, []);
  });
});

suite('a task that changes something', () => {
  const give = { case: 'grant' as const, value: { entitlement: enterprise, principal } };

  for (const { taskType, error, code, because } of [
    {
      taskType: give,
      error: new RefusedError('StillDeclared', 'iga/alice declares ViewOnly.'),
      code: Code.FailedPrecondition,
      because: 'it is declared otherwise',
    },
    {
      taskType: give,
      error: new RefusedError('AccountNotFound', 'There is no account 905.'),
      code: Code.NotFound,
      because: 'the account is gone',
    },
    {
      taskType: give,
      error: new AsanaError('Forbidden', 'The token may not do this.', { surface: 'scim' }),
      code: Code.PermissionDenied,
      because: 'Asana answers 403',
    },
    { taskType: give, error: new Error('canary'), code: Code.Unknown, because: 'of a bug' },
    {
      taskType: { case: 'grant' as const, value: { entitlement: teamRights.Admin, principal } },
      error: null,
      code: Code.FailedPrecondition,
      because: 'no API gives the role',
    },
    {
      taskType: { case: 'grant' as const, value: {} },
      error: null,
      code: Code.NotFound,
      because: 'it names nothing',
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
    test(`and fails because ${because} is final, with ${Code[code]} and the reason`, async (t) => {
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
      assert.equal(next.finalState.case, 'success', 'the loop goes on');
    });
  }

  for (const taskType of [
    give,
    { case: 'revoke' as const, value: { grant: { id: 'enterprise:905' } } },
    { case: 'createAccount' as const, value: { accountInfo: { login: 'a@acme.com' } } },
  ]) {
    test(`(${taskType.case}) is refused as FailedPrecondition where provisioning is off`, async (t) => {
      const { conductor, host } = await serve(t, { settings: { provision: false } });
      const { status, finalState } = await conductor.end(conductor.give(taskType));
      assert.equal(status?.code, Code.FailedPrecondition);
      assert.match(status.message, /conductorOne\.provision/);
      assert.ok(finalState.case === 'error' && finalState.value.nonRetryable);
      assert.deepEqual(host.requests, []);
    });
  }

  test('that meets the loss of the lease is not finished: the next leader gets it again', async (t) => {
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

  test('keeps its lease by heartbeats while it waits for Asana, and goes on when they fail', async (t) => {
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

  test('that is cancelled while it is under way is carried out, and finished as what it came to', async (t) => {
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
