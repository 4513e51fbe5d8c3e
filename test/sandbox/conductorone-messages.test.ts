import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { AnySchema, anyPack } from '@bufbuild/protobuf/wkt';
import type { Client } from '@connectrpc/connect';
import {
  GrantAlreadyExistsSchema,
  RawIdSchema,
} from '../../src/conductorone/generated/c1/connector/v2/annotation_pb.ts';
import {
  Capability,
  type ConnectorCapabilities,
  type ConnectorMetadata,
} from '../../src/conductorone/generated/c1/connector/v2/connector_pb.ts';
import {
  GrantManagerServiceGrantResponseSchema,
  GrantManagerServiceRevokeResponseSchema,
} from '../../src/conductorone/generated/c1/connector/v2/grant_pb.ts';
import { CreateAccountResponseSchema } from '../../src/conductorone/generated/c1/connector/v2/resource_pb.ts';
import { UserTraitSchema } from '../../src/conductorone/generated/c1/connector/v2/trait_pb.ts';
import {
  type BatonService,
  type BatonServiceFinishTaskRequestSchema,
  type BatonServiceHelloRequest,
  BatonServiceHelloRequestSchema,
  type BatonServiceHelloRequest_BuildInfo as BuildInfo,
  type BatonServiceHelloRequest_OSInfo as OsInfo,
} from '../../src/conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import { connectorMetadata } from '../../src/conductorone/metadata.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { control, sandboxFor } from './asking.ts';
import { goodHello, refusalOf, registeredClient } from './tenant-client.ts';

type Finish = MessageInitShape<typeof BatonServiceFinishTaskRequestSchema>;
type BatonClient = Client<typeof BatonService>;

const LONG = 'x'.repeat(257);
const UNKNOWN_TASK = 'a'.repeat(27);
const rawId = anyPack(RawIdSchema, create(RawIdSchema, { id: '1' }));
const exists = anyPack(GrantAlreadyExistsSchema, create(GrantAlreadyExistsSchema));

const entitlement = {
  id: 'team:501:Team Member',
  slug: 'Team Member',
  resource: { id: { resourceType: 'team', resource: '501' } },
};
const principal = { id: { resourceType: 'user', resource: '905' } };
const user = {
  id: { resourceType: 'user', resource: '905' },
  annotations: [anyPack(UserTraitSchema, create(UserTraitSchema, { emails: [{ address: 'ada@acme.com' }] }))],
};

/** Enqueues a task and takes it; returns its id. */
async function takeTask(
  sandbox: Sandbox,
  client: BatonClient,
  order: unknown,
  hostId = 'host-1',
): Promise<string> {
  const { status, json } = await control(sandbox, 'POST', '/conductorone/tasks', order);
  assert.equal(status, 201, JSON.stringify(json.value));
  const { task } = await client.getTask({ hostId });
  assert.equal(task?.id, json.at('id').text());
  return task.id;
}

function grantResponse(fields: MessageInitShape<typeof GrantManagerServiceGrantResponseSchema>) {
  return anyPack(
    GrantManagerServiceGrantResponseSchema,
    create(GrantManagerServiceGrantResponseSchema, fields),
  );
}

function createdResponse(fields: MessageInitShape<typeof CreateAccountResponseSchema>) {
  return anyPack(CreateAccountResponseSchema, create(CreateAccountResponseSchema, fields));
}

/** A Hello for tests to break, with all parts present; `capabilities` is repeated at the top level as a shorthand. */
type Whole = BatonServiceHelloRequest & {
  readonly buildInfo: BuildInfo;
  readonly osInfo: OsInfo;
  readonly connectorMetadata: ConnectorMetadata;
  readonly capabilities: ConnectorCapabilities;
};

function wholeHello(): Whole {
  const hello = create(BatonServiceHelloRequestSchema, {
    ...goodHello,
    connectorMetadata: connectorMetadata({ licenses: true, provision: true }),
  });
  const { buildInfo, osInfo, connectorMetadata: metadata } = hello;
  assert.ok(buildInfo && osInfo && metadata?.capabilities);
  return Object.assign(hello, {
    buildInfo,
    osInfo,
    connectorMetadata: metadata,
    capabilities: metadata.capabilities,
  });
}

