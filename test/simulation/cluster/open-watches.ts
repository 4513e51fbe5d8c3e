import type { Clock } from '../../../src/core/clock.ts';
import { apiVersionOf, type Resource } from '../../../src/kubernetes/resource.ts';
import type { WatchLine } from '../../../src/kubernetes/watch-lines.ts';
import type { Commit, Etcd } from './etcd.ts';
import { statusOf } from './refusal.ts';
import { tableOf } from './served-kind.ts';
import { WatchStream } from './watch-stream.ts';

/** The API server sends a bookmark about once a minute. */
const BOOKMARK_EVERY_MS = 60_000;
/** It also sends one this long before a watch ends. */
const LAST_BOOKMARK_MS = 2_000;

export interface WatchOptions {
  /** The watch delivers what came after this version. */
  readonly resourceVersion: string;
  readonly timeoutSeconds: number;
}

/** The open watches; each gets the writes until its time is over. */
export class OpenWatches {
  readonly #etcd: Etcd;
  readonly #clock: Clock;
  readonly #streams = new Map<WatchStream, string>();

  constructor(etcd: Etcd, clock: Clock) {
    this.#etcd = etcd;
    this.#clock = clock;
  }

  /** Opens a watch on the objects of a kind whose keys begin with `prefix`. */
  open(resource: Resource, prefix: string, { resourceVersion, timeoutSeconds }: WatchOptions): WatchStream {
    const table = tableOf(resource);
    const stream = new WatchStream();
    const missed = this.#etcd.since(Number(resourceVersion));
    if (!missed) {
      const status = statusOf('Expired', `too old resource version: ${resourceVersion}`);
      stream.push({ type: 'ERROR', object: status });
      stream.end();
      return stream;
    }
    const tell = (commit: Commit) => {
      if (commit.table === table && commit.key.startsWith(prefix))
        stream.push({ type: commit.type, object: commit.object });
    };
    missed.forEach(tell);
    stream.onClose(this.#etcd.follow(tell));
    this.#streams.set(stream, table);
    stream.onClose(() => this.#streams.delete(stream));
    this.#tick(stream, resource, timeoutSeconds * 1000);
    return stream;
  }

  /** Ends the watches of a kind that is gone. */
  end(table: string): void {
    for (const [stream, watched] of this.#streams) if (watched === table) stream.end();
  }

  /** Sends bookmarks until the watch's time is over, and then ends it. */
  #tick(stream: WatchStream, resource: Resource, timeoutMs: number): void {
    stream.onClose(this.#clock.schedule(timeoutMs, () => stream.end()));
    const endsAt = this.#clock.monotonic() + timeoutMs;
    const nextBookmark = () => {
      const untilLast = endsAt - LAST_BOOKMARK_MS - this.#clock.monotonic();
      return untilLast > 0 ? Math.min(BOOKMARK_EVERY_MS, untilLast) : BOOKMARK_EVERY_MS;
    };
    const bookmark = () => {
      stream.push(bookmarkOf(resource, this.#etcd.revision));
      cancel = this.#clock.schedule(nextBookmark(), bookmark);
    };
    let cancel = this.#clock.schedule(nextBookmark(), bookmark);
    stream.onClose(() => cancel());
  }
}

function bookmarkOf(resource: Resource, revision: number): WatchLine {
  const metadata = { resourceVersion: String(revision) };
  return { type: 'BOOKMARK', object: { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata } };
}
