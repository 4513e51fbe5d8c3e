import { API_VERSION, asanaLicenseGrants, FIELD_MANAGER } from '../../../../src/api/resources.ts';
import type { KubernetesObject } from '../../../../src/kubernetes/resource.ts';
import { grant } from '../../../api/manifests.ts';
import { movement, outcomeOf, within } from './observing.ts';
import type { Row, Subject } from './subject.ts';

type Stored = KubernetesObject & { spec: { license: string }; status?: unknown };

const NOW = '2026-11-24T08:00:00Z';

function condition(type: string, status = 'True') {
  return {
    type,
    status,
    observedGeneration: 1,
    lastTransitionTime: NOW,
    reason: 'Granted',
    message: 'Done.',
  };
}

function applyStatus(
  { client, namespace }: Subject,
  status: unknown,
  metadata: object = {},
  rest: object = {},
): Promise<Stored> {
  const body = {
    apiVersion: API_VERSION,
    kind: 'AsanaLicenseGrant',
    metadata: { name: 'alice', namespace, ...metadata },
    ...rest,
    status,
  };
  return client.applyStatus<Stored>(asanaLicenseGrants, namespace, 'alice', body, FIELD_MANAGER);
}

function patchStatus(
  { client, namespace }: Subject,
  status: unknown,
  metadata: object = {},
  manager = FIELD_MANAGER,
): Promise<Stored> {
  const patch = { metadata, status };
  return client.patchStatus<Stored>(asanaLicenseGrants, namespace, 'alice', patch, manager);
}

/** Returns the owners of the status, with their operations. */
function ownersOf({ metadata }: KubernetesObject): string[] {
  return (metadata.managedFields ?? [])
    .filter(({ fieldsV1 = {} }) => 'f:status' in fieldsV1)
    .map(({ manager, operation }) => `${manager} ${operation}`)
    .toSorted();
}

