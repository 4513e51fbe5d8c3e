import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import { ListActionSchemasResponseSchema } from '../../conductorone/generated/c1/connector/v2/action_pb.ts';
import { ListEventFeedsResponseSchema } from '../../conductorone/generated/c1/connector/v2/event_feed_pb.ts';
import {
  type Grant,
  GrantManagerServiceGrantResponseSchema,
  GrantManagerServiceRevokeResponseSchema,
} from '../../conductorone/generated/c1/connector/v2/grant_pb.ts';
import {
  CreateAccountResponseSchema,
  ResourceType_Trait as Trait,
} from '../../conductorone/generated/c1/connector/v2/resource_pb.ts';
import type {
  BatonServiceFinishTaskRequest,
  Task_GrantTask as GrantTask,
  BatonServiceFinishTaskRequest_Success as Success,
} from '../../conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import { grantIdOf } from './ids.ts';
import { checkAnnotations, checkHostId, checkTaskId, invalid } from './message-rules.ts';
import { checkKnownAnnotations, checkResource } from './resource-rules.ts';
import type { TaskRecord } from './task-record.ts';

/** Checks what applies to every FinishTask, whatever the task. @throws ConnectError InvalidArgument naming the field */
export function checkFinish({ hostId, taskId, status, finalState }: BatonServiceFinishTaskRequest): void {
  checkHostId(hostId);
  checkTaskId(taskId);
  if (finalState.case === undefined) throw invalid('final_state', 'is required');
  checkAnnotations(`${finalState.case}.annotations`, finalState.value.annotations);
  if (finalState.case === 'success') {
    if (status !== undefined) throw invalid('status', 'is for errors only');
    return;
  }
  if (status === undefined) throw invalid('status', 'is required with an error');
  if (status.code < 1 || status.code > 16 || Code[status.code] === undefined)
    throw invalid('status.code', 'must be the gRPC code of an error');
  if (status.message === '') throw invalid('status.message', 'must say what went wrong');
}

/** Checks a success by the rules of its task. @throws ConnectError InvalidArgument naming the field */
export function checkSuccess(task: TaskRecord, success: Success): void {
  const { taskType } = task.message;
  if (taskType.case === 'syncFull') checkSynced(task, success);
  else if (taskType.case === 'grant') checkGranted(taskType.value, success);
  else if (taskType.case === 'revoke')
    checkCopied(success, readResponse(success, GrantManagerServiceRevokeResponseSchema).annotations);
  else if (taskType.case === 'createAccount') checkCreated(success);
  else if (taskType.case === 'actionListSchemas') readResponse(success, ListActionSchemasResponseSchema);
  else if (taskType.case === 'listEventFeeds') readResponse(success, ListEventFeedsResponseSchema);
  else throw invalid('success', `this connector carries out no ${task.type} task`);
}

function checkSynced({ uploads }: TaskRecord, { response, annotations }: Success): void {
  if (response !== undefined || annotations.length > 0)
    throw invalid('success', 'must be empty for a full sync');
  if (uploads === 0) throw invalid('success', 'a full sync is done when its file has been uploaded');
}

function checkGranted({ entitlement, principal }: GrantTask, success: Success): void {
  const response = readResponse(success, GrantManagerServiceGrantResponseSchema);
  checkCopied(success, response.annotations);
  for (const [index, grant] of response.grants.entries()) {
    const field = `success.response.grants[${index}]`;
    checkGrant(field, grant);
    if (grant.entitlement?.id !== entitlement?.id)
      throw invalid(`${field}.entitlement.id`, 'must be the one that was asked for');
    if (grant.principal?.id?.resource !== principal?.id?.resource)
      throw invalid(`${field}.principal.id`, 'must be the one that was asked for');
  }
}

function checkCreated(success: Success): void {
  const response = readResponse(success, CreateAccountResponseSchema);
  checkCopied(success, response.annotations);
  const field = 'success.response.result';
  const { result } = response;
  if (result.case === undefined) throw invalid(field, 'is required');
  if (!result.value.isCreateAccountResult) throw invalid(`${field}.is_create_account_result`, 'must be true');
  const { resource } = result.value;
  if (resource !== undefined) checkResource(`${field}.resource`, resource, [Trait.USER]);
  else if (result.case !== 'inProgress') throw invalid(`${field}.resource`, 'is required');
}

function checkGrant(field: string, { id, entitlement, principal, annotations }: Grant): void {
  const resource = entitlement?.resource?.id;
  if (entitlement === undefined || resource === undefined)
    throw invalid(`${field}.entitlement.resource.id`, 'is required');
  if (principal?.id === undefined) throw invalid(`${field}.principal.id`, 'is required');
  if (id !== grantIdOf({ resource, id: entitlement.id }, principal.id))
    throw invalid(`${field}.id`, 'must be the entitlement and the principal');
  checkKnownAnnotations(`${field}.annotations`, annotations);
}

function readResponse<Desc extends DescMessage>(success: Success, schema: Desc): MessageShape<Desc> {
  const field = 'success.response';
  if (success.response?.typeUrl !== `type.googleapis.com/${schema.typeName}`)
    throw invalid(field, `must be a ${schema.typeName}`);
  try {
    return fromBinary(schema, success.response.value);
  } catch {
    throw invalid(field, `cannot be read as a ${schema.typeName}`);
  }
}

/** Checks that the annotations of the response are repeated beside it. */
function checkCopied(success: Success, annotations: readonly Any[]): void {
  checkAnnotations('success.response.annotations', annotations);
  const names = (list: readonly Any[]) => JSON.stringify(list.map(({ typeUrl }) => typeUrl));
  if (names(success.annotations) !== names(annotations))
    throw invalid('success.annotations', 'must be those of the response');
}
