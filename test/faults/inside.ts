// Loaded into the operator's process before the program, by --import, for faults that no proxy can cause from outside.
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';

/** A fault that the bench orders in a process. */
export type Order =
  /** Blocks the event loop for this long. */
  | { readonly do: 'hang'; readonly ms: number }
  /** Sets the monotonic clock ahead by this much, as after the machine was suspended. */
  | { readonly do: 'jump'; readonly ms: number }
  /** Sets the wall clock ahead by this much, or back. */
  | { readonly do: 'setClock'; readonly byMs: number }
  /** Makes every host name unresolvable, or resolvable again. */
  | { readonly do: 'resolve'; readonly works: boolean };

/** A report of the process to the bench. */
export interface Report {
  /** Number of names that could not be resolved. */
  readonly unresolved: number;
}

/** Addresses of host names, and shorter delays of timers by their usual delay in ms; from the environment. */
export interface Setting {
  readonly addresses?: Readonly<Record<string, readonly string[]>>;
  readonly timers?: Readonly<Record<string, number>>;
}

const setting = JSON.parse(process.env['FAULTS_SETTING'] ?? '{}') as Setting;

let resolves = true;
type Lookup = typeof dns.lookup;
const lookup = dns.lookup;
dns.lookup = ((name: string, options: dns.LookupAllOptions, callback: (...args: unknown[]) => void) => {
  if (!resolves) {
    const report: Report = { unresolved: 1 };
    process.send?.(report);
    const failure = Object.assign(new Error(`getaddrinfo EAI_AGAIN ${name}`), { code: 'EAI_AGAIN' });
    process.nextTick(callback, failure);
    return;
  }
  const known = setting.addresses?.[name];
  if (!known) {
    lookup(name, options, callback);
    return;
  }
  const found = known.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  if (options.all) process.nextTick(callback, null, found);
  else process.nextTick(callback, null, found[0]?.address, found[0]?.family);
}) as unknown as Lookup;
syncBuiltinESMExports();

const { setTimeout: realSetTimeout } = globalThis;
globalThis.setTimeout = ((callback: () => void, ms?: number, ...args: []) =>
  realSetTimeout(callback, setting.timers?.[String(ms)] ?? ms, ...args)) as typeof setTimeout;

function setClock(byMs: number): void {
  const RealDate = Date;
  globalThis.Date = class extends RealDate {
    constructor(...given: []) {
      if (given.length === 0) super(RealDate.now() + byMs);
      else super(...given);
    }
    static override now(): number {
      return RealDate.now() + byMs;
    }
  } as DateConstructor;
}

process.on('message', (order: Order) => {
  if (order.do === 'hang') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, order.ms);
  else if (order.do === 'resolve') resolves = order.works;
  else if (order.do === 'setClock') setClock(order.byMs);
  else {
    const now = performance.now.bind(performance);
    performance.now = () => now() + order.ms;
  }
});
process.channel?.unref();
