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
  /** The host of the endpoint, for error messages. */
  readonly host: string;
  /** 1 to 256 characters, different for every replica. */
  readonly hostId: string;
  readonly clock: Clock;
}

/** Time limit of GetTask. ConductorOne answers at once: the wait between polls is in `next_poll`. */
const GET_TASK_MS = 60_000;

/** How a task ended. */
export type FinalState = Pick<
  MessageInitShape<typeof BatonServiceFinishTaskRequestSchema>,
  'status' | 'finalState'
>;

/**
 * A connector's calls to ConductorOne, for one host id. A failed call throws a ConductorOneError, an aborted one the
 * signal's own reason.
 */
export class BatonClient {
  readonly #client: Client<typeof BatonService>;
  readonly #options: BatonClientOptions;

  constructor(options: BatonClientOptions) {
    this.#options = options;
    this.#client = createClient(BatonService, options.transport);
  }

  /** Sends a Hello, which with a `taskId` answers that hello task. */
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
   * Uploads a file for a task, in at most three attempts, each from the first byte.
   * @returns the number of bytes sent and their SHA-256
   * @throws also the read error of a file that cannot be read
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
