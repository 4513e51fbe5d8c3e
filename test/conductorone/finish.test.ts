import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import { Code } from '@connectrpc/connect';
import { ConductorOneError } from '../../src/conductorone/errors.ts';
import { failed, reportEnd, succeeded } from '../../src/conductorone/finish.ts';
import { RefusedError } from '../../src/provisioning/refusal.ts';
import { FakeClock, settle } from '../asana/fake-clock.ts';
import { never } from './serving.ts';

const lost = new ConductorOneError('Disconnected', 'no');

function report(answer: (count: number, signal: AbortSignal) => Promise<void>, signal?: AbortSignal) {
  const clock = new FakeClock();
  const tries: number[] = [];
  const end = reportEnd({
    client: {
      finishTask: (_task, _state, limited) => {
        tries.push(clock.monotonic());
        return answer(tries.length, limited);
      },
    },
    taskId: 'x',
    state: succeeded,
    clock,
    signal: signal ?? new AbortController().signal,
  });
  end.catch(() => {});
  return { clock, tries, end };
}

suite('the report of a result', () => {
  test('is retried with growing waits while the connection fails', async () => {
    const { clock, tries, end } = report(async (count) => {
      if (count < 4) throw lost;
    });
    await settle();
    await clock.advance(10_000);
    assert.deepEqual(tries, [0, 500, 1500, 3500]);
    await end;
    assert.equal(clock.pending, 0, 'no timer is left');
  });

  test('is given up after 30 s if all attempts fail or none is answered', async () => {
    for (const answer of [
      async () => {
        throw lost;
      },
      async (_: number, signal: AbortSignal) => never(signal),
    ]) {
      const { clock, end } = report(answer);
      await settle();
      await clock.advance(30_000);
      await assert.rejects(end, { name: 'TimeoutError' });
    }
  });

  test('is not retried after a refusal, because the task is no longer assigned to this process', async () => {
    const refused = new ConductorOneError('ConductorOneRefused', 'no', { grpcCode: Code.NotFound });
    const { clock, tries, end } = report(async () => {
      throw refused;
    });
    await settle();
    await clock.advance(60_000);
    await assert.rejects(end, refused);
    assert.equal(tries.length, 1);
  });

  test('counts as delivered if only its retry is refused, because only the first answer was lost', async () => {
    const { clock, tries, end } = report(async (count) => {
      throw count === 1 ? lost : new ConductorOneError('ConductorOneRefused', 'no');
    });
    await settle();
    await clock.advance(1000);
    await end;
    assert.equal(tries.length, 2);
  });

  test('is aborted with the reason of the signal', async () => {
    const abort = new AbortController();
    const { end } = report((_, signal) => never(signal), abort.signal);
    abort.abort(new Error('no time left'));
    await assert.rejects(end, /no time left/);
  });
});

suite('the result of a failed task', () => {
  test('contains the code and message of the error, and whether it is retryable', () => {
    assert.deepEqual(failed(new RefusedError('ProtectedUser', 'She is protected.'), true), {
      status: { code: Code.FailedPrecondition, message: 'She is protected.' },
      finalState: { case: 'error', value: { nonRetryable: true } },
    });
  });

  test('refers to the log instead of containing the message of an unexpected error', () => {
    const state = failed(new TypeError('canary-secret'), false);
    assert.equal(state.status?.code, Code.Unknown);
    assert.ok(!inspect(state, { depth: 9 }).includes('canary-secret'));
    assert.match(state.status?.message ?? '', /See its log/);
  });

  test('has a message of at most 2000 characters of well-formed Unicode', () => {
    const { status } = failed(new RefusedError('ProtectedUser', '😀'.repeat(5000)), true);
    const text = status?.message ?? '';
    assert.ok(text.length <= 2000 && text.isWellFormed());
  });
});
