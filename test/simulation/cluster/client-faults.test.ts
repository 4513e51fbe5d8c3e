import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asanaLicenseGrants, FIELD_MANAGER } from '../../../src/api/resources.ts';
import { isExpired, KubernetesError } from '../../../src/kubernetes/errors.ts';
import type { KubernetesObject } from '../../../src/kubernetes/resource.ts';
import { grant } from '../../api/manifests.ts';
import { FakeClock, settle } from '../../asana/fake-clock.ts';
import { SimulatedCluster } from './simulated-cluster.ts';

const KIND = asanaLicenseGrants.kind;

/** Creates a cluster with one grant and one process. */
async function world() {
  const clock = new FakeClock();
  let draws = 0;
  const cluster = new SimulatedCluster({ clock, random: () => (draws++ % 16) / 16 });
  cluster.createNamespace('iga');
  await cluster.apply({ ...grant(), metadata: { name: 'alice', namespace: 'iga' } });
  return { clock, cluster, ...cluster.connect('operator') };
}

type World = Awaited<ReturnType<typeof world>>;

function label({ client }: World, value: string): Promise<KubernetesObject> {
  const patch = { metadata: { labels: { value } } };
  return client.mergePatch<KubernetesObject>(asanaLicenseGrants, 'iga', 'alice', patch, FIELD_MANAGER);
}

function labelOf({ cluster }: World): string | undefined {
  return cluster.object(KIND, 'iga', 'alice')?.metadata.labels?.['value'];
}

async function failureOf(call: Promise<unknown>): Promise<KubernetesError> {
  const failure: unknown = await call.then(
    () => assert.fail('it did not fail'),
    (error: unknown) => error,
  );
  assert.ok(failure instanceof KubernetesError, String(failure));
  return failure;
}

/** Opens a watch on the grants and records what it delivers. */
async function watchOf({ client, cluster }: World) {
  const resourceVersion = cluster.object(KIND, 'iga', 'alice')?.metadata.resourceVersion ?? '';
  const seen: string[] = [];
  const lines = client.watch(
    asanaLicenseGrants,
    'iga',
    { resourceVersion, timeoutSeconds: 600 },
    new AbortController().signal,
  );
  const read = async () => {
    for await (const { type } of lines) seen.push(type);
  };
  const ended = read().then(
    () => seen.push('(end)'),
    () => seen.push('(error)'),
  );
  await settle();
  return { seen, ended };
}

for (const { reason, status, seconds } of [
  { reason: 'Conflict', status: 409 },
  { reason: 'Expired', status: 410 },
  { reason: 'TooManyRequests', status: 429, seconds: 7 },
  { reason: 'InternalError', status: 500 },
  { reason: 'ServiceUnavailable', status: 503, seconds: 1 },
] as const) {
  test(`a call that is refused with ${status} changes nothing, and the next one succeeds`, async () => {
    const w = await world();
    const retry = seconds === undefined ? {} : { retryAfterSeconds: seconds };
    w.faults.plan({ type: 'Refused', reason, ...retry }, { operations: ['mergePatch'], kind: KIND });
    assert.ok(await w.client.get(asanaLicenseGrants, 'iga', 'alice'), 'other operations are not affected');
    const failure = await failureOf(label(w, 'one'));
    assert.equal(failure.status, status);
    assert.equal(failure.code, reason);
    assert.equal(failure.retryAfterMs, seconds === undefined ? undefined : seconds * 1000);
    assert.equal(labelOf(w), undefined);
    await label(w, 'two');
    assert.equal(labelOf(w), 'two');
  });
}

test('a call whose answer is lost takes effect, and one whose request is lost does not', async () => {
  const w = await world();
  w.faults.plan({ type: 'AnswerLost' });
  assert.equal((await failureOf(label(w, 'done'))).code, 'Unreachable');
  assert.equal(labelOf(w), 'done');
  w.faults.plan({ type: 'RequestLost' });
  assert.equal((await failureOf(label(w, 'lost'))).code, 'Unreachable');
  assert.equal(labelOf(w), 'done');
});

test('a slow call takes effect after half of its time and is answered at its end', async () => {
  const w = await world();
  w.faults.plan({ type: 'Slow', ms: 1000 });
  let answered = false;
  const slow = label(w, 'slow').finally(() => {
    answered = true;
  });
  await w.clock.advance(499);
  assert.equal(labelOf(w), undefined);
  await w.clock.advance(1);
  assert.equal(labelOf(w), 'slow');
  assert.equal(answered, false);
  await w.clock.advance(500);
  assert.equal((await slow).metadata.generation, 1);
});

test('a call that exceeds the time limit of the client fails with Timeout', async () => {
  const w = await world();
  w.faults.plan({ type: 'Slow', ms: 100_000 });
  const failure = failureOf(label(w, 'slow'));
  await w.clock.advance(30_000);
  assert.equal((await failure).code, 'Timeout');
});

