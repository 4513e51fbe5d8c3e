import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, suite, test } from 'node:test';
import type { GrantObject } from '../../src/api/kinds.ts';
import { asanaLicenseGrants, FIELD_MANAGER } from '../../src/api/resources.ts';
import { isConflict, isNotFound } from '../../src/kubernetes/errors.ts';
import { ObjectWriter } from '../../src/kubernetes/object-writer.ts';
import { keyOf, leanOf } from '../../src/kubernetes/resource.ts';
import { Store } from '../../src/kubernetes/store.ts';
import { grant } from '../api/manifests.ts';
import { installKinds } from '../controlplane/installed-kinds.ts';
import { Rig, WIDGETS, type Widget, type WidgetStatus } from './rig.ts';

const OURS = 'runtime.test/ours';
const OTHERS = 'runtime.test/others';

let rig: Rig;
let store: Store<Widget>;
let writer: ObjectWriter<Widget>;

before(async () => {
  rig = await Rig.start('writer');
  await rig.installWidgets();
  await installKinds(rig.direct);
});

after(() => rig.stop());

beforeEach(() => {
  store = new Store<Widget>();
  writer = new ObjectWriter<Widget>(rig.client, WIDGETS, store, 'test');
});

afterEach(() => rig.reset());

/** Creates a widget, and puts it into the store as a watch would. */
async function known(name: string, finalizers: string[] = []): Promise<Widget> {
  const widget = await rig.admin.create<Widget>(WIDGETS, rig.namespace, {
    apiVersion: 'runtime.test/v1',
    kind: 'Widget',
    metadata: { name, finalizers },
    spec: { size: 1 },
  });
  store.put(widget);
  return widget;
}

const live = (name: string) => rig.admin.get<Widget>(WIDGETS, rig.namespace, name);
const patches = () => rig.proxy.seen.filter((line) => line.startsWith('PATCH')).length;
const edit = (name: string, patch: object) =>
  rig.admin.mergePatch<Widget>(WIDGETS, rig.namespace, name, patch, 'somebody');

async function remove(name: string): Promise<void> {
  const path = `/apis/runtime.test/v1/namespaces/${rig.namespace}/widgets/${name}`;
  await rig.direct.send({ method: 'DELETE', path });
}

suite('a status', () => {
  test('is written, and is in the store without waiting for the watch', async () => {
    const widget = await known('written');
    const written = await writer.writeStatus(widget, { size: 3, notes: ['a', 'b'] });
    assert.deepEqual((await live('written'))?.status, { size: 3, notes: ['a', 'b'] });
    assert.deepEqual(store.get(keyOf(widget)), written);
    assert.equal(
      written.metadata.generation,
      widget.metadata.generation,
      'a status does not change the generation',
    );
  });

  test('is not sent again if nothing in it changed, whatever the order of its fields', async () => {
    const widget = await known('steady');
    const written = await writer.writeStatus(widget, { size: 3, notes: ['a'] });
    const before = patches();
    const again: WidgetStatus = JSON.parse('{"notes":["a"],"size":3}') as WidgetStatus;
    assert.equal(await writer.writeStatus(written, again), written);
    const undefinedField = { size: 3, notes: ['a'], more: undefined };
    assert.equal(await writer.writeStatus(written, undefinedField), written);
    assert.equal(patches(), before);
  });

  test('loses the fields that the new status does not have', async () => {
    const written = await writer.writeStatus(await known('leaner'), { size: 3, notes: ['a'] });
    await writer.writeStatus(written, { size: 3 });
    assert.deepEqual((await live('leaner'))?.status, { size: 3 });
  });

  test('is rejected with a conflict if the object was edited since it was read', async () => {
    const widget = await known('moved');
    await edit('moved', { spec: { size: 2 } });
    await assert.rejects(writer.writeStatus(widget, { size: 1 }), isConflict);
    assert.equal((await live('moved'))?.status, undefined);
  });

  test('is rejected with a conflict if another object has taken the name', async () => {
    const widget = await known('replaced');
    await remove('replaced');
    await known('replaced');
    await assert.rejects(writer.writeStatus(widget, { size: 1 }), isConflict);
    assert.equal((await live('replaced'))?.status, undefined);
  });

  test('of a deleted object is rejected, and does not create the object again', async () => {
    const widget = await known('gone');
    await remove('gone');
    await assert.rejects(
      writer.writeStatus(widget, { size: 1 }),
      (error) => isNotFound(error) || isConflict(error),
    );
    assert.equal(await live('gone'), null);
  });

  for (const status of [500, 503, 429]) {
    test(`that is answered ${status} fails with that status, and leaves the store unchanged`, async () => {
      const widget = await known(`failed-${status}`);
      rig.proxy.faultOf = ({ method }) => (method === 'PATCH' ? { kind: 'answer', status } : null);
      await assert.rejects(writer.writeStatus(widget, { size: 1 }), { status });
      assert.equal(store.get(keyOf(widget)), widget);
    });
  }
});

