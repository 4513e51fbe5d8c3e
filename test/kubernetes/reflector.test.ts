import assert from 'node:assert/strict';
import { after, afterEach, before, suite, test } from 'node:test';
import { type LogFields, silentLogger } from '../../src/core/logger.ts';
import { Store } from '../../src/kubernetes/store.ts';
import type { ConfigMap } from './rig.ts';
import { hasty, isList, isWatch, MAPS, Rig, until } from './rig.ts';

let rig: Rig;

before(async () => {
  rig = await Rig.start('reflector');
});

after(() => rig.stop());

afterEach(() => rig.reset());

const keyOf = (name: string) => `${rig.namespace}/${name}`;

const trouble = [
  {
    because: 'a watch was reset midway, which stops client-node’s informer',
    fault: { kind: 'cut', afterMs: 50 },
  },
  { because: 'a watch was reset before its answer', fault: { kind: 'reset' } },
  { because: 'a watch was answered 500', fault: { kind: 'answer', status: 500 } },
  { because: 'a watch was answered 503', fault: { kind: 'answer', status: 503, retryAfter: 1 } },
  { because: 'a watch was answered 429', fault: { kind: 'answer', status: 429, retryAfter: 1 } },
  { because: 'a watch was forbidden for a while', fault: { kind: 'answer', status: 403 } },
  { because: 'a watch was answered 410', fault: { kind: 'answer', status: 410 } },
  {
    because: 'a watch was refused because of a version from the future',
    fault: { kind: 'answer', status: 504, body: '{"kind":"Status","reason":"Timeout"}' },
  },
  {
    because: 'the stream contained an ERROR event',
    fault: { kind: 'line', line: '{"type":"ERROR","object":{"kind":"Status","code":500}}' },
  },
  {
    because: 'the stream contained an ERROR event with code 410',
    fault: {
      kind: 'line',
      line: '{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}',
    },
  },
  { because: 'the stream contained no JSON', fault: { kind: 'line', line: '<html>' } },
  {
    because: 'an event had an empty object',
    fault: { kind: 'line', line: '{"type":"ADDED","object":{}}' },
  },
  { because: 'a watch ended immediately', fault: { kind: 'answer', status: 200, body: '\n' } },
  { because: 'a watch was never answered', fault: { kind: 'silence' } },
  { because: 'a watch was answered and then fell silent', fault: { kind: 'freeze' } },
] as const;

suite('a reflector sees the next object after', () => {
  for (const [i, { because, fault }] of trouble.entries()) {
    test(because, async () => {
      let faults = 2;
      rig.proxy.faultOf = ({ url }) => (isWatch(url) && faults-- > 0 ? fault : null);
      const { store } = await rig.reflect({ idleMs: 300 });
      await until('the faults have taken effect', () => faults <= 0);
      await rig.createMap(`after-${i}`);
      await until('the new object is in the store', () => store.get(keyOf(`after-${i}`)) !== undefined);
    });
  }
});