/** The status and its writers. */
export const statusRows: readonly Row[] = [
  {
    name: 'an apply removes the fields that its manager no longer sends, and keeps the order that it sends',
    script: async (subject) => {
      const first = await subject.apply(within(subject, grant()));
      const statuses = [
        {
          observedGeneration: 1,
          conditions: [condition('Ready'), condition('Reconciling')],
          user: { gid: '1', name: 'A' },
        },
        {
          conditions: [condition('Stalled'), condition('Reconciling', 'False'), condition('Ready')],
          user: { gid: '1' },
        },
        { conditions: [condition('Ready')] },
        { observedGeneration: 2 },
        undefined,
      ];
      const seen: unknown[] = [];
      let last: KubernetesObject = first;
      for (const status of statuses) {
        const next = await applyStatus(subject, status);
        seen.push([movement(last, next), next.metadata.generation, next.status]);
        last = next;
      }
      return seen;
    },
    expected: [
      [
        'newer',
        1,
        {
          observedGeneration: 1,
          conditions: [condition('Ready'), condition('Reconciling')],
          user: { gid: '1', name: 'A' },
        },
      ],
      [
        'newer',
        1,
        {
          conditions: [condition('Stalled'), condition('Reconciling', 'False'), condition('Ready')],
          user: { gid: '1' },
        },
      ],
      ['newer', 1, { conditions: [condition('Ready')] }],
      ['newer', 1, { observedGeneration: 2 }],
      ['newer', 1, undefined],
    ],
  },
  {
    name: 'an apply that empties a keyed list removes it and an empty parent, and the next stores it empty',
    script: async (subject) => {
      await subject.apply(within(subject, grant()));
      const seen: unknown[] = [];
      for (const status of [
        { conditions: [] },
        { conditions: [condition('Ready')] },
        { conditions: [] },
        { conditions: [condition('Ready')], observedGeneration: 1 },
        { conditions: [], observedGeneration: 1 },
        { conditions: [], observedGeneration: 1 },
        { observedGeneration: 1 },
      ])
        seen.push((await applyStatus(subject, status)).status);
      return seen;
    },
    expected: [
      { conditions: [] },
      { conditions: [condition('Ready')] },
      undefined,
      { conditions: [condition('Ready')], observedGeneration: 1 },
      { observedGeneration: 1 },
      { conditions: [], observedGeneration: 1 },
      { conditions: [], observedGeneration: 1 },
    ],
  },
  {
    name: 'a null field is rejected, and so is null or an empty object in place of existing fields',
    script: async (subject) => {
      await subject.apply(within(subject, grant()));
      const apply = (status: unknown) => outcomeOf(applyStatus(subject, status));
      return [
        await apply(null),
        await apply({}),
        await apply({ user: null }),
        await apply({ conditions: [{ ...condition('Ready'), reason: null }] }),
        await apply({ user: { gid: '1' } }),
        await apply({ user: {} }),
        await apply({}),
        await apply(null),
      ];
    },
    expected: [
      'accepted',
      'accepted',
      '422 Invalid',
      '422 Invalid',
      'accepted',
      '422 Invalid',
      '422 Invalid',
      '422 Invalid',
    ],
  },
  {
    name: 'an apply without changes writes nothing',
    script: async (subject) => {
      await subject.apply(within(subject, grant()));
      const status = { observedGeneration: 1, conditions: [condition('Ready')] };
      const first = await applyStatus(subject, status);
      return movement(first, await applyStatus(subject, status));
    },
    expected: 'same',
  },
  {
    name: 'an apply with an outdated resourceVersion is rejected, but not one without, or with a wrong uid',
    script: async (subject) => {
      const first = await subject.apply(within(subject, grant()));
      const second = await subject.edit('AsanaLicenseGrant', 'alice', { spec: { reason: 'New.' } });
      const apply = (metadata: object) =>
        outcomeOf(applyStatus(subject, { observedGeneration: 1 }, metadata));
      return [
        await apply({ resourceVersion: first.metadata.resourceVersion }),
        await apply({ resourceVersion: second.metadata.resourceVersion, uid: second.metadata.uid }),
        await apply({ uid: '00000000-0000-4000-8000-000000000000' }),
        await apply({}),
        await apply({ name: 'bob' }),
      ];
    },
    expected: ['409 Conflict', 'accepted', 'accepted', 'accepted', '400 BadRequest'],
  },
  {
    name: 'an apply of a status ignores spec, labels and finalizers',
    script: async (subject) => {
      await subject.apply(within(subject, grant()));
      const { metadata, spec, status } = await applyStatus(
        subject,
        { observedGeneration: 1 },
        { labels: { a: 'b' }, finalizers: ['asana-connector.dev/revoke'] },
        { spec: { license: 'ViewOnly' } },
      );
      return [metadata, spec.license, status];
    },
    expected: [
      {
        name: 'alice',
        namespace: '(namespace)',
        uid: '(uid)',
        resourceVersion: '(version)',
        generation: 1,
        creationTimestamp: '(instant)',
      },
      'Enterprise',
      { observedGeneration: 1 },
    ],
  },
  {
    name: 'a status is validated by its schema, and requires that the object exists',
    script: async (subject) => {
      const absent = await outcomeOf(applyStatus(subject, { observedGeneration: 1 }));
      await subject.apply(within(subject, grant()));
      const apply = (status: unknown) => outcomeOf(applyStatus(subject, status));
      return [
        absent,
        await apply({ observed: { license: 'Gold', since: NOW } }),
        await apply({ observed: { license: 'ViewOnly' } }),
        await apply({ observed: { license: 'ViewOnly', since: 'yesterday' } }),
        await apply({ conditions: [{ ...condition('Ready'), reason: 'not camel case' }] }),
        await apply({ observedGeneration: -1 }),
        await apply({ user: { gid: 'x'.repeat(65) } }),
      ];
    },
    expected: [
      '404 NotFound',
      '422 Invalid',
      '422 Invalid',
      '422 Invalid',
      '422 Invalid',
      '422 Invalid',
      '422 Invalid',
    ],
  },
  {
    name: 'an apply with unknown fields, wrong types, or missing or duplicate keys of a list fails with 500',
    script: async (subject) => {
      await subject.apply(within(subject, grant()));
      const apply = (status: unknown) => outcomeOf(applyStatus(subject, status));
      return [
        await apply({ nickname: 'Al' }),
        await apply({ user: { gid: '1', nickname: 'Al' } }),
        await apply({ observedGeneration: 'one' }),
        await apply({ user: 'alice' }),
        await apply({ conditions: [condition('Ready'), condition('Ready')] }),
        await apply({ conditions: [{ ...condition('Ready'), type: undefined }] }),
      ];
    },
    expected: ['500 Http500', '500 Http500', '500 Http500', '500 Http500', '500 Http500', '500 Http500'],
  },
  {
    name: 'a patch of the status removes null fields, replaces lists, and keeps the other fields',
    script: async (subject) => {
      await subject.apply(within(subject, grant()));
      await applyStatus(subject, {
        observedGeneration: 1,
        conditions: [condition('Ready'), condition('Reconciling')],
        user: { gid: '1', name: 'A' },
      });
      const patch = { conditions: [condition('Stalled')], user: { name: null }, removedGeneration: 1 };
      const patched = await patchStatus(subject, patch);
      return [patched.status, movement(patched, await patchStatus(subject, patch))];
    },
    expected: [
      {
        observedGeneration: 1,
        conditions: [condition('Stalled')],
        user: { gid: '1' },
        removedGeneration: 1,
      },
      'same',
    ],
  },
  {
    name: 'a patch of the status makes its manager a further owner, unless it changes nothing',
    script: async (subject) => {
      await subject.apply(within(subject, grant()));
      const status = { observedGeneration: 1, conditions: [condition('Ready')] };
      const applied = await applyStatus(subject, status);
      const again = await patchStatus(subject, status, {}, 'velero-server');
      const restored = await patchStatus(subject, { user: { gid: '1' } }, {}, 'velero-server');
      return [applied, again, restored, await subject.edit('AsanaLicenseGrant', 'alice', {})].map(ownersOf);
    },
    expected: [
      [`${FIELD_MANAGER} Apply`],
      [`${FIELD_MANAGER} Apply`],
      [`${FIELD_MANAGER} Apply`, 'velero-server Update'],
      [`${FIELD_MANAGER} Apply`, 'velero-server Update'],
    ],
  },
  {
    name: 'a patch of the status is checked against the resourceVersion and the schema, but not the uid',
    script: async (subject) => {
      const first = await subject.apply(within(subject, grant()));
      const absent = await outcomeOf(
        subject.client.patchStatus(asanaLicenseGrants, subject.namespace, 'bob', {}, FIELD_MANAGER),
      );
      await subject.edit('AsanaLicenseGrant', 'alice', { spec: { reason: 'New.' } });
      const patch = (status: unknown, metadata: object = {}) =>
        outcomeOf(patchStatus(subject, status, metadata));
      return [
        absent,
        await patch({ observedGeneration: 1 }, { resourceVersion: first.metadata.resourceVersion }),
        await patch({ observedGeneration: 1 }, { uid: '00000000-0000-4000-8000-000000000000' }),
        await patch({ observed: { license: 'ViewOnly' } }),
        await patch({ observedGeneration: 'one' }),
        await patch({ observedGeneration: 2, nickname: 'Al' }),
      ];
    },
    expected: ['404 NotFound', '409 Conflict', 'accepted', '422 Invalid', '422 Invalid', 'accepted'],
  },
];
