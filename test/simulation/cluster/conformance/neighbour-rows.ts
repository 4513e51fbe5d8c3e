import type { KubernetesObject } from '../../../../src/kubernetes/resource.ts';
import { EVENTS, LEASES, SECRETS } from '../builtin-kinds.ts';
import { movement, outcomeOf } from './observing.ts';
import type { Row, Subject } from './subject.ts';

const NOW = '2026-11-24T08:00:00.000000Z';
const LATER = '2026-11-24T08:00:15.000000Z';
const { signal } = new AbortController();

type Lease = KubernetesObject & { spec: Record<string, unknown> };

function lease(spec: object = {}, metadata: object = {}) {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'lease', ...metadata },
    spec: {
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: NOW,
      renewTime: NOW,
      leaseTransitions: 0,
      ...spec,
    },
  };
}

function event({ namespace }: Subject, change: object = {}) {
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: 'alice.1', namespace },
    eventTime: NOW,
    reportingController: 'asana-connector',
    reportingInstance: 'pod-1',
    type: 'Warning',
    reason: 'UserIsGuest',
    action: 'Reconcile',
    note: 'A guest has no license.',
    regarding: {
      apiVersion: 'asana-connector.dev/v1alpha1',
      kind: 'AsanaLicenseGrant',
      namespace,
      name: 'alice',
      uid: '00000000-0000-4000-8000-000000000000',
    },
    ...change,
  };
}

