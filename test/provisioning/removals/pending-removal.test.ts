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
  { because: 'it is new', demand: { content: '1' }, is: 'fresh' },
  {
    because: 'the status of its grant records a hold',
    demand: { content: '1', recorded: HELD },
    is: 'to join',
  },
  {
    because: 'the cache now shows a recorded hold that it did not show before',
    before: before(),
    demand: { content: '1', recorded: HELD },
    is: 'to join',
  },
  {
    because: 'it had to join a hold, and the cache shows an older status',
    before: before({ mustJoin: true }),
    demand: { content: '1' },
    is: 'to join',
  },
  {
    because: 'it had to join a hold, and its content has changed',
    before: before({ mustJoin: true }),
    demand: { content: '2' },
    is: 'to join',
  },
  {
    because: 'it was sent freely, but the status of its grant records a hold',
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
    because: 'it was in the hold, and its content has changed',
    before: before(),
    held: true,
    demand: { content: '2' },
    is: 'to join',
  },
  {
    because: 'an answer to it is recorded',
    demand: { content: '1', recorded: ACKNOWLEDGED },
    is: 'answered',
  },
  {
    because: 'the recorded answer is for another content',
    demand: { content: '2', recorded: ACKNOWLEDGED },
    is: 'to join',
  },
  {
    because: 'the recorded answer is for an unknown content',
    demand: { content: '1', recorded: { ...ACKNOWLEDGED, content: null } },
    is: 'to join',
  },
  {
    because: 'its answer was recorded, and the cache shows an older status',
    before: before({ answer: ANSWER }),
    demand: { content: '1', recorded: HELD },
    is: 'answered',
  },
  {
    because: 'its content has changed since the answer, and the cache does not show the hold yet',
    before: before({ answer: ANSWER }),
    demand: { content: '2' },
    is: 'to join',
  },
  { because: 'its request was sent', before: before({ sent: true }), demand: { content: '1' }, is: 'sent' },
  {
    because: 'its request was sent with another content',
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

suite('the state of a demand', () => {
  for (const row of rows) {
    test(`is "${row.is}" if ${row.because}`, () => {
      const held = row.held ?? false;
      const removal = takeUp(demandOf('g', row.demand), row.before ?? null, held);
      assert.equal(kindOf(removal, held), row.is);
    });
  }
});