test('a disconnected process gets no answer, and its later calls fail', async () => {
  const w = await world();
  const { seen, ended } = await watchOf(w);
  w.faults.plan({ type: 'Slow', ms: 1000 });
  const under = failureOf(label(w, 'under way'));
  await settle();
  w.disconnect();
  assert.equal((await under).code, 'Unreachable');
  assert.equal((await failureOf(label(w, 'late'))).code, 'Unreachable');
  await ended;
  assert.deepEqual(seen, ['(error)']);
  assert.notEqual(labelOf(w), 'late');
});

for (const { fault, seen: wanted } of [
  { fault: { type: 'Ended' }, seen: ['(end)'] },
  { fault: { type: 'Reset' }, seen: ['(error)'] },
  { fault: { type: 'Expired' }, seen: ['ERROR', '(end)'] },
] as const) {
  test(`open watches of the kind end on the fault ${fault.type}`, async () => {
    const w = await world();
    const { seen, ended } = await watchOf(w);
    w.faults.watches({ type: 'Reset' }, 'AsanaConnector');
    await settle();
    assert.deepEqual(seen, [], 'a fault of another kind has no effect');
    w.faults.watches(fault, KIND);
    await ended;
    assert.deepEqual(seen, wanted);
  });
}

test('a delayed event delays those behind it, and none is lost', async () => {
  const w = await world();
  const { seen } = await watchOf(w);
  w.faults.watches({ type: 'Delayed', ms: 5000 }, KIND);
  await label(w, 'one');
  await w.cluster.remove(KIND, 'iga', 'alice');
  await w.clock.advance(4999);
  assert.deepEqual(seen, []);
  await w.clock.advance(1);
  assert.deepEqual(seen, ['MODIFIED', 'DELETED']);
});

test('a version expires once it is compacted, which happens every five minutes', async () => {
  const w = await world();
  const first = await w.client.list<KubernetesObject>(asanaLicenseGrants, null, { limit: 1 });
  await w.cluster.apply({ ...grant(), metadata: { name: 'bob', namespace: 'iga' } });
  const { next } = await w.client.list(asanaLicenseGrants, null, { limit: 1 });
  for (const minutes of [5, 5, 5]) {
    await w.clock.advance(minutes * 60_000);
    await label(w, String(w.clock.now()));
  }
  assert.ok(isExpired(await failureOf(w.client.list(asanaLicenseGrants, null, { limit: 1, next }))));
  const lines = w.client.watch(
    asanaLicenseGrants,
    null,
    { resourceVersion: first.resourceVersion, timeoutSeconds: 60 },
    new AbortController().signal,
  );
  const { value } = await lines.next();
  assert.equal(value?.type, 'ERROR');
  await lines.return(undefined);
});

test('an event expires after an hour, and stays in the record of all events', async () => {
  const w = await world();
  await w.client.createEvent('iga', {
    metadata: { name: 'alice.1', namespace: 'iga' },
    eventTime: '2026-11-24T08:00:00.000000Z',
    reportingController: 'asana-connector',
    reportingInstance: 'pod-1',
    type: 'Warning',
    reason: 'UserIsGuest',
    action: 'Reconcile',
    note: 'A guest.',
  });
  await w.clock.advance(3_600_000);
  const series = { count: 2, lastObservedTime: '2026-11-24T09:00:00.000000Z' };
  assert.equal(
    (await failureOf(w.client.patchEvent('iga', 'alice.1', { series }, FIELD_MANAGER))).code,
    'NotFound',
  );
  assert.deepEqual(
    w.cluster.events().map(({ by, reason, count }) => ({ by, reason, count })),
    [{ by: 'operator', reason: 'UserIsGuest', count: 1 }],
  );
});

test('every write is reported with its writer and the object before and after', async () => {
  const w = await world();
  const told: unknown[] = [];
  w.cluster.onWrite(({ by, verb, kind, before, after }) =>
    told.push([by, verb, kind, before?.metadata.generation, after?.metadata.generation]),
  );
  await label(w, 'one');
  await w.cluster.edit(KIND, 'iga', 'alice', { spec: { license: 'ViewOnly' } });
  await w.cluster.edit(KIND, 'iga', 'alice', { spec: { license: 'ViewOnly' } });
  await w.cluster.remove(KIND, 'iga', 'alice');
  assert.deepEqual(told, [
    ['operator', 'patch', KIND, 1, 1],
    ['kubectl', 'patch', KIND, 1, 2],
    ['kubectl', 'delete', KIND, 2, undefined],
  ]);
});

test('an object that a client returns is a copy: changing it changes nothing that is stored', async () => {
  const w = await world();
  const read = await w.client.get<KubernetesObject & { spec: { license: string } }>(
    asanaLicenseGrants,
    'iga',
    'alice',
  );
  assert.ok(read);
  read.spec.license = 'ViewOnly';
  const stored = w.cluster.object(KIND, 'iga', 'alice')?.['spec'];
  assert.deepEqual(stored, { ...read.spec, license: 'Enterprise' });
});
