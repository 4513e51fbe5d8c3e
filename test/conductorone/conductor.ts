import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Code, type ServiceImpl } from '@connectrpc/connect';
import {
  type BatonService,
  type BatonServiceFinishTaskRequest,
  type BatonServiceGetTaskResponseSchema,
  type BatonServiceHelloRequest,
  type BatonServiceUploadAssetRequest,
  type TaskSchema,
} from '../../src/conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import { refuse } from './tenant.ts';

type Baton = ServiceImpl<typeof BatonService>;
type TaskType = NonNullable<MessageInitShape<typeof TaskSchema>['taskType']>;

interface Upload {
  readonly taskId: string;
  readonly file: Buffer;
}

/** A scripted ConductorOne: hands out the queued tasks and records what the connector sends. */
export class Conductor {
  readonly hellos: BatonServiceHelloRequest[] = [];
  readonly heartbeats: string[] = [];
  readonly uploads: Upload[] = [];
  /** Every accepted FinishTask, in order. */
  readonly finished: BatonServiceFinishTaskRequest[] = [];
  polls = 0;
  /** The answers of the next GetTask calls, in order; afterwards there is nothing to do. */
  readonly answers: MessageInitShape<typeof BatonServiceGetTaskResponseSchema>[] = [];
  nextPollMs = 2;
  /** Ids of tasks whose heartbeats are answered with `cancelled`. */
  readonly cancelled = new Set<string>();
  readonly #waiting = new Set<() => void>();
  #ids = 0;

  /** Queues a task; returns its id. */
  give(taskType: TaskType | undefined, id = this.newId()): string {
    this.answers.push({
      task: { id, ...(taskType ? { taskType } : {}) },
      nextPoll: durationFromMs(this.nextPollMs),
    });
    return id;
  }

  newId(): string {
    this.#ids += 1;
    return `task${String(this.#ids).padStart(23, '0')}`;
  }

  /** Waits until the condition holds; fails after twenty seconds. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const deadline = Date.now() + 20_000;
    while (!holds()) {
      assert.ok(Date.now() < deadline, `timed out waiting for ${what}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      const timer = setTimeout(resolve, 20);
      await promise;
      clearTimeout(timer);
      this.#waiting.delete(resolve);
    }
  }

  /** Waits until the task is finished; returns its FinishTask request. */
  async end(id: string): Promise<BatonServiceFinishTaskRequest> {
    await this.until(`the end of ${id}`, () => this.finished.some(({ taskId }) => taskId === id));
    return this.finished.find(({ taskId }) => taskId === id) as BatonServiceFinishTaskRequest;
  }

  /** The complete service; a test overrides single calls to inject faults. */
  readonly baton: Baton = {
    hello: (request) => {
      this.#told(() => this.hellos.push(request));
      return {};
    },
    getTask: () => {
      this.#told(() => (this.polls += 1));
      return this.answers.shift() ?? { nextPoll: durationFromMs(this.nextPollMs) };
    },
    heartbeat: ({ taskId }) => {
      this.#told(() => this.heartbeats.push(taskId));
      return { cancelled: this.cancelled.has(taskId) };
    },
    finishTask: (request) => {
      this.#told(() => this.finished.push(request));
      return {};
    },
    uploadAsset: async (messages) => {
      const upload = await receive(messages);
      this.#told(() => this.uploads.push(upload));
      return {};
    },
  };

  #told(note: () => unknown): void {
    note();
    for (const resolve of this.#waiting) resolve();
  }
}

/** Receives a complete upload; refuses it without metadata or with a wrong checksum. */
export async function receive(messages: AsyncIterable<BatonServiceUploadAssetRequest>): Promise<Upload> {
  const pieces: Uint8Array[] = [];
  let taskId = '';
  let done = false;
  for await (const { msg } of messages) {
    if (msg.case === 'metadata') taskId = msg.value.taskId;
    if (msg.case === 'data') pieces.push(msg.value.data);
    if (msg.case !== 'eof') continue;
    const sha256 = createHash('sha256').update(Buffer.concat(pieces)).digest();
    done = sha256.equals(msg.value.sha256Checksum);
  }
  if (!done || taskId === '') throw refuse(Code.InvalidArgument);
  return { taskId, file: Buffer.concat(pieces) };
}
