import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Client, createClient, type Transport } from '@connectrpc/connect';
import type { Clock } from '../core/clock.ts';
import { explainFailure } from './failure.ts';
import {
  BatonService,
  type BatonServiceFinishTaskRequestSchema,
  type BatonServiceGetTaskResponse,
  type BatonServiceHeartbeatResponse,
  type BatonServiceHelloRequestSchema,
} from './generated/c1/connectorapi/baton/v1/baton_pb.ts';
import { type Asset, type UploadReceipt, uploadAsset } from './upload.ts';

export interface BatonClientOptions {
  readonly transport: Transport;
  /** For messages: who is at the other end. */
  readonly host: string;
  /** 1 to 256 characters; tells this replica from every other. */
  readonly hostId: string;
  readonly clock: Clock;
}

/** ConductorOne answers to a request for work at once; `next_poll` does the waiting. */
const GET_TASK_MS = 60_000;

/** How a task ended. */
export type FinalState = Pick<
  MessageInitShape<typeof BatonServiceFinishTaskRequestSchema>,
  'status' | 'finalState'
>;

/**
 * The calls of a connector to ConductorOne, for one host id. Every failure is a ConductorOneError; an aborted
 * call throws the signal's own reason.
 */
export class BatonClient {
  readonly #client: Client<typeof BatonService>;
  readonly #options: BatonClientOptions;

  constructor(options: BatonClientOptions) {
    this.#options = options;
    this.#client = createClient(BatonService, options.transport);
  }

  /** Says who we are; with a `taskId` it answers that hello task. */
  async hello(
    request: Omit<MessageInitShape<typeof BatonServiceHelloRequestSchema>, '$typeName' | 'hostId'>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#call('Hello', signal, () =>
      this.#client.hello({ ...request, hostId: this.#options.hostId }, { signal }),
    );
  }

  getTask(signal: AbortSignal): Promise<BatonServiceGetTaskResponse> {
    const { hostId } = this.#options;
    return this.#call('GetTask', signal, () =>
      this.#client.getTask({ hostId }, { signal, timeoutMs: GET_TASK_MS }),
    );
  }

  heartbeat(taskId: string, signal: AbortSignal): Promise<BatonServiceHeartbeatResponse> {
    const { hostId } = this.#options;
    return this.#call('Heartbeat', signal, () => this.#client.heartbeat({ hostId, taskId }, { signal }));
  }

  async finishTask(taskId: string, state: FinalState, signal: AbortSignal): Promise<void> {
    const { hostId } = this.#options;
    await this.#call('FinishTask', signal, () =>
      this.#client.finishTask({ hostId, taskId, ...state }, { signal }),
    );
  }

  /**
   * Sends a file for a task, in three tries at most, each from its first byte.
   * @returns the bytes sent and their SHA-256
   */
  uploadAsset(taskId: string, asset: Asset, signal: AbortSignal): Promise<UploadReceipt> {
    const { hostId, clock } = this.#options;
    return uploadAsset({
      metadata: { hostId, taskId },
      asset,
      clock,
      signal,
      send: (messages, abort) =>
        this.#call('UploadAsset', abort, () =>
          this.#client.uploadAsset(messages, { signal: abort, timeoutMs: 0 }),
        ),
    });
  }

  async #call<T>(operation: string, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      signal.throwIfAborted();
      throw explainFailure(operation, this.#options.host, error);
    }
  }
}
