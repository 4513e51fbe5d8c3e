// Loaded into the operator's process before the program, by --import: what no proxy can do from outside.
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';

/** What the bench tells a process to suffer. */
export type Order =
  /** The event loop stands still for so long. */
  | { readonly do: 'hang'; readonly ms: number }
  /** The monotonic clock goes ahead by so much, as after a suspended machine. */
  | { readonly do: 'jump'; readonly ms: number }
  /** The wall clock is set ahead by so much, or back. */
  | { readonly do: 'setClock'; readonly byMs: number }
  /** No host name can be resolved, or every one again. */
  | { readonly do: 'resolve'; readonly works: boolean };

/** What a process reports back. */
export interface Report {
  /** Names that could not be resolved. */
  readonly unresolved: number;
}

/** Addresses of host names, and timers by their milliseconds that are shorter here; from the environment. */
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
