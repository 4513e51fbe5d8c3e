import { randomUUID } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { StoppedError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { ClusterClient } from './client.ts';
import { isNotFound } from './errors.ts';
import { EventBacklog } from './event-backlog.ts';
import { formatMicroTime } from './micro-time.ts';
import { apiVersionOf, type KubernetesObject, type Resource } from './resource.ts';

export interface EventRecorderOptions {
  readonly client: ClusterClient;
  /** Reporting controller and instance. */
  readonly controller: string;
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Returns a UUID that makes event names unique; random by default. */
  readonly newId?: (() => string) | undefined;
}

/** The API server rejects longer notes. It counts bytes. */
const LONGEST_NOTE_BYTES = 1024;
/** Length of an object name (RFC 1123 subdomain), and of an event's suffix to it: `.` and 13 hex digits. */
const LONGEST_NAME = 253;
const NAME_SUFFIX = 14;
/** A repeated event of one object is written at most this often; repeats in between are only counted. */
const REPEAT_AFTER_MS = 300_000;
/** Events written at a time: a fraction of the connections, which the operator needs for essential requests. */
const IN_FLIGHT = 4;
/** Events remembered for aggregation. More than the backlog holds; otherwise a queued event could be queued twice. */
const LONGEST_MEMORY = 12_288;
/** How long a stopping process waits for its events to be written. */
const FLUSH_MS = 5_000;

/** An event in the backlog. It keeps a reference to its object, not the object itself. */
interface Happening {
  readonly regarding: Regarding;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly note: string;
  readonly action: string;
  /** `metav1.MicroTime` of the occurrence, not of the write. */
  readonly at: string;
}

interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

interface Told {
  readonly name: string;
  readonly at: number;
  count: number;
  /** True while the event is queued or being written. */
  pending: boolean;
}

interface Entry {
  readonly identity: string;
  readonly happening: Happening;
  readonly told: Told;
  readonly repeated: boolean;
}

/**
 * Records Kubernetes events. An event is never worth failing for: one that cannot be written (a terminating namespace
 * accepts none) is logged instead, and callers never wait for it.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #told = new Map<string, Told>();
  readonly #backlog = new EventBacklog<Entry>();
  readonly #writers = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** Records an event about an object; `action` is what was done or tried. Returns at once. */
  record(
    resource: Resource,
    object: KubernetesObject,
    type: 'Normal' | 'Warning',
    reason: string,
    note: string,
    action = reason,
  ): void {
    const { clock, newId = randomUUID } = this.#options;
    const at = formatMicroTime(clock.now());
    const { namespace, name, uid, resourceVersion } = object.metadata;
    const regarding = {
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
      namespace,
      name,
      uid,
      resourceVersion,
    };
    const happening = { regarding, type, reason, note: cutNote(note), action, at };
    const identity = [uid, type, reason, happening.note].join('\n');
    const known = this.#told.get(identity);
    if (known) known.count += 1;
    if (known && (known.pending || clock.monotonic() - known.at < REPEAT_AFTER_MS)) return;
    const told: Told = {
      name: known?.name ?? eventName(name, newId()),
      at: clock.monotonic(),
      count: known?.count ?? 1,
      pending: true,
    };
    this.#remember(identity, told);
    const entry = { identity, happening, told, repeated: known !== undefined };
    const leftOver = this.#stop.signal.aborted ? entry : this.#backlog.push(namespace, entry);
    if (leftOver)
      this.#giveUp(leftOver, new StoppedError('too many events in the queue, or the process is stopping'));
    if (this.#writers.size < IN_FLIGHT) this.#addWriter();
  }

  /** Resolves once every event recorded so far was written or given up. */
  async written(): Promise<void> {
    while (this.#writers.size > 0) await Promise.all(this.#writers);
  }

  /** Like `written`, but resolves after `withinMs` at the latest and then writes no more events. */
  async flush(withinMs = FLUSH_MS): Promise<void> {
    const cancel = this.#options.clock.schedule(withinMs, () =>
      this.#stop.abort(new StoppedError('writing events took too long')),
    );
    await this.written();
    cancel();
  }

  #addWriter(): void {
    const writer = this.#write().finally(() => this.#writers.delete(writer));
    this.#writers.add(writer);
  }

  async #write(): Promise<void> {
    for (let next = this.#backlog.take(); next; next = this.#backlog.take()) {
      try {
        this.#stop.signal.throwIfAborted();
        await this.#writeOne(next);
        next.told.pending = false;
      } catch (error) {
        this.#giveUp(next, error);
      }
    }
  }

  async #writeOne({ happening, told, repeated }: Entry): Promise<void> {
    const { client, controller } = this.#options;
    const { namespace } = happening.regarding;
    if (repeated) {
      try {
        const series = { count: told.count, lastObservedTime: happening.at };
        await client.patchEvent(namespace, told.name, { series }, controller, this.#stop.signal);
        return;
      } catch (error) {
        // Events expire after an hour. The first event is gone, so create it anew.
        if (!isNotFound(error)) throw error;
      }
    }
    await client.createEvent(namespace, this.#bodyOf(happening, told.name), this.#stop.signal);
  }

  /** Logs the event and forgets it, so that a repeat is written. */
  #giveUp({ identity, happening, told }: Entry, error: unknown): void {
    const { regarding, reason, note } = happening;
    const { namespace, name } = regarding;
    if (this.#told.get(identity) === told) this.#told.delete(identity);
    this.#options.log.warn('event was not written', { namespace, name, reason, note, error });
  }

  #remember(identity: string, told: Told): void {
    this.#told.delete(identity);
    this.#told.set(identity, told);
    if (this.#told.size > LONGEST_MEMORY) {
      const oldest = this.#told.keys().next();
      if (!oldest.done) this.#told.delete(oldest.value);
    }
  }

  #bodyOf(happening: Happening, eventNamed: string): Record<string, unknown> {
    const { regarding, type, reason, note, action, at } = happening;
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: eventNamed, namespace: regarding.namespace },
      eventTime: at,
      reportingController: this.#options.controller,
      reportingInstance: this.#options.instance.slice(0, 128),
      type,
      reason,
      action,
      note,
      regarding,
    };
  }
}

function cutNote(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= LONGEST_NOTE_BYTES) return note;
  const ellipsis = '…';
  const kept = bytes.subarray(0, LONGEST_NOTE_BYTES - Buffer.byteLength(ellipsis));
  // With `stream`, the decoder drops a truncated character instead of replacing it with U+FFFD.
  return new TextDecoder().decode(kept, { stream: true }) + ellipsis;
}

/** Appends a suffix to the object's name. Cuts a long name to make room; the part kept must not end in `-`. */
function eventName(objectName: string, id: string): string {
  const stem = objectName.slice(0, LONGEST_NAME - NAME_SUFFIX).replace(/[^a-z0-9]+$/, '');
  return `${stem}.${id.replaceAll('-', '').slice(0, NAME_SUFFIX - 1)}`;
}
