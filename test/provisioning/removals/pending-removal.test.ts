import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Demand, RecordedHold } from '../../../src/provisioning/removals/demand.ts';
import { type PendingRemoval, takeUp } from '../../../src/provisioning/removals/pending-removal.ts';
import { demandOf } from './desk-rig.ts';

const HELD: RecordedHold = { id: 'h', n: 2, content: '1', answer: null };
const ACKNOWLEDGED: RecordedHold = { ...HELD, answer: 'acknowledge' };
const ANSWER = { word: 'acknowledge', hold: 'h.2', recorded: true } as const;

function before(changes: Partial<PendingRemoval> = {}): PendingRemoval {
  const demand = demandOf('g', { content: '1' });
  return { demand, answer: null, mustJoin: false, sent: false, ...changes };
}

interface Row {
  readonly because: string;
  readonly demand: Partial<Demand>;
  readonly before?: PendingRemoval;
  readonly held?: boolean;
  /** The resulting state. */
  readonly is: 'fresh' | 'to join' | 'answered' | 'held' | 'sent';
}

const rows: readonly Row[] = [
  { because: 'a new demand', demand: { content: '1' }, is: 'fresh' },
  { because: 'its status says it was held', demand: { content: '1', recorded: HELD }, is: 'to join' },
  {
    because: 'its status says it was held, which the cache did not show before',
    before: before(),
    demand: { content: '1', recorded: HELD },
    is: 'to join',
  },
  {
    because: 'it had to join, and the cache shows an older status now',
    before: before({ mustJoin: true }),
    demand: { content: '1' },
    is: 'to join',
  },
  {
    because: 'it had to join, and asks for something else now',
    before: before({ mustJoin: true }),
    demand: { content: '2' },
    is: 'to join',
  },
  {
    because: 'it was sent freely, but its status says it was held',
    before: before({ sent: true }),
    demand: { content: '1', recorded: HELD },
    is: 'to join',
  },
  {
    because: 'it is in the hold',
    before: before(),
    held: true,
    demand: { content: '1', recorded: HELD },
    is: 'held',
  },
  {
    because: 'it was in the hold, and asks for something else',
    before: before(),
    held: true,
    demand: { content: '2' },
    is: 'to join',
  },
  { because: 'its answer is on record', demand: { content: '1', recorded: ACKNOWLEDGED }, is: 'answered' },
  {
    because: 'its answer is for something else',
    demand: { content: '2', recorded: ACKNOWLEDGED },
    is: 'to join',
  },
  {
    because: 'its answer is for nobody knows what',
    demand: { content: '1', recorded: { ...ACKNOWLEDGED, content: null } },
    is: 'to join',
  },
  {
    because: 'its answer was recorded, and the cache shows an older status now',
    before: before({ answer: ANSWER }),
    demand: { content: '1', recorded: HELD },
    is: 'answered',
  },
  {
    because: 'it asks for something else than was answered, and the cache shows no status yet',
    before: before({ answer: ANSWER }),
    demand: { content: '2' },
    is: 'to join',
  },
  { because: 'its request has left', before: before({ sent: true }), demand: { content: '1' }, is: 'sent' },
  {
    because: 'its request left for something else',
    before: before({ sent: true }),
    demand: { content: '2' },
    is: 'fresh',
  },
];

function kindOf({ answer, mustJoin, sent }: PendingRemoval, held: boolean): Row['is'] {
  if (answer) return 'answered';
  if (mustJoin) return 'to join';
  if (sent) return 'sent';
  return held ? 'held' : 'fresh';
}

suite('what becomes of a demand', () => {
  for (const row of rows) {
    test(`${row.is}: ${row.because}`, () => {
      const held = row.held ?? false;
      const removal = takeUp(demandOf('g', row.demand), row.before ?? null, held);
      assert.equal(kindOf(removal, held), row.is);
    });
  }
});
