import { toJson } from '@bufbuild/protobuf';
import { type Any, AnySchema } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import {
  BatonServiceHelloRequestSchema,
  TaskSchema,
} from '../../conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import type { CallEntry } from './call-log.ts';
import type { Instance } from './instances.ts';
import { registry } from './registry.ts';
import type { TaskRecord } from './task-record.ts';
import type { UploadRecord } from './upload-desk.ts';

/** Converts a packed message to protobuf JSON, or to its type and its bytes if the type is unknown. */
export function showAny(packed: Any): unknown {
  try {
    return toJson(AnySchema, packed, { registry });
  } catch {
    return { '@type': packed.typeUrl, bytes: Buffer.from(packed.value).toString('base64') };
  }
}

export function showInstance(instance: Instance, connected: boolean): Record<string, unknown> {
  const { hostId, firstSeenAt, lastSeenAt, hello, hellos, calls } = instance;
  return {
    hostId,
    connected,
    firstSeenAt: instant(firstSeenAt),
    lastSeenAt: instant(lastSeenAt),
    hellos,
    calls,
    hello: hello === null ? null : toJson(BatonServiceHelloRequestSchema, hello, { registry }),
  };
}

export function showTask(task: TaskRecord): Record<string, unknown> {
  const { id, type, state, cancelRequested, lease, leasedTo, heartbeats, uploads, end } = task;
  return {
    id,
    type,
    state,
    cancelRequested,
    leasedBy: lease?.host ?? null,
    leasedTo,
    heartbeats,
    uploads,
    enqueuedAt: instant(task.enqueuedAt),
    startedAt: instant(task.startedAt),
    endedAt: instant(task.endedAt),
    result: end === null ? null : { ...end, codeName: end.code === 0 ? 'OK' : Code[end.code] },
    refusedCalls: task.refusedCalls.map((call) => ({ ...call, at: instant(call.at) })),
    task: toJson(TaskSchema, task.message, { registry }),
  };
}

export function showUpload(upload: UploadRecord): Record<string, unknown> {
  return { ...upload, at: instant(upload.at) };
}

export function showCall(call: CallEntry): Record<string, unknown> {
  return { ...call, at: instant(call.at) };
}

function instant(epochMs: number | null): string | null {
  return epochMs === null ? null : new Date(epochMs).toISOString();
}
