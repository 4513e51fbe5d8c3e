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
  test('finds objects by their current index values, and not by earlier ones', () => {
    const store = new Store<Thing>({ owner: ({ owner }) => (owner === undefined ? [] : [owner]) });
    store.put(thing('1', { owner: 'alice' }));
    assert.equal(store.by('owner', 'alice').length, 1);
    store.put(thing('2', { owner: 'bob' }));
    assert.deepEqual([store.by('owner', 'alice').length, store.by('owner', 'bob').length], [0, 1]);
    store.remove('ns/a');
    assert.deepEqual([store.by('owner', 'bob').length, store.size], [0, 0]);
  });

  test('finds every object with an index value, as objects are added and removed', () => {
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

  test('stays unchanged if an object cannot be indexed', () => {
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

  test('returns the previous object of a change, and null for the same version again', () => {
    const store = new Store<Thing>();
    assert.deepEqual(store.put(thing('1')), { previous: null });
    assert.equal(store.put(thing('1')), null);
    assert.deepEqual(store.put(thing('2')), { previous: thing('1') });
  });

  test('keeps our own write when the watch delivers an older version', () => {
    const store = new Store<Thing>();
    store.put(thing('1'));
    store.putWritten(thing('3'));
    assert.equal(store.put(thing('2')), null);
    assert.equal(versionOf(store), '3');
  });

  test('reports our own write once the watch delivers it, with the previously reported object', () => {
    const store = new Store<Thing>();
    store.put(thing('1'));
    store.putWritten(thing('2'));
    store.putWritten(thing('4'));
    assert.equal(store.put(thing('2')), null, 'not yet');
    assert.deepEqual(store.put(thing('4')), { previous: thing('1') });
    assert.equal(store.put(thing('4')), null, 'only once');
  });

  test('reports a change of another client that is included in our own write', () => {
    const store = new Store<Thing>();
    store.put(thing('1', { owner: 'alice' }));
    // Another client wrote 2, and 3 is our write on top of it, as returned by the API server.
    store.putWritten(thing('3', { owner: 'bob' }));
    assert.equal(store.put(thing('2', { owner: 'bob' })), null);
    assert.deepEqual(store.put(thing('3', { owner: 'bob' })), { previous: thing('1', { owner: 'alice' }) });
  });

  const lists = [
    {
      because: 'the list is newer than the stored object, so the server was restored with a raised version',
      list: { version: '1000000400', rewound: false },
      taken: true,
    },
    {
      because: 'the list has exactly the version of the stored object',
      list: { version: '500', rewound: false },
      taken: true,
    },
    {
      because: 'the stored object is our own write, which is newer than the list',
      list: { version: '499', rewound: false },
      taken: false,
    },
    {
      because: 'the version of the server has gone back',
      list: { version: '450', rewound: true },
      taken: true,
    },
  ];
  for (const { because, list, taken } of lists) {
    test(`${taken ? 'accepts' : 'ignores'} an older object from a list: ${because}`, () => {
      const store = new Store<Thing>();
      store.put(thing('300'));
      store.putWritten(thing('500'));
      assert.deepEqual(store.put(thing('400'), list), taken ? { previous: thing('300') } : null);
      assert.equal(versionOf(store), taken ? '400' : '500');
    });
  }

  test('accepts a version from the watch that is newer than our own write', () => {
    const store = new Store<Thing>();
    store.put(thing('1'));
    store.putWritten(thing('2'));
    assert.deepEqual(store.put(thing('5')), { previous: thing('1') });
    assert.equal(versionOf(store), '5');
  });

  test('ignores the answer to our own write if the watch has already delivered a newer version', () => {
    const store = new Store<Thing>();
    store.put(thing('1'));
    store.put(thing('3'));
    store.putWritten(thing('2'));
    store.putWritten(thing('3'));
    assert.equal(versionOf(store), '3');
    assert.deepEqual(store.put(thing('4')), { previous: thing('3') });
  });

  test('does not restore a deleted object from a late answer', () => {
    const store = new Store<Thing>();
    store.put(thing('1'));
    store.remove('ns/a', 'u1');
    store.putWritten(thing('2'));
    assert.equal(store.get('ns/a'), undefined);
  });

  test('does not overwrite a new object of the same name with an answer about the old one', () => {
    const store = new Store<Thing>();
    store.put(thing('5', { uid: 'u2' }));
    store.putWritten(thing('9', { uid: 'u1' }));
    assert.equal(store.get('ns/a')?.metadata.uid, 'u2');
  });

  test('keeps a new object of the same name when the deletion of the old one arrives late', () => {
    const store = new Store<Thing>();
    store.put(thing('5', { uid: 'u2' }));
    assert.equal(store.remove('ns/a', 'u1'), undefined);
    assert.equal(store.size, 1);
  });

  test('accepts a new object of the same name whatever its version', () => {
    const store = new Store<Thing>();
    store.put(thing('9'));
    assert.deepEqual(store.put(thing('5', { uid: 'u2' })), { previous: thing('9') });
  });

  test('reports a deletion with the last reported object, not with our own write', () => {
    const store = new Store<Thing>();
    store.put(thing('1'));
    store.putWritten(thing('2'));
    assert.deepEqual(store.remove('ns/a', 'u1'), thing('1'));
    assert.deepEqual(store.put(thing('7', { uid: 'u2' })), { previous: null });
  });

  const ages = [
    { version: '9', than: '10', older: true, because: '9 is older than 10, as a number and not as text' },
    { version: '10', than: '9', older: false, because: '10 is not older than 9' },
    { version: '7', than: '7', older: false, because: 'a version is not older than itself' },
    {
      version: '9007199254740993',
      than: '9007199254740994',
      older: true,
      because: 'numbers above 2^53 are compared exactly',
    },
    { version: 'abc', than: '10', older: false, because: 'a version that is not a number is never older' },
    { version: '10', than: '', older: false, because: 'no version is older than an empty one' },
  ];
  for (const { version, than, older, because } of ages) {
    test(`compares versions: ${because}`, () => {
      assert.equal(isOlderVersion(version, than), older, because);
    });
  }
});
