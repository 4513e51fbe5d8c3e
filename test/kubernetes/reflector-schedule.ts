import * as fc from 'fast-check';
import type { Fault } from './faulty-proxy.ts';

const errorEvent = (code: number) => `{"type":"ERROR","object":{"kind":"Status","code":${code}}}`;
const names = fc.constantFrom('a', 'b', 'c', 'd');
const refusal = fc
  .constantFrom(401, 403, 410, 429, 500, 503)
  .map((status): Fault => ({ kind: 'answer', status }));
const anywhere = fc.oneof(
  refusal,
  fc.constantFrom<Fault>(
    { kind: 'reset' },
    { kind: 'tear' },
    { kind: 'lose' },
    { kind: 'close' },
    { kind: 'silence' },
    { kind: 'freeze' },
    { kind: 'delay', ms: 4 },
  ),
);
const ofWatches = fc.constantFrom<Fault>(
  { kind: 'dropBookmarks' },
  { kind: 'line', line: '<html>' },
  { kind: 'line', line: errorEvent(410) },
  { kind: 'line', line: errorEvent(500) },
  { kind: 'cut', afterMs: 1 },
);
const target = fc.constantFrom<Target>('list', 'page', 'watch');
export type Target = 'list' | 'page' | 'watch';
export interface Strike {
  readonly on: Target;
  readonly fault: Fault;
}

/** One event at the server, between server and reflector, or in time. */
export const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('write' as const), name: names }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom('delete' as const, 'anew' as const), name: names }),
  },
  // A write of our own, whose answer arrives before the watch event or after it.
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('own' as const), name: names, late: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('strike' as const), on: target, fault: anywhere }) },
  {
    weight: 2,
    arbitrary: ofWatches.map((fault) => ({ kind: 'strike' as const, on: 'watch' as const, fault })),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('resetAll' as const, 'endWatches' as const, 'bookmark' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('compact' as const),
      offersNewToken: fc.boolean(),
      refusesAtOnce: fc.boolean(),
    }),
  },
  // All pending deadlines pass.
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('expire' as const) }) },
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(0, 1, 3, 8) }),
  },
);
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
