import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AsanaConnector } from '../../../src/api/asana-connector.ts';
import { ACKNOWLEDGE_ANNOTATION, DISCARD_ANNOTATION } from '../../../src/api/resources.ts';
import { type AnswerTaker, HoldAnswers } from '../../../src/controllers/connectors/hold-answers.ts';
import type { AnswerOutcome } from '../../../src/provisioning/removals/demand.ts';
import { ReadingDoubts } from '../../../src/provisioning/removals/reading-doubts.ts';
import { connectorObject } from '../objects.ts';

const hold = {
  reason: 'TooManyRemovals' as const,
  id: 'aa',
  since: '2026-01-01T00:00:00Z',
  token: 'aa.1',
  count: 3,
  people: 3,
};

function annotated(annotations: Record<string, string>, holds = [hold]): AsanaConnector {
  return connectorObject({ metadata: { annotations }, status: { holds } });
}

/** Returns a recipient of answers: a desk that answers `outcome`, and a reading that may be in doubt and acceptable. */
function taker(outcome: AnswerOutcome, { doubted = false, seen = true } = {}) {
  const asked: string[] = [];
  const accepted: string[] = [];
  const reread = { count: 0 };
  const doubts = new ReadingDoubts(
    [],
    () => 'dd',
    () => {},
  );
  if (doubted)
    doubts.raise({ reason: 'DirectoryShrunk', count: 50, missing: {}, places: [], message: 'm' }, 1);
  const taking: AnswerTaker = {
    desk: {
      doubts,
      answer: (token, word) => {
        asked.push(`${word} ${token}`);
        return outcome;
      },
    },
    canAccept: () => seen,
    acceptReading: (reason) => void accepted.push(reason),
    readAgain: () => {
      reread.count += 1;
    },
  };
  return { taking, asked, accepted, reread };
}

const removals: AnswerOutcome = { kind: 'Removals', ids: ['u1', 'u2'] };
const shrunk = { kind: 'Reading', reason: 'DirectoryShrunk', count: 50 } as const;

suite('answers to holds', () => {
  test('request a new reading once if this process has not seen the doubted one', () => {
    const { taking, accepted, reread } = taker({ ...shrunk, accepted: true }, { doubted: true, seen: false });
    const answers = new HoldAnswers(connectorObject());
    const connector = annotated({ [ACKNOWLEDGE_ANNOTATION]: 'dd.1' });
    for (const round of [1, 2]) assert.deepEqual(answers.take(connector, taking), [], `round ${round}`);
    assert.deepEqual([reread.count, accepted], [1, []]);
    assert.equal(answers.take(connector, { ...taking, canAccept: () => true }).length, 1);
  });

  test('are passed to the desk once, with the word of their annotation', () => {
    const { taking, asked } = taker(removals);
    const answers = new HoldAnswers(connectorObject());
    const connector = annotated({ [DISCARD_ANNOTATION]: 'aa.1' });
    assert.deepEqual(answers.take(connector, taking), [
      { kind: 'Removals', annotation: DISCARD_ANNOTATION, token: 'aa.1', ids: ['u1', 'u2'] },
    ]);
    assert.deepEqual(answers.take(connector, taking), []);
    assert.deepEqual(asked, ['discard aa.1']);
  });

  test('pass a discard to the desk before an acknowledgement of the same hold', () => {
    const { taking, asked } = taker(removals);
    const both = annotated({ [ACKNOWLEDGE_ANNOTATION]: 'aa.1', [DISCARD_ANNOTATION]: 'aa.1' });
    new HoldAnswers(connectorObject()).take(both, taking);
    assert.deepEqual(asked, ['discard aa.1', 'acknowledge aa.1']);
  });

  test('are passed to the desk again with a later token', () => {
    const { taking, asked } = taker(removals);
    const answers = new HoldAnswers(connectorObject());
    answers.take(annotated({ [ACKNOWLEDGE_ANNOTATION]: 'aa.1' }), taking);
    answers.take(annotated({ [ACKNOWLEDGE_ANNOTATION]: 'aa.2' }), taking);
    assert.deepEqual(asked, ['acknowledge aa.1', 'acknowledge aa.2']);
  });

  test('that name no hold are reported once', () => {
    const { taking } = taker({ kind: 'Unknown' });
    const answers = new HoldAnswers(connectorObject());
    const connector = annotated({ [ACKNOWLEDGE_ANNOTATION]: 'zz.9' });
    assert.deepEqual(
      answers.take(connector, taking).map(({ kind }) => kind),
      ['Unknown'],
    );
    assert.deepEqual(answers.take(connector, taking), []);
  });

  test('to an ended hold that a new process finds on the object are ignored', () => {
    const { taking, asked } = taker({ kind: 'Unknown' });
    const connector = annotated({ [ACKNOWLEDGE_ANNOTATION]: 'old.3' });
    assert.deepEqual(new HoldAnswers(connector).take(connector, taking), []);
    assert.deepEqual(asked, []);
  });

  test('to a hold that still exists are passed to the desk again by a new process', () => {
    const { taking, asked } = taker(removals);
    const connector = annotated({ [ACKNOWLEDGE_ANNOTATION]: 'aa.1' });
    new HoldAnswers(connector).take(connector, taking);
    assert.deepEqual(asked, ['acknowledge aa.1']);
  });

  test('that come too early are passed to the desk again later', () => {
    const answers = new HoldAnswers(connectorObject());
    const connector = annotated({ [ACKNOWLEDGE_ANNOTATION]: 'aa.1' });
    assert.deepEqual(answers.take(connector, taker({ kind: 'TooEarly' }).taking), []);
    assert.equal(answers.take(connector, taker(removals).taking).length, 1);
  });

  test('accept a reading only after this process has seen one', () => {
    const answers = new HoldAnswers(connectorObject());
    const connector = annotated({ [ACKNOWLEDGE_ANNOTATION]: 'dd.1' });
    const unseen = taker({ ...shrunk, accepted: true }, { doubted: true, seen: false });
    assert.deepEqual(answers.take(connector, unseen.taking), []);
    assert.deepEqual(unseen.asked, [], 'nothing is passed to the desk before the reading is seen');
    const seen = taker({ ...shrunk, accepted: true }, { doubted: true });
    assert.deepEqual(
      answers.take(connector, seen.taking).map(({ kind }) => kind),
      ['Accepted'],
    );
    assert.deepEqual(seen.accepted, ['DirectoryShrunk']);
  });

  test('change nothing when they discard a reading', () => {
    const { taking, accepted } = taker({ ...shrunk, accepted: false }, { doubted: true });
    const answers = new HoldAnswers(connectorObject());
    assert.deepEqual(answers.take(annotated({ [DISCARD_ANNOTATION]: 'dd.1' }), taking), []);
    assert.deepEqual(accepted, []);
  });
});
