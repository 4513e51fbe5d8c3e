import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isOlderVersion, type KubernetesObject } from '../../src/kubernetes/resource.ts';
import { Store } from '../../src/kubernetes/store.ts';

interface Thing extends KubernetesObject {
  readonly owner?: string;
}

function thing(resourceVersion: string, more: { owner?: string; uid?: string } = {}): Thing {
  const { uid = 'u1', ...rest } = more;
  return { metadata: { name: 'a', namespace: 'ns', uid, resourceVersion, generation: 1 }, ...rest };
}

const versionOf = (store: Store<Thing>) => store.get('ns/a')?.metadata.resourceVersion;

suite('a store', () => {
  test('finds objects by their indices, and no longer by what they were', () => {
    const store = new Store<Thing>({ owner: ({ owner }) => (owner === undefined ? [] : [owner]) });
    store.put(thing('1', { owner: 'alice' }));
    assert.equal(store.by('owner', 'alice').length, 1);
    store.put(thing('2', { owner: 'bob' }));
    assert.deepEqual([store.by('owner', 'alice').length, store.by('owner', 'bob').length], [0, 1]);
    store.remove('ns/a');
    assert.deepEqual([store.by('owner', 'bob').length, store.size], [0, 0]);
  });

  test('finds every object filed under one value, as they come and go', () => {
    const store = new Store<Thing>({ owner: ({ owner }) => (owner === undefined ? [] : [owner]) });
    const named = (name: string, owner: string): Thing => ({
      metadata: { name, namespace: 'ns', uid: name, resourceVersion: '1', generation: 1 },
      owner,
    });
    const held = () => store.by('owner', 'alice').map(({ metadata }) => metadata.name);
    for (const name of ['a', 'b', 'c']) store.put(named(name, 'alice'));
    assert.deepEqual(held(), ['a', 'b', 'c']);
    store.remove('ns/a');
    store.remove('ns/c');
    assert.deepEqual(held(), ['b']);
    store.put(named('d', 'alice'));
    store.put(named('d', 'alice'));
    assert.deepEqual(held(), ['b', 'd']);
    store.remove('ns/b');
    store.remove('ns/d');
    assert.deepEqual(held(), []);
  });

  test('stays as it was when an index of an object cannot be made', () => {
    const store = new Store<Thing>({
      owner: ({ owner }) => {
        if (owner === 'poison') throw new Error('no index');
        return owner === undefined ? [] : [owner];
      },
    });
    store.put(thing('1', { owner: 'alice' }));
    store.putWritten(thing('2', { owner: 'bob' }));
    assert.throws(() => store.put(thing('3', { owner: 'poison' })), /no index/);
    assert.deepEqual([versionOf(store), store.by('owner', 'bob').length], ['2', 1]);
    assert.deepEqual(store.put(thing('4')), { previous: thing('1', { owner: 'alice' }) });
    assert.equal(store.by('owner', 'bob').length, 0);
  });

  test('tells what was there before, and nothing for the same again', () => {
    const store = new Store<Thing>();
    assert.deepEqual(store.put(thing('1')), { previous: null });
    assert.equal(store.put(thing('1')), null);
    assert.deepEqual(store.put(thing('2')), { previous: thing('1') });
  });

  test('keeps our own write against older news from the watch', () => {
    const store = new Store<Thing>();
    store.put(thing('1'));
    store.putWritten(thing('3'));
    assert.equal(store.put(thing('2')), null);
    assert.equal(versionOf(store), '3');
  });

  test('tells of our own write once the watch has brought it, with what was told before', () => {
    const store = new Store<Thing>();
    store.put(thing('1'));
    store.putWritten(thing('2'));
    store.putWritten(thing('4'));
    assert.equal(store.put(thing('2')), null, 'not yet');
    assert.deepEqual(store.put(thing('4')), { previous: thing('1') });
    assert.equal(store.put(thing('4')), null, 'and once only');
  });

  test('hides nobody else’s change behind a write of ours', () => {
    const store = new Store<Thing>();
    store.put(thing('1', { owner: 'alice' }));
    // Another client wrote 2, and 3 is our write on top of it, as returned by the API server.
    store.putWritten(thing('3', { owner: 'bob' }));
    assert.equal(store.put(thing('2', { owner: 'bob' })), null);
    assert.deepEqual(store.put(thing('3', { owner: 'bob' })), { previous: thing('1', { owner: 'alice' }) });
  });

  const lists = [
    {
      because: 'the list is newer than what is known, so the server was restored and its version raised',
      list: { version: '1000000400', rewound: false },
      taken: true,
    },
    {
      because: 'the list shows the very version of what is known',
      list: { version: '500', rewound: false },
      taken: true,
    },
    {
      because: 'what is known is our own write, which came after the list',
      list: { version: '499', rewound: false },
      taken: false,
    },
    {
      because: 'the server’s version has gone back',
      list: { version: '450', rewound: true },
      taken: true,
    },
  ];
  for (const { because, list, taken } of lists) {
    test(`${taken ? 'takes' : 'skips'} an older object from a list: ${because}`, () => {
      const store = new Store<Thing>();
      store.put(thing('300'));
      store.putWritten(thing('500'));
      assert.deepEqual(store.put(thing('400'), list), taken ? { previous: thing('300') } : null);
      assert.equal(versionOf(store), taken ? '400' : '500');
    });
  }

  test('takes newer news than our own write as they come', () => {
    const store = new Store<Thing>();
    store.put(thing('1'));
    store.putWritten(thing('2'));
    assert.deepEqual(store.put(thing('5')), { previous: thing('1') });
    assert.equal(versionOf(store), '5');
  });

  test('does not take an answer that comes later than the watch', () => {
    const store = new Store<Thing>();
    store.put(thing('1'));
    store.put(thing('3'));
    store.putWritten(thing('2'));
    store.putWritten(thing('3'));
    assert.equal(versionOf(store), '3');
    assert.deepEqual(store.put(thing('4')), { previous: thing('3') });
  });

  test('does not bring a deleted object back with an answer that comes late', () => {
    const store = new Store<Thing>();
    store.put(thing('1'));
    store.remove('ns/a', 'u1');
    store.putWritten(thing('2'));
    assert.equal(store.get('ns/a'), undefined);
  });

  test('does not write the answer for an old object over a new one of its name', () => {
    const store = new Store<Thing>();
    store.put(thing('5', { uid: 'u2' }));
    store.putWritten(thing('9', { uid: 'u1' }));
    assert.equal(store.get('ns/a')?.metadata.uid, 'u2');
  });

  test('lets a late deletion of an old object leave a new one of its name alone', () => {
    const store = new Store<Thing>();
    store.put(thing('5', { uid: 'u2' }));
    assert.equal(store.remove('ns/a', 'u1'), undefined);
    assert.equal(store.size, 1);
  });

  test('takes a new object of the same name whatever its version', () => {
    const store = new Store<Thing>();
    store.put(thing('9'));
    assert.deepEqual(store.put(thing('5', { uid: 'u2' })), { previous: thing('9') });
  });

  test('tells of the object as it was told when it goes before our write came back', () => {
    const store = new Store<Thing>();
    store.put(thing('1'));
    store.putWritten(thing('2'));
    assert.deepEqual(store.remove('ns/a', 'u1'), thing('1'));
    assert.deepEqual(store.put(thing('7', { uid: 'u2' })), { previous: null });
  });

  const ages = [
    { version: '9', than: '10', older: true, because: 'they compare as numbers, not as text' },
    { version: '10', than: '9', older: false, because: 'ten is newer than nine' },
    { version: '7', than: '7', older: false, because: 'the same is not older' },
    { version: '9007199254740993', than: '9007199254740994', older: true, because: 'beyond 2^53 too' },
    { version: 'abc', than: '10', older: false, because: 'no number has no age' },
    { version: '10', than: '', older: false, because: 'none is no number' },
  ];
  for (const { version, than, older, because } of ages) {
    test(`judges the age of a version: ${because}`, () => {
      assert.equal(isOlderVersion(version, than), older, because);
    });
  }
});
