import { KubernetesError } from '../../../../src/kubernetes/errors.ts';
import { isOlderVersion, type KubernetesObject, type Resource } from '../../../../src/kubernetes/resource.ts';
import type { WatchLine } from '../../../../src/kubernetes/watch-lines.ts';
import type { Manifest } from '../simulated-cluster.ts';
import type { Subject } from './subject.ts';

/** The longest wait for anything; real controllers take some seconds. */
const PATIENCE_MS = 60_000;

/** Returns `accepted`, or the code and reason of the refusal. */
export async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'accepted';
  } catch (error) {
    if (error instanceof KubernetesError) return `${error.status} ${error.code}`;
    throw error;
  }
}

/** Reports how the version moved from one reading to the next. */
export function movement(before: KubernetesObject, after: KubernetesObject): 'same' | 'newer' | 'older' {
  const [from, to] = [before.metadata.resourceVersion, after.metadata.resourceVersion];
  if (from === to) return 'same';
  return isOlderVersion(from, to) ? 'newer' : 'older';
}

export async function until(
  subject: Subject,
  what: string,
  seen: () => Promise<boolean> | boolean,
): Promise<void> {
  for (let waited = 0; !(await seen()); waited += 100) {
    if (waited > PATIENCE_MS) throw new Error(`not within a minute: ${what}`);
    await subject.sleep(100);
  }
}

/** Returns a manifest in the namespace of a script. */
export function within(
  subject: Subject,
  manifest: Omit<Manifest, 'metadata'> & { metadata: object },
): Manifest {
  return { ...manifest, metadata: { ...manifest.metadata, namespace: subject.namespace } } as Manifest;
}

/** An open watch and what it delivered. */
export interface Recording {
  readonly lines: WatchLine[];
  /** How the watch ended; `null` while it is open. */
  ended: 'politely' | 'with an error' | null;
  stop(): void;
}

export function recordWatch(
  subject: Subject,
  resource: Resource,
  { resourceVersion, timeoutSeconds = 60 }: { resourceVersion: string; timeoutSeconds?: number },
): Recording {
  const stop = new AbortController();
  const recording: Recording = {
    lines: [],
    ended: null,
    stop: () => stop.abort(new Error('the script is over')),
  };
  const options = { resourceVersion, timeoutSeconds };
  const read = async () => {
    try {
      for await (const line of subject.client.watch(resource, subject.namespace, options, stop.signal))
        recording.lines.push(line);
      recording.ended = 'politely';
    } catch {
      // The script decides whether an error is right.
      recording.ended = 'with an error';
    }
  };
  void read();
  return recording;
}

/** Waits for `count` events that are not bookmarks, and ends the watch. */
export async function eventsOf(subject: Subject, recording: Recording, count: number): Promise<WatchLine[]> {
  const events = () => recording.lines.filter(({ type }) => type !== 'BOOKMARK');
  const what = `the watch delivers ${count} events`;
  await until(subject, what, () => events().length >= count || recording.ended !== null);
  recording.stop();
  return events();
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

/**
 * Returns what was seen without what differs from run to run: uids, versions, instants (digits after the second stay
 * visible), the namespace, and managedFields, of which only the owners of a status matter here.
 */
export function normalised(value: unknown, namespace: string): unknown {
  if (Array.isArray(value)) return value.map((item) => normalised(item, namespace));
  if (typeof value === 'string') return value === namespace ? '(namespace)' : value;
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(
    ([name, inner]) => name !== 'managedFields' && inner !== undefined,
  );
  return Object.fromEntries(
    fields.map(([name, inner]) => [name, standIn(name, inner) ?? normalised(inner, namespace)]),
  );
}

function standIn(name: string, value: unknown): string | null {
  if (typeof value !== 'string') return null;
  if (name === 'uid') return '(uid)';
  if (name === 'resourceVersion') return '(version)';
  const stamped = (name === 'creationTimestamp' || name === 'deletionTimestamp') && INSTANT.exec(value);
  return stamped ? `(instant${stamped[1] ?? ''})` : null;
}