suite('a status that another manager also wrote', () => {
  const NOW = '2026-11-24T08:00:00Z';
  const condition = (type: string, status: string, message: string) => ({
    type,
    status,
    reason: 'Tested',
    message,
    observedGeneration: 1,
    lastTransitionTime: NOW,
  });
  const ready = [condition('Ready', 'True', 'It is well.')];
  const underWay = [
    condition('Ready', 'False', 'It begins.'),
    condition('Reconciling', 'True', 'It begins.'),
  ];
  const beforehand = { action: 'GrantEnterprise', reason: 'It is declared.' };
  const grants = new Store<GrantObject>();
  const grantWriter = () => new ObjectWriter(rig.client, asanaLicenseGrants, grants, FIELD_MANAGER);

  async function declared(name: string): Promise<GrantObject> {
    const { apiVersion, kind, spec } = grant();
    const body = { apiVersion, kind, metadata: { name }, spec };
    return leanOf(
      await rig.admin.create<GrantObject>(asanaLicenseGrants, rig.namespace, body),
      asanaLicenseGrants,
    );
  }

  /** Writes a status as another manager; returns the grant as the watch would deliver it. */
  async function rewrite(name: string, status: object, manager: string): Promise<GrantObject> {
    const written = await rig.admin.patchStatus<GrantObject>(
      asanaLicenseGrants,
      rig.namespace,
      name,
      { status },
      manager,
    );
    return leanOf(written, asanaLicenseGrants);
  }

  const liveStatus = async (name: string) =>
    (await rig.admin.get<GrantObject>(asanaLicenseGrants, rig.namespace, name))?.status;
  const statusOf = (status: object) => status as NonNullable<GrantObject['status']>;

  test('loses the fields of the other manager, even within a condition or an object', async () => {
    const writer = grantWriter();
    await declared('restored');
    let object = await rewrite('restored', { conditions: underWay, planned: beforehand }, 'velero-server');
    const statuses = [
      // At first every field differs, so the other manager keeps owning the fields that stay the same.
      {
        conditions: [condition('Ready', 'False', 'It waits.'), condition('Reconciling', 'True', 'It waits.')],
      },
      { conditions: ready, user: { gid: '1' } },
      { conditions: underWay, planned: { ...beforehand, reason: 'Once more.' } },
      { conditions: ready },
    ];
    for (const status of statuses) {
      const before = patches();
      // An undefined field counts as absent.
      object = await writer.writeStatus(object, statusOf({ user: undefined, planned: undefined, ...status }));
      assert.equal(patches() - before, 1, 'each status is one write');
      assert.deepEqual(await liveStatus('restored'), status);
      assert.equal(await writer.writeStatus(object, statusOf(status)), object);
    }
  });

  test('loses a field that the other manager added after our first write', async () => {
    const writer = grantWriter();
    const object = await declared('edited');
    await writer.writeStatus(object, statusOf({ conditions: underWay }));
    const edited = await rewrite('edited', { planned: beforehand }, 'kubectl-edit');
    await writer.writeStatus(edited, statusOf({ conditions: ready }));
    assert.deepEqual(await liveStatus('edited'), { conditions: ready });
  });

  test('is overwritten even if its managedFields were removed', async () => {
    const writer = grantWriter();
    const object = await declared('nameless');
    await writer.writeStatus(object, statusOf({ conditions: underWay, planned: beforehand }));
    const nameless = await rig.admin.mergePatch<GrantObject>(
      asanaLicenseGrants,
      rig.namespace,
      'nameless',
      { metadata: { managedFields: [{}] } },
      'somebody',
    );
    await writer.writeStatus(leanOf(nameless, asanaLicenseGrants), statusOf({ conditions: ready }));
    assert.deepEqual(await liveStatus('nameless'), { conditions: ready });
  });

  test('is rejected with a conflict if the object has changed since it was read', async () => {
    await declared('moving');
    const object = await rewrite('moving', { conditions: underWay }, 'velero-server');
    await rewrite('moving', { conditions: ready }, 'velero-server');
    await assert.rejects(grantWriter().writeStatus(object, statusOf({ observedGeneration: 1 })), isConflict);
  });

  test('is written by server-side apply while no other manager owns a part of it', async () => {
    const writer = grantWriter();
    let object = await declared('alone');
    object = await writer.writeStatus(object, statusOf({ conditions: ready }));
    object = await writer.writeStatus(object, statusOf({ observedGeneration: 1 }));
    assert.match(rig.proxy.seen.findLast((line) => line.startsWith('PATCH')) ?? '', /force=true/);
  });
});

