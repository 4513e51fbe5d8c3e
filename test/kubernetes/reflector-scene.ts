import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { silentMeter } from '../../src/core/meter.ts';
import { KubernetesClient } from '../../src/kubernetes/client.ts';
import { ApiServerConnection } from '../../src/kubernetes/connection.ts';
import { type Change, Reflector } from '../../src/kubernetes/reflector.ts';
import { keyOf } from '../../src/kubernetes/resource.ts';
import { Store } from '../../src/kubernetes/store.ts';
import { type Fault, FaultyProxy } from './faulty-proxy.ts';
import { ListWatchServer, NAMESPACE } from './list-watch-server.ts';
import type { Step, Strike, Target } from './reflector-schedule.ts';
import { type ConfigMap, isWatch, MAPS } from './rig.ts';

/** client-go's first backoff, which the reflector also uses. */
const SHORTEST_PAUSE_MS = 800;
/** The number of consecutive 500s that are not yet a reason to list again. */
const LONGEST_PATIENCE = 4;

/** A clock that skips backoffs, and on which deadlines pass when the test says so. */
class Deadlines implements Clock {
  readonly pauses: number[] = [];
  readonly #waiting = new Set<() => void>();
  readonly now = () => systemClock.now();
  readonly monotonic = () => systemClock.monotonic();

  async sleep(ms: number): Promise<void> {
    this.pauses.push(ms);
    await systemClock.sleep(1);
  }

  schedule(_ms: number, callback: () => void): () => void {
    this.#waiting.add(callback);
    return () => this.#waiting.delete(callback);
  }

  /** Lets all deadlines pass. @returns whether there were any */
  pass(): boolean {
    const passed = [...this.#waiting];
    this.#waiting.clear();
    for (const callback of passed) callback();
    return passed.length > 0;
  }
}

/** A reflector between a server and a subscriber, with faults on demand. */
export class Scene {
  readonly clock = new Deadlines();
  readonly store = new Store<ConfigMap>();
  /** The objects that exist according to the reported changes. */
  readonly believed = new Map<string, ConfigMap>();
  /** Wrong reports of the reflector. */
  readonly faults: string[] = [];
  /** The number of events that may make the reflector list again. */
  doubts = 0;
  /** The uids that were reported as deleted, and the newest version that the store held of each uid. */
  readonly #gone = new Set<string>();
  readonly #newest = new Map<string, number>();
  readonly #strikes: Strike[] = [];
  readonly #answers: ConfigMap[] = [];
  readonly #stop = new AbortController();
  readonly #server: ListWatchServer;
  readonly #proxy: FaultyProxy;
  readonly #connection: ApiServerConnection;
  readonly #running: Promise<void>;
  #values = 0;

  private constructor(server: ListWatchServer, proxy: FaultyProxy) {
    this.#server = server;
    this.#proxy = proxy;
    this.#connection = new ApiServerConnection(proxy.config, this.clock);
    proxy.faultOf = ({ url = '' }) =>
      this.#take(isWatch(url) ? 'watch' : url.includes('continue=') ? 'page' : 'list');
    const reflector = new Reflector<ConfigMap>({
      client: new KubernetesClient(this.#connection),
      resource: MAPS,
      namespace: NAMESPACE,
      store: this.store,
      onChange: (change) => this.#hear(change),
      clock: this.clock,
      random: () => 0,
      log: silentLogger,
      meter: silentMeter,
      pageSize: 2,
    });
    this.#running = reflector.run(this.#stop.signal);
  }

  static async open(): Promise<Scene> {
    const server = await ListWatchServer.start();
    for (const name of ['a', 'b', 'c', 'd']) server.write(name, 'there before');
    return new Scene(server, await FaultyProxy.before(server.url));
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('the test is over'));
    await this.#running;
    await this.#connection.close();
    await this.#proxy.close();
    await this.#server.close();
  }