suite('a reflector’s list', () => {
  test('is requested again when it fails', async () => {
    let faults = 3;
    rig.proxy.faultOf = ({ url }) => (isList(url) && faults-- > 0 ? { kind: 'answer', status: 503 } : null);
    const { reflector } = await rig.reflect();
    assert.equal(reflector.synced, true);
    assert.ok(faults <= 0);
  });

  test('is read page by page', async () => {
    for (let i = 0; i < 5; i++) await rig.createMap(`paged-${i}`);
    const before = rig.proxy.seen.length;
    const { store } = await rig.reflect({ pageSize: 2 });
    const pages = rig.proxy.seen.slice(before).filter((line) => line.includes('limit=2'));
    assert.equal(pages.length, Math.ceil(store.size / 2));
    for (let i = 0; i < 5; i++) assert.ok(store.get(keyOf(`paged-${i}`)));
  });

  test('is read in smaller pages if one is too large', async () => {
    const large = 'x'.repeat(800_000);
    for (let i = 0; i < 8; i++) await rig.createMap(`large-${i}`, large);
    const before = rig.proxy.seen.length;
    const { store } = await rig.reflect();
    const limits = rig.proxy.seen.slice(before).flatMap((line) => /limit=(\d+)/.exec(line)?.[1] ?? []);
    assert.deepEqual(limits.slice(0, 3), ['500', '250', '125']);
    for (let i = 0; i < 8; i++) {
      assert.equal(store.get(keyOf(`large-${i}`))?.data?.['value'], large);
      await rig.deleteMap(`large-${i}`);
    }
  });

  test('starts again when its continue token has expired, and reports each object once', async () => {
    for (let i = 0; i < 3; i++) await rig.createMap(`token-${i}`);
    let expired = 1;
    rig.proxy.faultOf = ({ url }) =>
      isList(url) && url?.includes('continue=') && expired-- > 0
        ? { kind: 'answer', status: 410, body: '{"kind":"Status","reason":"Expired"}' }
        : null;
    const { store, changes } = await rig.reflect({ pageSize: 2 });
    assert.ok(expired <= 0, 'the fault never occurred');
    for (let i = 0; i < 3; i++) assert.ok(store.get(keyOf(`token-${i}`)));
    const told = changes.map(({ key }) => key);
    assert.equal(new Set(told).size, told.length, 'an object that was read twice is reported once');
  });

  test('that is malformed is not taken for an empty one', async () => {
    await rig.createMap('kept');
    let faults = 2;
    const { store, changes } = await rig.reflect();
    rig.proxy.faultOf = ({ url }) => {
      if (faults <= 0) return null;
      if (isList(url)) faults -= 1;
      return { kind: 'answer', status: isWatch(url) ? 410 : 200, body: '{}' };
    };
    rig.proxy.resetAll();
    await until('the faults have taken effect', () => faults <= 0);
    await rig.createMap('after-nonsense');
    await until('the new object is in the store', () => store.get(keyOf('after-nonsense')) !== undefined);
    assert.ok(!changes.some(({ current }) => current === null), 'no object was reported as deleted');
  });

  const restored = [
    { name: 'gone-back', because: 'the version of the server has gone back', version: () => '3' },
    {
      name: 'bumped',
      because: 'the version of the server was raised (etcdutl --bump-revision)',
      version: (seen: string) => String(Number(seen) + 1_000_000_000),
    },
  ];
  for (const { name, because, version } of restored) {
    test(`accepts the older objects of a server that was restored from a backup: ${because}`, async () => {
      const { store } = await rig.reflect();
      const map = await rig.createMap(name, 'new');
      await until('the object is in the store', () => store.get(keyOf(name)) !== undefined);
      const old = { ...map, metadata: { ...map.metadata, resourceVersion: '2' }, data: { value: 'old' } };
      const list = { metadata: { resourceVersion: version(map.metadata.resourceVersion) }, items: [old] };
      rig.proxy.faultOf = ({ url }) =>
        isWatch(url)
          ? { kind: 'answer', status: 410 }
          : { kind: 'answer', status: 200, body: JSON.stringify(list) };
      rig.proxy.resetAll();
      await until('the older state is in the store', () => store.get(keyOf(name))?.data?.['value'] === 'old');
    });
  }
});