/** Leases, events and Secrets. */
export const neighbourRows: readonly Row[] = [
  {
    name: 'a lease is created once, and replaced only with its newest version and its uid',
    script: async ({ client, namespace }) => {
      const absent = await client.getLease(namespace, 'lease', signal);
      const made = await client.createLease<Lease>(namespace, lease(), signal);
      const twice = await outcomeOf(client.createLease(namespace, lease(), signal));
      const replace = (body: object) => client.replaceLease<Lease>(namespace, 'lease', body, signal);
      const renewed = await replace({ ...made, spec: { ...made.spec, renewTime: LATER } });
      const same = await replace(renewed);
      return [
        absent,
        made,
        twice,
        movement(made, renewed),
        renewed.spec,
        movement(renewed, same),
        await outcomeOf(replace(made)),
        await outcomeOf(replace(lease())),
        await outcomeOf(
          replace({
            ...renewed,
            metadata: { ...renewed.metadata, uid: '00000000-0000-4000-8000-000000000000' },
          }),
        ),
      ];
    },
    expected: [
      null,
      {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: {
          name: 'lease',
          namespace: '(namespace)',
          uid: '(uid)',
          resourceVersion: '(version)',
          creationTimestamp: '(instant)',
        },
        spec: lease().spec,
      },
      '409 AlreadyExists',
      'newer',
      { ...lease().spec, renewTime: LATER },
      'same',
      '409 Conflict',
      '422 Invalid',
      '409 Conflict',
    ],
  },
  {
    name: 'a lease can be released by an empty holder, and keeps its annotations',
    script: async (subject) => {
      const { client, namespace } = subject;
      await client.createLease<Lease>(namespace, lease(), signal);
      await subject.edit('Lease', 'lease', {
        metadata: { annotations: { 'asana-connector.dev/stopped-until': NOW } },
      });
      const found = await client.getLease<Lease>(namespace, 'lease', signal);
      const spec = { ...found?.spec, holderIdentity: '', leaseDurationSeconds: 1 };
      const released = await client.replaceLease<Lease>(namespace, 'lease', { ...found, spec }, signal);
      return [released.spec, (released.metadata as { annotations?: unknown }).annotations];
    },
    expected: [
      { ...lease().spec, holderIdentity: '', leaseDurationSeconds: 1 },
      { 'asana-connector.dev/stopped-until': NOW },
    ],
  },
  {
    name: 'a lease with a time in milliseconds, a duration of zero or negative transitions is rejected',
    script: async ({ client, namespace }) => {
      const create = (spec: object) => outcomeOf(client.createLease(namespace, lease(spec), signal));
      return [
        await create({ renewTime: '2026-11-24T08:00:00.000Z' }),
        await create({ leaseDurationSeconds: 0 }),
        await create({ leaseTransitions: -1 }),
      ];
    },
    expected: ['400 BadRequest', '422 Invalid', '422 Invalid'],
  },
  {
    name: 'the replacement of a deleted lease creates it again, unless it contains the old uid',
    script: async (subject) => {
      const { client, namespace } = subject;
      const made = await client.createLease<Lease>(namespace, lease(), signal);
      await subject.remove('Lease', 'lease');
      const replace = (body: object) => outcomeOf(client.replaceLease(namespace, 'lease', body, signal));
      return [
        await replace(made),
        await replace(lease({}, { resourceVersion: made.metadata.resourceVersion })),
        await replace(lease()),
        await outcomeOf(subject.remove('Lease', 'lease')),
        await replace(lease()),
      ];
    },
    expected: ['409 Conflict', 'accepted', '422 Invalid', 'accepted', 'accepted'],
  },
  {
    name: 'a lease is not created in a namespace that does not exist',
    script: ({ client }) => outcomeOf(client.createLease('nowhere', lease(), signal)),
    expected: '404 NotFound',
  },
  {
    name: 'an event is created once, and a patch sets the count of its series',
    script: async (subject) => {
      const { client, namespace } = subject;
      await client.createEvent(namespace, event(subject));
      const series = { count: 2, lastObservedTime: LATER };
      const patch = (body: object) =>
        outcomeOf(client.patchEvent(namespace, 'alice.1', body, 'asana-connector'));
      const outcomes = [
        await outcomeOf(client.createEvent(namespace, event(subject))),
        await patch({ series }),
        await patch({ series: { count: 1, lastObservedTime: LATER } }),
        await patch({ series: { count: 3, lastObservedTime: '2026-11-24T08:00:15Z' } }),
        await outcomeOf(client.patchEvent(namespace, 'bob.1', { series }, 'asana-connector')),
      ];
      const stored = await client.get<KubernetesObject & Record<string, unknown>>(
        EVENTS,
        namespace,
        'alice.1',
      );
      return [outcomes, stored?.['reason'], stored?.['series'], stored?.['regarding']];
    },
    expected: [
      ['409 AlreadyExists', 'accepted', '422 Invalid', '422 Invalid', '404 NotFound'],
      'UserIsGuest',
      { count: 2, lastObservedTime: LATER },
      {
        apiVersion: 'asana-connector.dev/v1alpha1',
        kind: 'AsanaLicenseGrant',
        namespace: '(namespace)',
        name: 'alice',
        uid: '(uid)',
      },
    ],
  },
  {
    name: 'an event is rejected if a required field is missing, malformed or too long',
    script: async (subject) => {
      const create = (change: object) =>
        outcomeOf(subject.client.createEvent(subject.namespace, event(subject, change)));
      return [
        await create({ eventTime: undefined }),
        await create({ eventTime: '2026-11-24T08:00:00.000Z' }),
        await create({ reportingController: '' }),
        await create({ reportingInstance: 'x'.repeat(129) }),
        await create({ action: '' }),
        await create({ reason: '' }),
        await create({ type: 'Loud' }),
        await create({ note: 'é'.repeat(513) }),
        await create({ note: 'é'.repeat(512) }),
      ];
    },
    expected: [
      '422 Invalid',
      '400 BadRequest',
      '422 Invalid',
      '422 Invalid',
      '422 Invalid',
      '422 Invalid',
      '422 Invalid',
      '422 Invalid',
      'accepted',
    ],
  },
  {
    name: 'a Secret is returned decoded, changes its version only with its data, and can be deleted',
    script: async (subject) => {
      const { client, namespace } = subject;
      const absent = await client.readSecret(namespace, 'asana');
      await subject.putSecret('asana', { BATON_TOKEN: '1/2:ä', EMPTY: '' });
      const first = await client.readSecret(namespace, 'asana');
      await subject.putSecret('asana', { BATON_TOKEN: '1/2:ä', EMPTY: '' });
      const same = await client.readSecret(namespace, 'asana');
      await subject.putSecret('asana', { BATON_TOKEN: 'new' });
      const changed = await client.readSecret(namespace, 'asana');
      await subject.removeSecret('asana');
      const read = (secret: typeof first) =>
        [...(secret?.data ?? [])].map(([key, value]) => `${key}=${value.toString()}`);
      return [
        absent,
        read(first),
        first?.resourceVersion === same?.resourceVersion,
        read(changed),
        changed?.resourceVersion === first?.resourceVersion,
        await client.readSecret(namespace, 'asana'),
        await client.get(SECRETS, namespace, 'asana'),
        await client.get(LEASES, namespace, 'asana'),
      ];
    },
    expected: [null, ['BATON_TOKEN=1/2:ä', 'EMPTY='], true, ['BATON_TOKEN=new'], false, null, null, null],
  },
];
