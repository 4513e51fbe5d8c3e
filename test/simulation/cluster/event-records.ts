import type { Write } from './api-server.ts';
import { EVENTS } from './builtin-kinds.ts';
import { isObject, type StoredObject } from './object.ts';

/** An event as it was reported; kept here after the API server drops it, an hour later. */
export interface EventRecord {
  readonly by: string;
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  /** When it was first reported, RFC 3339. */
  readonly at: string;
  /** How often it was reported. */
  readonly count: number;
  readonly regarding: {
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
  };
}

/** Every event of a run, in the order in which they were first reported. */
export class EventRecords {
  readonly #records = new Map<string, EventRecord>();

  /** Records a write, if it is of an event. */
  note({ by, kind, after }: Write): void {
    if (kind === EVENTS.kind && after) this.#records.set(after.metadata.uid, recordOf(by, after));
  }

  all(): readonly EventRecord[] {
    return [...this.#records.values()];
  }
}

function recordOf(by: string, event: StoredObject): EventRecord {
  const { metadata, series } = event;
  const about = isObject(event['regarding']) ? event['regarding'] : {};
  return {
    by,
    namespace: metadata.namespace,
    name: metadata.name,
    type: String(event['type']),
    reason: String(event['reason']),
    action: String(event['action']),
    note: typeof event['note'] === 'string' ? event['note'] : '',
    at: String(event['eventTime']),
    count: isObject(series) ? Number(series['count']) : 1,
    regarding: {
      kind: String(about['kind']),
      namespace: String(about['namespace']),
      name: String(about['name']),
      uid: String(about['uid']),
    },
  };
}