suite('a reflector', () => {
  test('reports a deletion that happened while it was disconnected', async () => {
    await rig.createMap('vanishing');
    const { changes, store } = await rig.reflect();
    rig.proxy.faultOf = ({ url }) => (isWatch(url) ? { kind: 'answer', status: 410 } : null);
    rig.proxy.resetAll();
    await rig.deleteMap('vanishing');
    rig.proxy.faultOf = () => null;
    await until('the deletion is reported', () =>
      changes.some(({ key, current }) => key === keyOf('vanishing') && current === null),
    );
    assert.equal(store.get(keyOf('vanishing')), undefined);
  });

  test('reports an object that was deleted and created again as two changes, not as an update', async () => {
    const first = await rig.createMap('reborn');
    const { changes } = await rig.reflect();
    rig.proxy.faultOf = ({ url }) => ({ kind: 'answer', status: isWatch(url) ? 410 : 503 });
    rig.proxy.resetAll();
    await rig.deleteMap('reborn');
    const second = await rig.createMap('reborn');
    const from = changes.length;
    rig.proxy.faultOf = () => null;
    await until('the second object is reported', () =>
      changes.some(({ current }) => current?.metadata.uid === second.metadata.uid),
    );
    const told = changes
      .slice(from)
      .filter(({ key }) => key === keyOf('reborn'))
      .map(({ previous, current }) => [previous?.metadata.uid ?? null, current?.metadata.uid ?? null]);
    assert.deepEqual(told, [
      [first.metadata.uid, null],
      [null, second.metadata.uid],
    ]);
  });

  test('continues after a handler throws, and reports the next change', async () => {
    const told: string[] = [];
    const errors: unknown[] = [];
    const { store } = await rig.reflect({
      onChange: ({ key }) => {
        told.push(key);
        if (key === keyOf('poison')) throw new Error('a handler failed');
      },
      log: { ...silentLogger, error: (_message, fields) => errors.push(fields?.['error']) },
    });
    await rig.createMap('poison');
    await rig.createMap('antidote');
    await until('the next change is reported', () => told.includes(keyOf('antidote')));
    assert.equal(told.filter((key) => key === keyOf('poison')).length, 1);
    assert.equal(errors.length, 1);
    assert.ok(store.get(keyOf('poison')), 'the object itself is stored anyway');
  });

  const lasting = [
    { because: 'is answered 410', fault: { kind: 'answer', status: 410 } },
    { because: 'is answered 503', fault: { kind: 'answer', status: 503 } },
    { because: 'ends immediately without an error', fault: { kind: 'answer', status: 200, body: '\n' } },
    {
      because: 'delivers an ERROR event',
      fault: { kind: 'line', line: '{"type":"ERROR","object":{"kind":"Status","code":410}}' },
    },
  ] as const;
  for (const { because, fault } of lasting) {
    test(`backs off, and lists no more often than it watches, while every watch ${because}`, async () => {
      const delays: number[] = [];
      const before = rig.proxy.seen.length;
      rig.proxy.faultOf = ({ url }) => (isWatch(url) ? fault : null);
      rig.begin({ clock: { ...hasty(), sleep: (ms) => Promise.resolve(void delays.push(ms)) } });
      await until('the reflector has backed off eight times', () => delays.length >= 8);
      await rig.reset();
      assert.deepEqual(delays.slice(0, 8), [800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
      const asked = rig.proxy.seen.slice(before);
      const [lists, watches] = [asked.filter(isList).length, asked.filter(isWatch).length];
      assert.ok(lists <= watches + 1, `${lists} lists for ${watches} watches`);
    });
  }

  test('logs an object that cannot be indexed, and continues', async () => {
    const store = new Store<ConfigMap>({
      value: ({ metadata, data }) => {
        if (metadata.name === 'unindexed') throw new Error('no index');
        return [data?.['value'] ?? ''];
      },
    });
    const errors: unknown[] = [];
    const options = {
      store,
      log: { ...silentLogger, error: (_message: string, fields?: LogFields) => errors.push(fields?.['key']) },
    };
    await rig.reflect(options);
    await rig.createMap('unindexed');
    await rig.createMap('indexed');
    await until('the next object is in the store', () => store.get(keyOf('indexed')) !== undefined);
    assert.deepEqual(errors, [keyOf('unindexed')]);
    // It does not keep a list from being read either.
    errors.length = 0;
    const { reflector } = await rig.reflect(options);
    assert.equal(reflector.synced, true);
    assert.deepEqual(errors, [keyOf('unindexed')]);
  });

  test('lists again if a 500 persists, since an event of its version may be impossible to decode', async () => {
    let listed = 0;
    const { store } = await rig.reflect();
    rig.proxy.faultOf = ({ url }) => {
      if (isList(url)) listed += 1;
      const status = '{"type":"ERROR","object":{"kind":"Status","code":500,"reason":"InternalError"}}';
      return isWatch(url) && listed === 0 ? { kind: 'line', line: status } : null;
    };
    rig.proxy.resetAll();
    await until('the reflector lists again', () => listed > 0);
    await rig.createMap('after-poison');
    await until('the new object is in the store', () => store.get(keyOf('after-poison')) !== undefined);
    assert.equal(listed, 1);
  });

  test('waits as long as the Retry-After of a 429 requires', async () => {
    const delays: number[] = [];
    let faults = 1;
    rig.proxy.faultOf = ({ url }) =>
      isWatch(url) && faults-- > 0 ? { kind: 'answer', status: 429, retryAfter: 9 } : null;
    await rig.reflect({ clock: hasty((ms) => delays.push(ms)) });
    await until('the fault has taken effect', () => delays.length > 0);
    assert.equal(delays[0], 9_000);
  });

  test('resumes after an outage from the version it has, without listing again', async () => {
    await rig.reflect();
    const before = rig.proxy.seen.length;
    let faults = 3;
    rig.proxy.faultOf = ({ url }) => (isWatch(url) && faults-- > 0 ? { kind: 'answer', status: 503 } : null);
    rig.proxy.resetAll();
    await until('the faults have taken effect', () => faults < 0);
    assert.deepEqual(rig.proxy.seen.slice(before).filter(isList), []);
  });

  test('requests bookmarks and a timeout between five and ten minutes', async () => {
    const before = rig.proxy.seen.length;
    await rig.reflect({ random: () => 0.5 });
    await until('the reflector watches', () => rig.proxy.seen.slice(before).some(isWatch));
    const url = new URL(`http://x${rig.proxy.seen.slice(before).find(isWatch)?.split(' ')[1]}`);
    assert.equal(url.searchParams.get('allowWatchBookmarks'), 'true');
    assert.equal(url.searchParams.get('timeoutSeconds'), '450');
  });

  test('keeps no metadata that the operator does not read', async () => {
    const read = 'runtime.test/read';
    await rig.admin.create<ConfigMap>(MAPS, rig.namespace, {
      metadata: {
        name: 'heavy',
        labels: { team: 'design' },
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', [read]: 'yes' },
        finalizers: ['runtime.test/ours'],
      },
    });
    const { store } = await rig.reflect({ resource: { ...MAPS, annotations: [read] } });
    const { uid, resourceVersion, creationTimestamp, ...metadata } =
      store.get(keyOf('heavy'))?.metadata ?? assert.fail();
    assert.ok(uid && resourceVersion && creationTimestamp);
    assert.deepEqual(metadata, {
      name: 'heavy',
      namespace: rig.namespace,
      annotations: { [read]: 'yes' },
      finalizers: ['runtime.test/ours'],
    });
    await rig.admin.mergePatch(MAPS, rig.namespace, 'heavy', { metadata: { finalizers: null } }, 'test');
  });

  const reasons = [
    {
      fault: { kind: 'answer', status: 410, body: '{"kind":"Status","reason":"Expired"}' },
      reason: 'Expired',
    },
    { fault: { kind: 'answer', status: 503 }, reason: 'Http503' },
    { fault: { kind: 'reset' }, reason: 'Unreachable' },
    { fault: { kind: 'cut', afterMs: 20 }, reason: 'Reset' },
    { fault: { kind: 'freeze' }, reason: 'Idle' },
    { fault: { kind: 'silence' }, reason: 'Idle' },
    { fault: { kind: 'answer', status: 200, body: '\n' }, reason: 'ShortWatch' },
  ] as const;
  for (const { fault, reason } of reasons) {
    test(`counts each restart of a watch by kind and reason: ${fault.kind} is ${reason}`, async () => {
      const counted: unknown[] = [];
      let faults = 1;
      rig.proxy.faultOf = ({ url }) => (isWatch(url) && faults-- > 0 ? fault : null);
      await rig.reflect({
        idleMs: 200,
        meter: {
          counter: () => ({ add: (_amount, labels) => counted.push(labels) }),
          gauge: () => ({ set: () => {}, remove: () => {} }),
          histogram: () => ({ observe: () => {} }),
          forget: () => {},
        },
      });
      await until('the restart is counted', () => counted.length > 0);
      assert.deepEqual(counted[0], { kind: 'ConfigMap', reason });
    });
  }
});
