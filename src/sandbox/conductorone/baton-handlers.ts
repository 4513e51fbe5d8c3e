import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import type {
  BatonService,
  BatonServiceFinishTaskRequest,
  BatonServiceGetTaskResponseSchema,
  BatonServiceHelloRequest,
} from '../../conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import type { CallLog } from './call-log.ts';
import { checkFinish, checkSuccess } from './finish-rules.ts';
import { checkHello } from './hello-rules.ts';
import type { Instances } from './instances.ts';
import { interruptionKey } from './interruption.ts';
import { checkAnnotations, checkHostId, checkTaskId, invalid } from './message-rules.ts';
import type { TenantSettings } from './settings.ts';
import { showAny } from './show.ts';
import type { TaskQueue } from './task-queue.ts';
import type { TaskEnd } from './task-record.ts';
import type { UploadDesk } from './upload-desk.ts';

export type BatonHandlers = ServiceImpl<typeof BatonService>;

export interface HandlerParts {
  readonly settings: TenantSettings;
  readonly queue: TaskQueue;
  readonly instances: Instances;
  readonly uploads: UploadDesk;
  readonly calls: CallLog;
}

/** Returns the handlers of BatonService for calls that were let in. */
export function batonHandlers(parts: HandlerParts): BatonHandlers {
  const { settings, queue, instances, uploads, calls } = parts;
  return {
    hello: (request) =>
      calls.watch('Hello', hostOf(request), () => {
        takeHello(parts, request);
        return {};
      }),
    getTask: (request) =>
      calls.watch('GetTask', hostOf(request), () => {
        const { hostId } = request;
        checkHostId(hostId);
        instances.heard(hostId, 'GetTask');
        const task = queue.next(hostId, instances.isRegistered(hostId));
        return { ...(task === null ? {} : { task: task.message }), ...waits(settings) };
      }),
    heartbeat: (request) =>
      calls.watch('Heartbeat', hostOf(request), () => {
        const { hostId, taskId, annotations } = request;
        checkHostId(hostId);
        checkTaskId(taskId);
        checkAnnotations('annotations', annotations);
        instances.heard(hostId, 'Heartbeat');
        const cancelled = queue.heartbeat({ rpc: 'Heartbeat', host: hostId, taskId });
        return { nextHeartbeat: durationOf(settings.nextHeartbeatMs), cancelled };
      }),
    finishTask: (request) =>
      calls.watch('FinishTask', hostOf(request), () => {
        checkFinish(request);
        instances.heard(request.hostId, 'FinishTask');
        finish(queue, request);
        return {};
      }),
    uploadAsset: (messages, { values }) => {
      let host: string | null = null;
      return calls.watch(
        'UploadAsset',
        () => host,
        async () => {
          await uploads.receive(messages, values.get(interruptionKey), (hostId) => {
            host = hostId;
            instances.heard(hostId, 'UploadAsset');
          });
          return {};
        },
      );
    },
  };
}

function hostOf({ hostId }: { readonly hostId: string }): () => string {
  return () => hostId;
}

function takeHello({ queue, instances }: HandlerParts, request: BatonServiceHelloRequest): void {
  checkHello(request);
  const instance = instances.heard(request.hostId, 'Hello');
  if (request.taskId !== '') answerHelloTask(queue, request);
  instance.hello = request;
  instance.hellos += 1;
}

/** Finishes a hello task. The Hello is its answer: FinishTask never finishes such a task. */
function answerHelloTask(queue: TaskQueue, { hostId: host, taskId }: BatonServiceHelloRequest): void {
  const task = queue.leased({ rpc: 'Hello', host, taskId });
  if (task.type !== 'hello')
    throw invalid('task_id', `is a ${task.type} task, and Hello answers hello tasks`);
  queue.finish(task, {
    host,
    code: 0,
    message: '',
    nonRetryable: false,
    details: [],
    annotations: [],
    response: null,
  });
}

function finish(
  queue: TaskQueue,
  { hostId: host, taskId, status, finalState }: BatonServiceFinishTaskRequest,
): void {
  const task = queue.leased({ rpc: 'FinishTask', host, taskId });
  if (task.type === 'hello')
    throw invalid('task_id', 'is a hello task: Hello answers it, FinishTask does not');
  if (finalState.case === 'success') checkSuccess(task, finalState.value);
  const { annotations = [], response } = finalState.value ?? {};
  const end: TaskEnd = {
    host,
    code: status?.code ?? 0,
    message: status?.message ?? '',
    nonRetryable: finalState.case === 'error' && finalState.value.nonRetryable,
    details: (status?.details ?? []).map(showAny),
    annotations: annotations.map(showAny),
    response: response === undefined ? null : showAny(response),
  };
  queue.finish(task, end);
}

function waits({
  nextPollMs,
  nextHeartbeatMs,
}: TenantSettings): Pick<
  MessageInitShape<typeof BatonServiceGetTaskResponseSchema>,
  'nextPoll' | 'nextHeartbeat'
> {
  return { nextPoll: durationOf(nextPollMs), nextHeartbeat: durationOf(nextHeartbeatMs) };
}

function durationOf(ms: number): { seconds: bigint; nanos: number } {
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
}
