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
  test('is written with its type, reason, note, controller and object', async () => {
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

  test('has the time at which it was recorded, even if it is written an hour later', async () => {
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

  test('is written once, however often it is recorded within five minutes', async () => {
    const object = await rig.createMap('told');
    const { events, clock } = begin();
    const before = writes();
    for (let i = 0; i < 20; i++) events.record(MAPS, object, 'Normal', 'Tested', 'the same');
    events.record(MAPS, object, 'Normal', 'Tested', 'another');
    await events.flush();
    clock.aheadMs = 240_000;
    events.record(MAPS, object, 'Normal', 'Tested', 'the same');
    await events.flush();
    assert.equal(writes() - before, 2);
    assert.equal((await eventsAbout('told')).length, 2);
  });

  test('that is recorded again after five minutes updates the count of the first one', async () => {
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

  test('that is recorded again after the first one was deleted is written anew', async () => {
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
    { because: 'three bytes per character', note: '漢'.repeat(1_000) },
    // The limit cuts through a different byte of a character each time.
    ...[0, 1, 2, 3].map((offset) => ({
      because: `four bytes per character, after ${offset} ASCII characters`,
      note: `${'a'.repeat(offset)}${'🦉'.repeat(600)}`,
    })),
    { because: 'exactly the allowed length', note: 'x'.repeat(1_024) },
  ];
  for (const [i, { because, note }] of longNotes.entries()) {
    test(`with a long note is truncated to what the API server accepts: ${because}`, async () => {
      const { events, lost } = begin();
      events.record(MAPS, await rig.createMap(`long-note-${i}`), 'Normal', 'Tested', note);
      await events.flush();
      assert.deepEqual(lost, []);
      const [event] = await eventsAbout(`long-note-${i}`);
      assert.ok(event && note.startsWith(event.note.replace(/…$/, '')), 'no half character at its end');
      assert.ok(Buffer.byteLength(event.note) > 1_000, 'no more is cut than necessary');
    });
  }

  test('about an object with the longest possible name is written', async () => {
    const { events, lost } = begin();
    // Truncated to the length of an event's name, it would end with the dash.
    const name = `${'a'.repeat(238)}-${'c'.repeat(14)}`;
    events.record(MAPS, await rig.createMap(name), 'Normal', 'Tested', 'a long name');
    await events.flush();
    assert.deepEqual(lost, []);
    assert.equal((await eventsAbout(name)).length, 1);
  });
});

suite('many events', () => {
  /** Creates an object in a namespace of its own. */
  async function createElsewhere(name: string): Promise<ConfigMap> {
    const namespace = `${rig.namespace}-${name}`;
    await rig.createNamespace(namespace);
    return rig.admin.create<ConfigMap>(MAPS, namespace, { metadata: { name } });
  }

  test('are all written, even if 1,500 objects have the same problem at once', async () => {
    const { metadata } = await createElsewhere('many');
    const { events, lost } = begin();
    const before = writes();
    for (let i = 0; i < 1_500; i++) {
      const object = { metadata: { ...metadata, name: `many-${i}`, uid: `many-${i}` } };
      events.record(MAPS, object, 'Warning', 'Tested', 'the same problem');
    }
    await events.written();
    assert.deepEqual(lost, []);
    assert.equal(writes() - before, 1_500);
  });

  test('of one namespace delay an event of another namespace by fewer than ten writes', async () => {
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

  test('are written although the request for one of them gets no answer', async () => {
    const object = await rig.createMap('held-up');
    let silent = 1;
    rig.proxy.faultOf = ({ method }) => (method === 'POST' && silent-- > 0 ? { kind: 'silence' } : null);
    const { events, lost } = begin();
    for (let i = 0; i < 20; i++) events.record(MAPS, object, 'Normal', 'Tested', `note ${i}`);
    await until('the other events are written', async () => (await eventsAbout('held-up')).length === 19);
    // The answers to the last of them may still be in flight.
    await events.flush(1_000);
    assert.equal(lost.length, 1);
  });

  test('lose the newest one of the namespace that has the most when the backlog is full', () => {
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
  test('is logged, and is written when it is recorded again', async () => {
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

  test('because its namespace is terminating is logged', async () => {
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

  test('does not delay a flush beyond its time limit, and is logged', async () => {
    const object = await rig.createMap('hurried');
    rig.proxy.faultOf = ({ method }) => (method === 'POST' ? { kind: 'silence' } : null);
    const { events, lost } = begin();
    for (let i = 0; i < 50; i++) events.record(MAPS, object, 'Normal', 'Tested', `note ${i}`);
    const begun = performance.now();
    await events.flush(100);
    assert.ok(performance.now() - begun < 2_000, `it took ${performance.now() - begun} ms`);
    assert.equal(lost.length, 50);
  });

  test('is logged instead of queued if 5,000 of its namespace are already waiting', async () => {
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
