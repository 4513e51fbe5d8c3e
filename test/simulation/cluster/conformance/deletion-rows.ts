import {
  API_VERSION,
  asanaLicenseGrants,
  FIELD_MANAGER,
  REVOKE_FINALIZER,
} from '../../../../src/api/resources.ts';
import type { KubernetesObject } from '../../../../src/kubernetes/resource.ts';
import { grant } from '../../../api/manifests.ts';
import { eventsOf, movement, outcomeOf, recordWatch, within } from './observing.ts';
import type { Row, Subject } from './subject.ts';

const GRANT = 'AsanaLicenseGrant';

function read(subject: Subject): Promise<KubernetesObject | null> {
  return subject.client.get(asanaLicenseGrants, subject.namespace, 'alice');
}

function setFinalizers(subject: Subject, finalizers: readonly string[] | null, rest: object = {}) {
  const body = { metadata: { finalizers }, ...rest };
  return subject.client.mergePatch<KubernetesObject>(
    asanaLicenseGrants,
    subject.namespace,
    'alice',
    body,
    FIELD_MANAGER,
  );
}

function create(subject: Subject, finalizers: readonly string[] = []): Promise<KubernetesObject> {
  const manifest = grant();
  return subject.apply(within(subject, { ...manifest, metadata: { ...manifest.metadata, finalizers } }));
}

/** The deletion of objects. */
export const deletionRows: readonly Row[] = [
  {
    name: 'an object without finalizers is deleted at once',
    script: async (subject) => {
      await create(subject);
      await subject.remove(GRANT, 'alice');
      return read(subject);
    },
    expected: null,
  },
  {
    name: 'an object with a finalizer is kept, and gets a deletionTimestamp and a new generation once',
    script: async (subject) => {
      const first = await create(subject, [REVOKE_FINALIZER]);
      await subject.remove(GRANT, 'alice');
      const marked = await read(subject);
      await subject.remove(GRANT, 'alice');
      const again = await read(subject);
      if (!marked || !again) return 'gone';
      return [movement(first, marked), movement(marked, again), marked.metadata];
    },
    expected: [
      'newer',
      'same',
      {
        name: 'alice',
        namespace: '(namespace)',
        uid: '(uid)',
        resourceVersion: '(version)',
        generation: 2,
        creationTimestamp: '(instant)',
        deletionTimestamp: '(instant)',
        deletionGracePeriodSeconds: 0,
        finalizers: [REVOKE_FINALIZER],
      },
    ],
  },
  {
    name: 'an object that is being deleted can be edited, but not restored or given a new finalizer',
    script: async (subject) => {
      await create(subject, [REVOKE_FINALIZER, 'example.com/other']);
      await subject.remove(GRANT, 'alice');
      const status = {
        apiVersion: API_VERSION,
        kind: GRANT,
        metadata: {},
        status: { observedGeneration: 2 },
      };
      const outcomes = [
        await outcomeOf(
          subject.client.applyStatus(asanaLicenseGrants, subject.namespace, 'alice', status, FIELD_MANAGER),
        ),
        await outcomeOf(setFinalizers(subject, [REVOKE_FINALIZER, 'example.com/other', 'example.com/new'])),
        await outcomeOf(setFinalizers(subject, ['example.com/new'])),
        await outcomeOf(setFinalizers(subject, [REVOKE_FINALIZER])),
        await outcomeOf(subject.edit(GRANT, 'alice', { spec: { reason: 'Late.' } })),
        await outcomeOf(subject.edit(GRANT, 'alice', { metadata: { deletionTimestamp: null } })),
        await outcomeOf(create(subject)),
      ];
      const { generation, deletionTimestamp, finalizers } = (await read(subject))?.metadata ?? {};
      return [outcomes, { generation, deletionTimestamp, finalizers }];
    },
    expected: [
      ['accepted', '422 Invalid', '422 Invalid', 'accepted', 'accepted', 'accepted', 'accepted'],
      { generation: 4, deletionTimestamp: '(instant)', finalizers: [REVOKE_FINALIZER] },
    ],
  },
  {
    name: 'an object is deleted with its last finalizer, and is returned patched at its old version',
    script: async (subject) => {
      await create(subject, [REVOKE_FINALIZER]);
      await subject.remove(GRANT, 'alice');
      const marked = await read(subject);
      const released = await setFinalizers(subject, [], { spec: { reason: 'Last words.' } });
      return [marked && movement(marked, released), released.metadata, await read(subject)];
    },
    expected: [
      'same',
      {
        name: 'alice',
        namespace: '(namespace)',
        uid: '(uid)',
        resourceVersion: '(version)',
        generation: 3,
        creationTimestamp: '(instant)',
        deletionTimestamp: '(instant)',
        deletionGracePeriodSeconds: 0,
      },
      null,
    ],
  },
  {
    name: 'a watch reports the start and the end of a deletion, the end with the object as last stored',
    script: async (subject) => {
      const { metadata } = await create(subject, [REVOKE_FINALIZER]);
      const recording = recordWatch(subject, asanaLicenseGrants, {
        resourceVersion: metadata.resourceVersion,
      });
      await subject.remove(GRANT, 'alice');
      const marked = await read(subject);
      await setFinalizers(subject, []);
      const lines = await eventsOf(subject, recording, 2);
      const objects = lines.map(({ object }) => object as unknown as KubernetesObject);
      const last = objects[1];
      return [
        lines.map(({ type }, index) => [
          type,
          objects[index]?.metadata.generation,
          objects[index]?.metadata.finalizers,
        ]),
        marked && last && movement(marked, last),
      ];
    },
    expected: [
      [
        ['MODIFIED', 2, [REVOKE_FINALIZER]],
        ['DELETED', 2, [REVOKE_FINALIZER]],
      ],
      'newer',
    ],
  },
  {
    name: 'a watch reports an object that is deleted at once as it was, at a newer version',
    script: async (subject) => {
      const first = await create(subject);
      const { resourceVersion } = first.metadata;
      const recording = recordWatch(subject, asanaLicenseGrants, { resourceVersion });
      await subject.remove(GRANT, 'alice');
      const [line] = await eventsOf(subject, recording, 1);
      const object = line?.object as unknown as KubernetesObject;
      return [line?.type, object.metadata, movement(first, object)];
    },
    expected: [
      'DELETED',
      {
        name: 'alice',
        namespace: '(namespace)',
        uid: '(uid)',
        resourceVersion: '(version)',
        generation: 1,
        creationTimestamp: '(instant)',
      },
      'newer',
    ],
  },
  {
    name: 'an object that is created again has another uid, and a patch with the old one is rejected',
    script: async (subject) => {
      const first = await create(subject);
      await subject.remove(GRANT, 'alice');
      const second = await create(subject);
      const patch = { metadata: { uid: first.metadata.uid, finalizers: [REVOKE_FINALIZER] } };
      return [
        first.metadata.uid === second.metadata.uid,
        await outcomeOf(
          subject.client.mergePatch(asanaLicenseGrants, subject.namespace, 'alice', patch, FIELD_MANAGER),
        ),
      ];
    },
    expected: [false, '422 Invalid'],
  },
];
