import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Code, ConnectError } from '@connectrpc/connect';
import type {
  BatonServiceUploadAssetRequest,
  Task_SyncFullTask as SyncFullTask,
} from '../../conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import type { Clock } from '../../core/clock.ts';
import type { SandboxTime } from '../sandbox-time.ts';
import { findAnomaly } from './anomaly.ts';
import { receiveAsset } from './asset-stream.ts';
import { BadFileError } from './bad-file.ts';
import type { Known } from './c1z-content.ts';
import { unpackC1z } from './c1z-envelope.ts';
import type { Interruption } from './interruption.ts';
import { invalid } from './message-rules.ts';
import type { TenantSettings } from './settings.ts';
import { fitsTask, isWhole } from './sync-options.ts';
import { type FileCounts, SyncedFile } from './synced-file.ts';
import type { TaskQueue } from './task-queue.ts';
import type { TaskRecord } from './task-record.ts';

/**
 * - `current`: the last whole sync, which the views show
 * - `superseded`: a former current upload, or a held one that a newer sync replaced
 * - `partial`: checked but not shown, because the task asked for a part only
 * - `held`: an anomaly; becomes current when it is accepted
 * - `log`: a further upload of a task with `debug`, not checked
 * - `refused`: broken, or not what the task asked for
 */
export type UploadState = 'current' | 'superseded' | 'partial' | 'held' | 'log' | 'refused';

export interface UploadRecord {
  readonly id: number;
  readonly taskId: string;
  readonly hostId: string;
  /** When the upload was complete, epoch milliseconds. */
  readonly at: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly pieces: number;
  state: UploadState;
  /** Why the upload is refused or held. */
  readonly reason: string | null;
  readonly syncId: string | null;
  readonly syncType: string | null;
  readonly counts: FileCounts | null;
  /** Milliseconds that the check took; a real tenant checks later. */
  readonly checkMs: number;
}

type Arrival = Pick<UploadRecord, 'id' | 'taskId' | 'hostId' | 'at' | 'bytes' | 'sha256' | 'pieces'>;

/** The fields of an upload in which no sync was found. */
const UNREAD = { syncId: null, syncType: null, counts: null } as const;

interface Kept {
  readonly record: UploadRecord;
  readonly file: SyncedFile;
  readonly path: string;
}

export interface UploadDeskParts {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly settings: TenantSettings;
  readonly queue: TaskQueue;
  readonly time: SandboxTime;
  /** A folder for this desk only. */
  readonly folder: string;
}

const MOST_RECORDS = 1000;

/** Receives uploads, checks them and keeps the last whole one for the views. */
export class UploadDesk {
  readonly #parts: UploadDeskParts;
  readonly #records: UploadRecord[] = [];
  #lastId = 0;
  #current: Kept | null = null;
  #held: Kept | null = null;

  constructor(parts: UploadDeskParts) {
    this.#parts = parts;
  }

  /** The last whole sync that is neither refused nor held; `null` before the first. */
  get current(): SyncedFile | null {
    return this.#current?.file ?? null;
  }

  list(): readonly UploadRecord[] {
    return this.#records;
  }

  /**
   * Receives one upload. A bad file is refused at once; ConductorOne itself checks it later, when no caller waits for
   * the answer any more.
   * @param heard called with the host id of the uploader
   * @throws ConnectError for a bad stream or file, or a lost lease
   */
  async receive(
    messages: AsyncIterable<BatonServiceUploadAssetRequest>,
    interruption: Interruption,
    heard: (hostId: string) => void,
  ): Promise<void> {
    const { queue } = this.#parts;
    let caller = { host: '', taskId: '' };
    const asset = await receiveAsset(messages, interruption, ({ hostId, taskId }) => {
      heard(hostId);
      caller = { host: hostId, taskId };
      requireSync(queue.leased({ rpc: 'UploadAsset', ...caller }));
    });
    const task = queue.leased({ rpc: 'UploadAsset', ...caller });
    const options = requireSync(task);
    this.#lastId += 1;
    const arrival = {
      id: this.#lastId,
      taskId: task.id,
      hostId: caller.host,
      at: this.#parts.time.now(),
      bytes: asset.content.length,
      sha256: asset.sha256,
      pieces: asset.pieces,
    };
    if (task.message.debug && task.uploads > 0) {
      this.#note({ ...arrival, ...UNREAD, state: 'log', reason: null, checkMs: 0 });
      return;
    }
    await this.#takeSync(arrival, asset.content, options);
    task.uploads += 1;
  }

