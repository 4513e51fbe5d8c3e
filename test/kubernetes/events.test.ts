import assert from 'node:assert/strict';
import { after, afterEach, before, suite, test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import type { LogFields } from '../../src/core/logger.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { EventBacklog } from '../../src/kubernetes/event-backlog.ts';
import { EventRecorder } from '../../src/kubernetes/events.ts';
import { type ConfigMap, EVENTS, MAPS, Rig, until } from './rig.ts';

interface StoredEvent {
  readonly metadata: { readonly name: string };
  readonly note: string;
  readonly eventTime: string;
  readonly reason: string;
  readonly type: string;
  readonly regarding: { readonly name: string; readonly apiVersion: string };
  readonly reportingController: string;
  readonly series?: { readonly count: number };
}

let rig: Rig;

before(async () => {
  rig = await Rig.start('events');
});

after(() => rig.stop());

afterEach(() => rig.reset());

/** Returns a recorder with a clock that the test advances: events go to a real server and age without waiting. */
function begin() {
  const clock = {
    ...systemClock,
    aheadMs: 0,
    now: () => systemClock.now() + clock.aheadMs,
    monotonic: () => systemClock.monotonic() + clock.aheadMs,
  };
  const lost: (LogFields | undefined)[] = [];
  const log = { ...silentLogger, warn: (_message: string, fields?: LogFields) => lost.push(fields) };
  const events = new EventRecorder({
    client: rig.client,
    controller: 'test',
    instance: 'test-1',
    clock,
    log,
  });
  return { events, clock, lost };
}

async function eventsAbout(name: string): Promise<StoredEvent[]> {
  const page = await rig.admin.list<StoredEvent>(EVENTS, rig.namespace, { limit: 500 });
  return page.items.filter(({ regarding }) => regarding.name === name);
}

const writes = () => rig.proxy.seen.filter((line) => /^(POST|PATCH).*\/events/.test(line)).length;

suite('an event', () => {
  test('reaches the API server as it was told', async () => {
    const { events } = begin();
    events.record(MAPS, await rig.createMap('plain'), 'Warning', 'Tested', 'It was tested.', 'Test');
    await events.flush();
    const [event, ...more] = await eventsAbout('plain');
    assert.deepEqual(more, []);
    assert.deepEqual(
      [event?.type, event?.reason, event?.note, event?.reportingController, event?.regarding.apiVersion],
      ['Warning', 'Tested', 'It was tested.', 'test', 'v1'],
    );
  });

  test('says when it happened, however much later it is written', async () => {
    const object = await rig.createMap('late');
    const { events, clock } = begin();
    const at = clock.now();
    events.record(MAPS, object, 'Normal', 'Tested', 'keeps the writer busy');
    events.record(MAPS, object, 'Normal', 'Tested', 'waits behind it');
    clock.aheadMs = 3_600_000;
    await events.flush();
    for (const { note, eventTime } of await eventsAbout('late'))
      assert.ok(Date.parse(eventTime) - at < 60_000, `${note}: ${eventTime}`);
  });

  test('is written once, however often it is told within five minutes', async () => {
    const object = await rig.createMap('told');
    const { events } = begin();
    const before = writes();
    for (let i = 0; i < 20; i++) events.record(MAPS, object, 'Normal', 'Tested', 'the same');
    events.record(MAPS, object, 'Normal', 'Tested', 'another');
    await events.flush();
    assert.equal(writes() - before, 2);
    assert.equal((await eventsAbout('told')).length, 2);
  });

  test('that comes again after five minutes becomes a count on the first one', async () => {
    const object = await rig.createMap('repeated');
    const { events, clock } = begin();
    for (let i = 0; i < 3; i++) events.record(MAPS, object, 'Normal', 'Tested', 'again');
    await events.flush();
    clock.aheadMs = 300_000;
    events.record(MAPS, object, 'Normal', 'Tested', 'again');
    await events.flush();
    const found = await eventsAbout('repeated');
    assert.deepEqual(
      found.map(({ series }) => series?.count),
      [4],
    );
  });

  test('that comes again when the first one has been let go is told anew', async () => {
    const object = await rig.createMap('forgotten');
    const { events, clock, lost } = begin();
    events.record(MAPS, object, 'Normal', 'Tested', 'again');
    await events.flush();
    const [first] = await eventsAbout('forgotten');
    const path = `/apis/events.k8s.io/v1/namespaces/${rig.namespace}/events/${first?.metadata.name}`;
    await rig.direct.send({ method: 'DELETE', path });
    clock.aheadMs = 3_600_000;
    events.record(MAPS, object, 'Normal', 'Tested', 'again');
    await events.flush();
    assert.equal((await eventsAbout('forgotten')).length, 1);
    assert.deepEqual(lost, []);
  });

  const longNotes = [
    { because: 'ASCII', note: 'x'.repeat(5_000) },
    { because: 'three bytes a character', note: '漢'.repeat(1_000) },
    { because: 'four bytes a character, at every offset', note: `a${'🦉'.repeat(600)}` },
    { because: 'exactly as long as is allowed', note: 'x'.repeat(1_024) },
  ];
  for (const [i, { because, note }] of longNotes.entries()) {
    test(`with a long note is cut to what the API server takes: ${because}`, async () => {
      const { events, lost } = begin();
      events.record(MAPS, await rig.createMap(`long-note-${i}`), 'Normal', 'Tested', note);
      await events.flush();
      assert.deepEqual(lost, []);
      const [event] = await eventsAbout(`long-note-${i}`);
      assert.ok(event && note.startsWith(event.note.replace(/…$/, '')), 'no half character at its end');
      assert.ok(Buffer.byteLength(event.note) > 1_000, 'no more was cut than had to be');
    });
  }

  test('about an object with the longest name there is fits too', async () => {
    const { events, lost } = begin();
    // Truncated to the length of an event's name, it would end with the dash.
    const name = `${'a'.repeat(238)}-${'c'.repeat(14)}`;
    events.record(MAPS, await rig.createMap(name), 'Normal', 'Tested', 'a long name');
    await events.flush();
    assert.deepEqual(lost, []);
    assert.equal((await eventsAbout(name)).length, 1);
  });
});

suite('of many events', () => {
  /** Creates an object in a namespace of its own. */
  async function createElsewhere(name: string): Promise<ConfigMap> {
    const namespace = `${rig.namespace}-${name}`;
    await rig.createNamespace(namespace);
    return rig.admin.create<ConfigMap>(MAPS, namespace, { metadata: { name } });
  }

  test('all are written, even of fifteen hundred objects that have the same trouble at once', async () => {
    const object = await createElsewhere('many');
    const { events, lost } = begin();
    const before = writes();
    for (let i = 0; i < 1_500; i++) events.record(MAPS, object, 'Warning', 'Tested', `trouble ${i}`);
    await events.written();
    assert.deepEqual(lost, []);
    assert.equal(writes() - before, 1_500);
  });

  test('those of one namespace wait for no more than one of another, however many that has', async () => {
    const [flood, mine] = [await createElsewhere('flood'), await createElsewhere('mine')];
    const { events } = begin();
    for (let i = 0; i < 500; i++) events.record(MAPS, flood, 'Warning', 'Tested', `trouble ${i}`);
    events.record(MAPS, mine, 'Warning', 'Tested', 'mine');
    const before = rig.proxy.seen.length;
    await events.written();
    const place = rig.proxy.seen
      .slice(before)
      .findIndex((line) => line.includes(`${mine.metadata.namespace}/events`));
    assert.ok(place >= 0 && place < 10, `it came after ${place} others`);
  });

  test('one that gets no answer does not hold up the others', async () => {
    const object = await rig.createMap('held-up');
    let silent = 1;
    rig.proxy.faultOf = ({ method }) => (method === 'POST' && silent-- > 0 ? { kind: 'silence' } : null);
    const { events, lost } = begin();
    for (let i = 0; i < 20; i++) events.record(MAPS, object, 'Normal', 'Tested', `note ${i}`);
    await until('the others are written', async () => (await eventsAbout('held-up')).length === 19);
    // The answers to the last of them may still be in flight.
    await events.flush(1_000);
    assert.equal(lost.length, 1);
  });

  test('the newest of whoever has the most make room for those of others', () => {
    const backlog = new EventBacklog<string>();
    for (const tenant of ['a', 'b'])
      for (let i = 0; i < 5_000; i++) assert.equal(backlog.push(tenant, `${tenant}${i}`), null);
    assert.equal(backlog.push('a', 'more'), 'more');
    assert.equal(backlog.push('c', 'c0'), 'a4999');
    assert.equal(backlog.push('c', 'c1'), 'b4999');
    assert.deepEqual(
      Array.from({ length: 5 }, () => backlog.take()),
      ['a0', 'b0', 'c0', 'a1', 'b1'],
    );
  });
});

suite('an event that cannot be written', () => {
  test('fails nobody, is in the log, and is told when it comes again', async () => {
    const object = await rig.createMap('untold');
    rig.proxy.faultOf = ({ method }) => (method === 'POST' ? { kind: 'answer', status: 403 } : null);
    const { events, lost } = begin();
    events.record(MAPS, object, 'Normal', 'Tested', 'lost');
    await events.flush();
    assert.deepEqual(
      lost.map((fields) => [fields?.['name'], fields?.['reason'], fields?.['note']]),
      [['untold', 'Tested', 'lost']],
    );
    rig.proxy.faultOf = () => null;
    events.record(MAPS, object, 'Normal', 'Tested', 'lost');
    await events.flush();
    assert.equal((await eventsAbout('untold')).length, 1);
  });

  test('because its namespace is terminating goes to the log', async () => {
    const namespace = `${rig.namespace}-going`;
    await rig.createNamespace(namespace);
    const object = await rig.admin.create<ConfigMap>(MAPS, namespace, {
      metadata: { name: 'held', finalizers: ['runtime.test/hold'] },
    });
    await rig.direct.send({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` });
    const { events, lost } = begin();
    events.record(MAPS, object, 'Normal', 'Released', 'left as it is');
    await events.flush();
    assert.equal(lost.length, 1);
    await rig.admin.mergePatch(MAPS, namespace, 'held', { metadata: { finalizers: null } }, 'test');
  });

  test('does not keep a process that ends: what is left goes to the log', async () => {
    const object = await rig.createMap('hurried');
    rig.proxy.faultOf = ({ method }) => (method === 'POST' ? { kind: 'silence' } : null);
    const { events, lost } = begin();
    for (let i = 0; i < 50; i++) events.record(MAPS, object, 'Normal', 'Tested', `note ${i}`);
    const begun = performance.now();
    await events.flush(100);
    assert.ok(performance.now() - begun < 2_000, `it took ${performance.now() - begun} ms`);
    assert.equal(lost.length, 50);
  });

  test('does not fill the memory: what is above five thousand of a namespace goes to the log', async () => {
    const object = await rig.createMap('flooded');
    rig.proxy.faultOf = ({ method }) => (method === 'POST' ? { kind: 'silence' } : null);
    const { events, lost } = begin();
    for (let i = 0; i < 5_500; i++) events.record(MAPS, object, 'Normal', 'Tested', `note ${i}`);
    // Four of them are in flight.
    assert.equal(lost.length, 496);
    await events.flush(0);
    assert.equal(lost.length, 5_500);
  });
});
