import { KubernetesError } from './errors.ts';

/** One line of a watch stream. */
export interface WatchLine {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: Record<string, unknown>;
}

const TYPES: ReadonlySet<unknown> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']);
const NEWLINE = 0x0a;

/** A watched object with its status is a few KiB; etcd rejects more than 1.5 MiB. */
const LONGEST_LINE_BYTES = 4 * 1024 * 1024;

/**
 * Parses the events of a watch: newline-delimited JSON. A line cut short by the end of the stream is dropped; the next
 * watch repeats it. @throws KubernetesError, Malformed, for a line that is too long or not an event; never quotes it
 */
export async function* readWatchLines(body: AsyncIterable<Buffer>): AsyncGenerator<WatchLine> {
  let pending: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    let rest = chunk;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      pending.push(rest.subarray(0, end));
      const line = Buffer.concat(pending).toString('utf8');
      pending = [];
      size = 0;
      rest = rest.subarray(end + 1);
      if (line.trim() !== '') yield parseLine(line);
    }
    size += rest.length;
    if (size > LONGEST_LINE_BYTES) throw malformed('a line of the watch is too long');
    if (rest.length > 0) pending.push(rest);
  }
}

function parseLine(line: string): WatchLine {
  let event: Partial<WatchLine> | null;
  try {
    event = JSON.parse(line) as Partial<WatchLine> | null;
  } catch {
    // Dropped, because the parser's error quotes the line.
    event = null;
  }
  if (!event || !TYPES.has(event.type) || typeof event.object !== 'object' || event.object === null)
    throw malformed('a line of the watch is not an event');
  return event as WatchLine;
}

function malformed(message: string): KubernetesError {
  return new KubernetesError('Malformed', 0, 'transient', message);
}