suite('Hello', () => {
  test('is refused for a field that breaks a rule, and the refusal names the field', async () => {
    const client = await registeredClient(await sandboxFor());
    const cases: readonly (readonly [breakIt: (hello: Whole) => unknown, says: string])[] = [
      [(hello) => (hello.hostId = ''), 'host_id: must have 1 to 256 characters'],
      [(hello) => (hello.hostId = LONG), 'host_id: must have 1 to 256 characters'],
      [(hello) => (hello.taskId = 'short'), 'task_id: must be 27 letters and digits'],
      [(hello: BatonServiceHelloRequest) => delete hello.buildInfo, 'build_info: is required'],
      [({ buildInfo }) => (buildInfo.langVersion = ''), 'build_info.lang_version: must have 1 to 256'],
      [({ buildInfo }) => (buildInfo.package = LONG), 'build_info.package: must have 1 to 256'],
      [({ buildInfo }) => (buildInfo.packageVersion = ''), 'build_info.package_version: must have'],
      [(hello: BatonServiceHelloRequest) => delete hello.osInfo, 'os_info: is required'],
      [({ osInfo }) => (osInfo.hostname = ''), 'os_info.hostname: must have 1 to 256'],
      [({ osInfo }) => (osInfo.os = ''), 'os_info.os: must have'],
      [({ osInfo }) => (osInfo.platform = ''), 'os_info.platform: must have'],
      [({ osInfo }) => (osInfo.platformVersion = ''), 'os_info.platform_version: must have'],
      [({ osInfo }) => (osInfo.platformFamily = ''), 'os_info.platform_family: must have'],
      [({ osInfo }) => (osInfo.kernelVersion = ''), 'os_info.kernel_version: must have'],
      [({ osInfo }) => (osInfo.kernelArch = ''), 'os_info.kernel_arch: must have'],
      [({ osInfo }) => (osInfo.virtualizationSystem = ''), 'os_info.virtualization_system: must have'],
      [
        (hello: BatonServiceHelloRequest) => delete hello.connectorMetadata,
        'connector_metadata: is required',
      ],
      [
        ({ connectorMetadata }) => (connectorMetadata.displayName = ''),
        'connector_metadata.display_name: must have 1 to 1024 bytes',
      ],
      [
        ({ connectorMetadata }) => (connectorMetadata.helpUrl = 'http://acme.com'),
        'connector_metadata.help_url: must be an https address',
      ],
      [
        ({ annotations }) => annotations.push(...Array.from({ length: 17 }, () => rawId)),
        'annotations: must have at most 16',
      ],
      [
        ({ annotations }) => annotations.push(create(AnySchema, { typeUrl: 'RawId' })),
        'annotations[0].type_url: must be type.googleapis.com/',
      ],
      [
        ({ capabilities }) => capabilities.connectorCapabilities.push(Capability.SYNC),
        'connector_metadata.capabilities.connector_capabilities: must not repeat',
      ],
      [
        ({ capabilities }) => capabilities.connectorCapabilities.push(Capability.UNSPECIFIED),
        'connector_metadata.capabilities.connector_capabilities: must hold known',
      ],
      [
        ({ capabilities }) => delete capabilities.resourceTypeCapabilities[0]?.resourceType,
        'connector_metadata.capabilities.resource_type_capabilities[0].resource_type: is required',
      ],
      [
        ({ capabilities: { resourceTypeCapabilities: list } }) => list.push(...list),
        'connector_metadata.capabilities.resource_type_capabilities[4].resource_type.id: is there twice',
      ],
      [
        ({ capabilities }) => delete capabilities.credentialDetails,
        'connector_metadata.capabilities.credential_details: must say',
      ],
      [
        ({ connectorMetadata }) =>
          Object.values(connectorMetadata.accountCreationSchema?.fieldMap ?? {}).forEach((field) => {
            field.field = { case: undefined };
          }),
        'connector_metadata.account_creation_schema.field_map[email].field: is required',
      ],
    ];
    for (const [breakIt, says] of cases) {
      const hello = wholeHello();
      breakIt(hello);
      const refusal = await refusalOf(client.hello(hello));
      assert.ok(refusal.startsWith(`InvalidArgument ${says}`), `expected ${says}, got ${refusal}`);
    }
  });

  test('accepts a host id of 256 characters, even if it has more bytes', async () => {
    const client = await registeredClient(await sandboxFor());
    assert.equal(await refusalOf(client.hello({ ...goodHello, hostId: 'é'.repeat(256) })), 'no refusal');
  });
});