  async do(act: Step): Promise<void> {
    switch (act.kind) {
      case 'write':
        this.#server.write(act.name, this.#newValue());
        return;
      case 'anew':
        this.#server.delete(act.name);
        this.#server.write(act.name, this.#newValue());
        return;
      case 'delete':
        return this.#server.delete(act.name);
      case 'own':
        if (!this.#server.objects.has(act.name)) return;
        this.#answers.push(this.#server.write(act.name, this.#newValue()));
        if (!act.late) this.#hearAnswers();
        return;
      case 'strike':
        this.#strikes.push(act);
        return;
      case 'resetAll':
        // A watch that is reset resumes from its version; a list starts again.
        if (!isWatch(this.#proxy.arrivals.at(-1)?.url)) this.doubts += 1;
        return this.#proxy.resetAll();
      case 'endWatches':
        this.doubts += this.#server.endWatches();
        return;
      case 'compact':
        this.doubts += 1;
        return this.#server.compact(act);
      case 'bookmark':
        return this.#server.bookmark();
      case 'expire':
        this.doubts += this.clock.pass() ? 1 : 0;
        return;
      case 'wait':
        await sleep(act.ms);
        this.#hearAnswers();
    }
  }

  /** Stops all faults, and lets the deadlines of hanging requests pass. */
  async settle(): Promise<void> {
    this.#hearAnswers();
    this.#strikes.length = 0;
    // Once this object is reported, everything before it has been reported.
    const last = this.#server.write('last', this.#newValue());
    const deadline = performance.now() + 20_000;
    for (let looks = 1; this.believed.get('last')?.metadata.uid !== last.metadata.uid; looks += 1) {
      if (performance.now() > deadline) assert.fail('the last object was never reported');
      // The peer of a half-open connection never sends anything.
      if (looks % 40 === 0) this.doubts += this.clock.pass() ? 1 : 0;
      await sleep(1);
    }
  }

  check(): void {
    const held = Object.fromEntries(this.#server.objects);
    const known = [...this.store.values()].map((object) => [object.metadata.name, object]);
    assert.deepEqual(Object.fromEntries(known), held, 'the store differs from the server');
    assert.deepEqual(
      Object.fromEntries(this.believed),
      held,
      'the reported changes do not add up to the objects of the server',
    );
    assert.deepEqual(this.faults, []);
    const lists = this.#proxy.seen.filter((line) => !isWatch(line) && !line.includes('continue=')).length;
    assert.ok(lists <= 1 + this.doubts, `${lists} lists for ${this.doubts} doubts`);
    const hasty = this.clock.pauses.filter((ms) => ms < SHORTEST_PAUSE_MS);
    assert.deepEqual(hasty, [], 'a failed attempt is followed by a pause');
    assert.ok(lists <= 1 + this.clock.pauses.length, `${lists} lists, ${this.clock.pauses.length} pauses`);
  }

  #newValue(): string {
    this.#values += 1;
    return `value ${this.#values} ${'x'.repeat(200)}`;
  }

  #take(on: Target): Fault | null {
    const at = this.#strikes.findIndex((strike) => strike.on === on);
    const [strike] = at < 0 ? [] : this.#strikes.splice(at, 1);
    if (strike && this.#costsList(strike)) this.doubts += 1;
    return strike?.fault ?? null;
  }

  #costsList({ on, fault }: Strike): boolean {
    // These have an effect only when their deadlines pass.
    if (['silence', 'freeze', 'delay', 'close', 'dropBookmarks'].includes(fault.kind)) return false;
    if (on !== 'watch') return true;
    const status =
      fault.kind === 'answer' ? fault.status : fault.kind === 'line' ? statusOf(fault.line) : 503;
    if (status === 500) return this.clock.pauses.length >= LONGEST_PATIENCE;
    return status !== 429 && status !== 503;
  }

  #hearAnswers(): void {
    for (const answer of this.#answers.splice(0)) {
      this.store.putWritten(structuredClone(answer));
      const { uid, resourceVersion } = answer.metadata;
      const held = this.store.get(keyOf(answer))?.metadata;
      if (held?.uid === uid)
        this.#newest.set(uid, Math.max(this.#newest.get(uid) ?? 0, Number(resourceVersion)));
    }
  }

  #hear({ key, previous, current }: Change<ConfigMap>): void {
    const name = key.slice(NAMESPACE.length + 1);
    const before = this.believed.get(name);
    const held = this.store.get(key)?.metadata;
    const note = (what: string) =>
      this.faults.push(`${what}: ${name} ${JSON.stringify({ previous, current })}`);
    if (idOf(before) !== idOf(previous)) note(`told of another predecessor than ${idOf(before)}`);
    if (idOf(previous) === idOf(current)) note('told of no change');
    if (previous && current && previous.metadata.uid !== current.metadata.uid)
      note('another object told as an edit');
    if (current && this.#gone.has(current.metadata.uid)) note('told of somebody who was gone');
    const newest = this.#newest.get(held?.uid ?? '') ?? 0;
    if (held && Number(held.resourceVersion) < newest) note(`the store went back from ${newest}`);
    if (held) this.#newest.set(held.uid, Number(held.resourceVersion));
    if (!current && previous) this.#gone.add(previous.metadata.uid);
    if (current) this.believed.set(name, current);
    else this.believed.delete(name);
  }
}

/** Returns the code in an ERROR event; 0 for a malformed one. */
function statusOf(line: string): number {
  return Number(/"code":(\d+)/.exec(line)?.[1] ?? 0);
}

function idOf(object: ConfigMap | null | undefined): string | null {
  return object ? `${object.metadata.uid} ${object.metadata.resourceVersion}` : null;
}
