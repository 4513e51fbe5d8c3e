import { randomUUID } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { KubernetesClient } from './client.ts';
import { formatMicroTime } from './micro-time.ts';
import type { KubernetesObject, Resource } from './resource.ts';

export interface EventRecorderOptions {
  readonly client: KubernetesClient;
  /** Reporting controller and instance. */
  readonly controller: string;
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The API server refuses longer notes. */
const LONGEST_NOTE = 1024;
/** The same event of the same object is told again at most this often; between, only counted. */
const REPEAT_AFTER_MS = 300_000;
/** An incident over 10,000 grants must not become 10,000 writes behind everything else. */
const LONGEST_BACKLOG = 1_000;
/** Told events remembered for aggregation. */
const LONGEST_MEMORY = 4_096;

interface Told {
  readonly name: string;
  readonly at: number;
  count: number;
}

/**
 * Tells people what happened to an object. An event is never worth failing for: one that cannot be written (a
 * namespace that is terminating takes none) goes to the log instead, and nobody waits for it.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #told = new Map<string, Told>();
  readonly #backlog: (() => Promise<void>)[] = [];
  #writing: Promise<void> | null = null;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** Tells `reason` of an object; `action` is what was done or tried. Returns at once. */
  record(
    resource: Resource,
    object: KubernetesObject,
    type: 'Normal' | 'Warning',
    reason: string,
    note: string,
    action = reason,
  ): void {
    const { clock, log } = this.#options;
    const text = note.length > LONGEST_NOTE ? `${note.slice(0, LONGEST_NOTE - 1)}…` : note;
    const identity = [object.metadata.uid, type, reason, text].join('\n');
    const known = this.#told.get(identity);
    if (known) known.count += 1;
    if (known && clock.monotonic() - known.at < REPEAT_AFTER_MS) return;
    if (this.#backlog.length >= LONGEST_BACKLOG) {
      log.warn('event dropped', { reason, note: text });
      return;
    }
    const told: Told = {
      name: known?.name ?? `${object.metadata.name}.${randomUUID().slice(0, 13)}`,
      at: clock.monotonic(),
      count: known?.count ?? 1,
    };
    this.#remember(identity, told);
    const namespace = object.metadata.namespace;
    this.#backlog.push(async () => {
      try {
        if (known) await this.#repeat(namespace, told);
        else
          await this.#options.client.createEvent(
            namespace,
            this.#newEvent(resource, object, { type, reason, note: text, action, name: told.name }),
          );
      } catch (error) {
        this.#told.delete(identity);
        log.warn('event not written', { reason, note: text, error });
      }
    });
    this.#writing ??= this.#write();
  }

  /** Resolves when everything told so far was written or given up. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    for (let next = this.#backlog.shift(); next; next = this.#backlog.shift()) await next();
    this.#writing = null;
  }

  #remember(identity: string, told: Told): void {
    this.#told.delete(identity);
    this.#told.set(identity, told);
    if (this.#told.size > LONGEST_MEMORY) {
      const oldest = this.#told.keys().next();
      if (!oldest.done) this.#told.delete(oldest.value);
    }
  }

  #repeat(namespace: string, told: Told): Promise<unknown> {
    const series = { count: told.count, lastObservedTime: formatMicroTime(this.#options.clock.now()) };
    return this.#options.client.patchEvent(namespace, told.name, { series }, this.#options.controller);
  }

  #newEvent(
    resource: Resource,
    object: KubernetesObject,
    event: { type: string; reason: string; note: string; action: string; name: string },
  ): Record<string, unknown> {
    const { namespace, name, uid, resourceVersion } = object.metadata;
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: event.name, namespace },
      eventTime: formatMicroTime(this.#options.clock.now()),
      reportingController: this.#options.controller,
      reportingInstance: this.#options.instance.slice(0, 128),
      type: event.type,
      reason: event.reason,
      action: event.action,
      note: event.note,
      regarding: {
        apiVersion: `${resource.group}/${resource.version}`,
        kind: resource.kind,
        namespace,
        name,
        uid,
        resourceVersion,
      },
    };
  }
}