  /** Makes the held upload the current one. Returns false if no upload with this id is held. */
  async accept(id: number): Promise<boolean> {
    if (this.#held?.record.id !== id) return false;
    const accepted = this.#held;
    this.#held = null;
    await this.#makeCurrent(accepted);
    return true;
  }

  close(): void {
    this.#current?.file[Symbol.dispose]();
    this.#held?.file[Symbol.dispose]();
    this.#current = null;
    this.#held = null;
  }

  async #takeSync(arrival: Arrival, content: Buffer, options: SyncFullTask): Promise<void> {
    const { clock, folder, settings } = this.#parts;
    const path = join(folder, `upload-${arrival.id}.db`);
    const begun = clock.monotonic();
    const checkMs = () => Math.round(clock.monotonic() - begun);
    const file = await this.#open(path, content, options).catch(async (error: unknown) => {
      await rm(path, { force: true });
      if (!(error instanceof BadFileError)) throw error;
      this.#note({ ...arrival, ...UNREAD, state: 'refused', reason: error.message, checkMs: checkMs() });
      throw new ConnectError(`the file is refused: ${error.message}`, Code.InvalidArgument);
    });
    const { run, counts } = file;
    const sync = { syncId: run.id, syncType: run.type, counts, checkMs: checkMs() };
    if (!isWhole(options)) {
      file[Symbol.dispose]();
      await rm(path, { force: true });
      this.#note({ ...arrival, ...sync, state: 'partial', reason: null });
      return;
    }
    const reason = this.#current && findAnomaly(this.#current.file.counts, counts, settings.anomalyPercent);
    const record = this.#note({ ...arrival, ...sync, state: reason === null ? 'current' : 'held', reason });
    await drop(this.#held);
    this.#held = null;
    const kept = { record, file, path };
    if (reason === null) await this.#makeCurrent(kept);
    else this.#held = kept;
  }

  async #open(path: string, content: Buffer, options: SyncFullTask): Promise<SyncedFile> {
    await unpackC1z(content, path);
    const known: Known = (kind, id) => this.#isKnown(options, kind, id);
    const file = await SyncedFile.open(path, this.#parts.time.now(), known);
    try {
      fitsTask(file, options);
      return file;
    } catch (error) {
      file[Symbol.dispose]();
      throw error;
    }
  }

  async #makeCurrent(kept: Kept): Promise<void> {
    const before = this.#current;
    kept.record.state = 'current';
    this.#current = kept;
    await drop(before);
  }

  /** Whether a sync may refer to an object it lacks: a whole one never, a partial one to the last whole sync's. */
  #isKnown(options: SyncFullTask, kind: 'resource' | 'entitlement', id: string): boolean {
    return !isWhole(options) && (this.current === null || this.current.has(kind, id));
  }

  #note(record: UploadRecord): UploadRecord {
    this.#records.push(record);
    if (this.#records.length > MOST_RECORDS) this.#records.shift();
    return record;
  }
}

async function drop(kept: Kept | null): Promise<void> {
  if (kept === null) return;
  kept.record.state = 'superseded';
  kept.file[Symbol.dispose]();
  await rm(kept.path, { force: true });
}

/** @throws ConnectError for a task that needs no upload */
function requireSync({ type, message }: TaskRecord): SyncFullTask {
  if (message.taskType.case === 'syncFull') return message.taskType.value;
  throw invalid('metadata.task_id', `is a ${type} task, which asks for no upload`);
}