suite('GetTask, Heartbeat and FinishTask', () => {
  test('are refused for an invalid host id, and for an invalid or unknown task id', async () => {
    const client = await registeredClient(await sandboxFor());
    const success = { case: 'success' as const, value: {} };
    const cases: readonly (readonly [Promise<unknown>, string])[] = [
      [client.getTask({ hostId: '' }), 'InvalidArgument host_id'],
      [client.heartbeat({ hostId: LONG, taskId: UNKNOWN_TASK }), 'InvalidArgument host_id'],
      [client.heartbeat({ hostId: 'host-1', taskId: '' }), 'InvalidArgument task_id'],
      [client.heartbeat({ hostId: 'host-1', taskId: UNKNOWN_TASK }), 'NotFound task_id'],
      [
        client.finishTask({ hostId: 'host-1', taskId: 'a-b', finalState: success }),
        'InvalidArgument task_id',
      ],
      [
        client.finishTask({ hostId: '', taskId: UNKNOWN_TASK, finalState: success }),
        'InvalidArgument host_id',
      ],
      [
        client.finishTask({ hostId: 'host-1', taskId: UNKNOWN_TASK, finalState: success }),
        'NotFound task_id',
      ],
    ];
    for (const [call, says] of cases) {
      const refusal = await refusalOf(call);
      assert.ok(refusal.startsWith(says), `expected ${says}, got ${refusal}`);
    }
  });
});

