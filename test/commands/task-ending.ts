import { create } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import type { BatonClient, FinalState } from '../../src/conductorone/client.ts';
import { TaskSchema } from '../../src/conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import { TaskMetrics } from '../../src/conductorone/task-metrics.ts';
import { TaskRunner } from '../../src/conductorone/task-runner.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { silentMeter } from '../../src/core/meter.ts';
import { FakeClock } from '../asana/fake-clock.ts';

/**
 * Runs a task that has a kind and no other field; returns its result as the page for users of baton-asana writes it:
 * `succeeds`, or `fails` with the gRPC code.
 * @param kind the name of the field in `Task.task_type`
 * @param provision whether provisioning is on
 */
export async function endingOf(kind: string, provision: boolean): Promise<string> {
  let state: FinalState | null = null;
  const client: Pick<BatonClient, 'finishTask' | 'heartbeat'> = {
    finishTask: (_, ended) => {
      state = ended;
      return Promise.resolve();
    },
    heartbeat: () => Promise.reject(new Error('no task needs one')),
  };
  const { signal } = new AbortController();
  const runner = new TaskRunner({
    client: client as BatonClient,
    host: {
      readDirectory: () => Promise.reject(new Error('no task reads')),
      provision: () => Promise.reject(new Error('no task changes anything')),
    },
    settings: { licenses: true, provision, serviceAccount: true },
    answerHello: () => Promise.resolve(),
    onUpload: () => {},
    tempFolder: '/nowhere',
    clock: new FakeClock(),
    randomBytes: (bytes) => new Uint8Array(bytes),
    log: silentLogger,
    metrics: new TaskMetrics(silentMeter, { namespace: 'n', connector: 'c' }),
  });
  const taskType = { case: kind, value: {} } as never;
  await runner.run(create(TaskSchema, { id: '1', taskType }), undefined, { work: signal, report: signal });
  return wordsOf(state);
}

function wordsOf(state: FinalState | null): string {
  if (state?.finalState?.case !== 'error') return 'succeeds';
  const { nonRetryable } = state.finalState.value;
  return `fails${nonRetryable ? ' for good' : ''}: \`${Code[state.status?.code ?? 0]}\``;
}