suite('a finalizer', () => {
  test('is added and removed without touching those of others', async () => {
    const widget = await known('finalized', [OTHERS]);
    const added = await writer.addFinalizer(widget, OURS);
    assert.deepEqual(added.metadata.finalizers, [OTHERS, OURS]);
    assert.deepEqual(store.get(keyOf(widget)), added);
    const removed = await writer.removeFinalizer(added, OURS);
    assert.deepEqual(removed.metadata.finalizers, [OTHERS]);
  });

  test('that is present is not added again, and one that is absent is not removed', async () => {
    const widget = await known('idle', [OURS]);
    const before = patches();
    assert.equal(await writer.addFinalizer(widget, OURS), widget);
    assert.equal(await writer.removeFinalizer(widget, 'runtime.test/unknown'), widget);
    assert.equal(patches(), before);
  });

  test('is not written from an outdated copy, which would drop a finalizer that was added since', async () => {
    const widget = await known('contended');
    await edit('contended', { metadata: { finalizers: [OTHERS] } });
    await assert.rejects(writer.addFinalizer(widget, OURS), isConflict);
    assert.deepEqual((await live('contended'))?.metadata.finalizers, [OTHERS]);
  });

  test('is not added to another object that has taken the name', async () => {
    const widget = await known('impostor');
    await remove('impostor');
    await known('impostor');
    await assert.rejects(writer.addFinalizer(widget, OURS), isConflict);
    assert.equal((await live('impostor'))?.metadata.finalizers, undefined);
  });

  test('completes the deletion of an object when it is removed as the last one', async () => {
    const widget = await known('last', [OURS]);
    await remove('last');
    const dying = (await live('last')) as Widget;
    store.put(dying);
    await writer.removeFinalizer(dying, OURS);
    assert.equal(await live('last'), null);
    assert.equal(
      store.get(keyOf(widget)),
      dying,
      'the store keeps the object until the watch reports its deletion',
    );
  });

  test('keeps the finalizers of others even if they are too many for the store', async () => {
    const many = Array.from({ length: 300 }, (_, index) => `runtime.other/f${index}`);
    const lean = leanOf(await known('crowded', many), WIDGETS);
    store.put(lean);
    assert.equal(lean.metadata.finalizers?.length, 0);
    const kept = await writer.addFinalizer(lean, OURS);
    assert.deepEqual(kept.metadata.finalizers, [OURS]);
    assert.deepEqual((await live('crowded'))?.metadata.finalizers, [...many, OURS]);
    await writer.removeFinalizer(kept, OURS);
    assert.deepEqual((await live('crowded'))?.metadata.finalizers, many);
  });
});

suite('an annotation', () => {
  test('is stored truncated if it is too long, with half a character replaced', () => {
    const name = 'runtime.test/read';
    const metadata = {
      name: 'w',
      namespace: 'n',
      uid: 'u',
      resourceVersion: '1',
      generation: 1,
      annotations: { [name]: `${'a'.repeat(1023)}😀` },
    };
    const lean = leanOf({ metadata }, { ...WIDGETS, annotations: [name] });
    assert.equal(lean.metadata.annotations?.[name], `${'a'.repeat(1023)}�`);
  });
});