suite('FinishTask', () => {
  /** Tries each request on a task of this host; none may end the task. */
  async function tryAll(
    order: unknown,
    cases: readonly (readonly [Omit<Finish, '$typeName'>, string])[],
  ): Promise<void> {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    const taskId = await takeTask(sandbox, client, order);
    for (const [request, says] of cases) {
      const refusal = await refusalOf(client.finishTask({ hostId: 'host-1', taskId, ...request }));
      assert.ok(refusal.startsWith(`InvalidArgument ${says}`), `expected ${says}, got ${refusal}`);
    }
    assert.equal(sandbox.conductorOne.queue.find(taskId)?.state, 'running');
  }

  const failed = { case: 'error' as const, value: { nonRetryable: true } };

  test('requires a final state, and a status if and only if that is an error', () =>
    tryAll({ type: 'syncFull' }, [
      [{}, 'final_state: is required'],
      [{ finalState: failed }, 'status: is required with an error'],
      [{ finalState: failed, status: { code: 0, message: 'x' } }, 'status.code: must be the gRPC code'],
      [{ finalState: failed, status: { code: 17, message: 'x' } }, 'status.code: must be the gRPC code'],
      [{ finalState: failed, status: { code: 5 } }, 'status.message: must say'],
      [
        { finalState: { case: 'error', value: { annotations: Array.from({ length: 17 }, () => rawId) } } },
        'error.annotations: must have at most 16',
      ],
      [
        { finalState: { case: 'success', value: {} }, status: { code: 5, message: 'x' } },
        'status: is for errors only',
      ],
    ]));

  test('of a sync requires an upload and an empty success', () =>
    tryAll({ type: 'syncFull' }, [
      [{ finalState: { case: 'success', value: {} } }, 'success: a full sync is done when its file'],
      [{ finalState: { case: 'success', value: { annotations: [rawId] } } }, 'success: must be empty'],
    ]));

  test('of a grant requires a grant response with the requested ids', () => {
    const finish = (
      fields: MessageInitShape<typeof GrantManagerServiceGrantResponseSchema>,
      annotations = fields.annotations ?? [],
    ): Finish => ({
      finalState: { case: 'success', value: { response: grantResponse(fields), annotations } },
    });
    return tryAll({ type: 'raw', task: { grant: { entitlement, principal } } }, [
      [
        { finalState: { case: 'success', value: {} } },
        'success.response: must be a c1.connector.v2.GrantManager',
      ],
      [
        {
          finalState: {
            case: 'success',
            value: {
              response: {
                typeUrl: `type.googleapis.com/${GrantManagerServiceGrantResponseSchema.typeName}`,
                value: Uint8Array.of(0xff),
              },
            },
          },
        },
        'success.response: cannot be read',
      ],
      [finish({ annotations: [exists] }, []), 'success.annotations: must be those of the response'],
      [finish({ grants: [{}] }), 'success.response.grants[0].entitlement.resource.id: is required'],
      [finish({ grants: [{ entitlement }] }), 'success.response.grants[0].principal.id: is required'],
      [
        finish({ grants: [{ id: 'user:905:Team Member:user:905', entitlement, principal }] }),
        'success.response.grants[0].id: must be the entitlement and the principal',
      ],
      [
        finish({
          grants: [
            {
              id: 'team:502:Team Member:user:905',
              entitlement: {
                ...entitlement,
                id: 'team:502:Team Member',
                resource: { id: { resourceType: 'team', resource: '502' } },
              },
              principal,
            },
          ],
        }),
        'success.response.grants[0].entitlement.id: must be the one',
      ],
      [
        finish({
          grants: [
            {
              id: 'team:501:Team Member:user:906',
              entitlement,
              principal: { id: { resourceType: 'user', resource: '906' } },
            },
          ],
        }),
        'success.response.grants[0].principal.id: must be the one',
      ],
    ]);
  });

  test('of a revocation requires a revoke response', () => {
    const response = anyPack(
      GrantManagerServiceRevokeResponseSchema,
      create(GrantManagerServiceRevokeResponseSchema, { annotations: [exists] }),
    );
    return tryAll({ type: 'raw', task: { revoke: { grant: { id: 'enterprise:905' } } } }, [
      [
        { finalState: { case: 'success', value: {} } },
        'success.response: must be a c1.connector.v2.GrantManager',
      ],
      [
        { finalState: { case: 'success', value: { response: grantResponse({}) } } },
        'success.response: must be a',
      ],
      [{ finalState: { case: 'success', value: { response } } }, 'success.annotations: must be those'],
    ]);
  });

  test('of a new account requires a result marked as such, with a valid user', () => {
    const finish = (fields: MessageInitShape<typeof CreateAccountResponseSchema>): Finish => ({
      finalState: { case: 'success', value: { response: createdResponse(fields) } },
    });
    const withUser = (resource: object): Finish =>
      finish({ result: { case: 'success', value: { isCreateAccountResult: true, resource } } });
    const bad = anyPack(UserTraitSchema, create(UserTraitSchema, { emails: [{ address: 'no address' }] }));
    const emptyTrait = anyPack(UserTraitSchema, create(UserTraitSchema));
    return tryAll({ type: 'createAccount', email: 'ada@acme.com' }, [
      [finish({}), 'success.response.result: is required'],
      [
        finish({ result: { case: 'success', value: { resource: user } } }),
        'success.response.result.is_create_account_result: must be true',
      ],
      [
        finish({ result: { case: 'alreadyExists', value: { isCreateAccountResult: true } } }),
        'success.response.result.resource: is required',
      ],
      [withUser({}), 'success.response.result.resource.id: is required'],
      [withUser({ id: user.id }), 'success.response.result.resource.annotations: must hold one UserTrait'],
      [
        withUser({ id: user.id, annotations: [emptyTrait, emptyTrait] }),
        'success.response.result.resource.annotations: must hold one UserTrait',
      ],
      [
        withUser({ id: { resourceType: 'user', resource: '' } }),
        'success.response.result.resource.id.resource: must have 1 to 1024 bytes',
      ],
      [
        withUser({ id: user.id, annotations: [bad] }),
        'success.response.result.resource.annotations.UserTrait.emails[0].address: must be an email',
      ],
    ]);
  });

  test('with success is refused for a task type that the connector does not support', () =>
    tryAll({ type: 'raw', task: { rotateCredentials: {} } }, [
      [
        { finalState: { case: 'success', value: {} } },
        'success: this connector carries out no rotateCredentials',
      ],
    ]));

  test('is accepted if it is valid, and its result, annotations and response are recorded', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    const cases: readonly (readonly [order: unknown, Finish, state: string])[] = [
      [
        { type: 'raw', task: { grant: { entitlement, principal } } },
        {
          finalState: {
            case: 'success',
            value: {
              annotations: [exists],
              response: grantResponse({
                annotations: [exists],
                grants: [{ id: 'team:501:Team Member:user:905', entitlement, principal }],
              }),
            },
          },
        },
        'succeeded',
      ],
      [
        { type: 'createAccount', email: 'ada@acme.com' },
        {
          finalState: {
            case: 'success',
            value: {
              response: createdResponse({
                result: { case: 'success', value: { isCreateAccountResult: true, resource: user } },
              }),
            },
          },
        },
        'succeeded',
      ],
      [
        { type: 'unknown', field: 4000 },
        { finalState: { case: 'error', value: {} }, status: { code: 12, message: 'unsupported task type' } },
        'failed',
      ],
    ];
    for (const [order, finish, state] of cases) {
      const taskId = await takeTask(sandbox, client, order);
      await client.finishTask({ hostId: 'host-1', taskId, ...finish });
      const { json } = await control(sandbox, 'GET', `/conductorone/tasks/${taskId}`);
      assert.equal(json.at('state').value, state);
      assert.equal(json.at('result', 'host').value, 'host-1');
    }
    const [granted, created, unknown] = sandbox.conductorOne.queue.list();
    assert.deepEqual(granted?.end?.annotations, [
      { '@type': 'type.googleapis.com/c1.connector.v2.GrantAlreadyExists' },
    ]);
    assert.match(JSON.stringify(created?.end?.response), /ada@acme\.com/);
    assert.deepEqual([unknown?.end?.code, unknown?.end?.message], [12, 'unsupported task type']);
  });
});
