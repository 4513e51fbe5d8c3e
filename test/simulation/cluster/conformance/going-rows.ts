import {
  API_VERSION,
  asanaConnectors,
  asanaLicenseGrants,
  FIELD_MANAGER,
  REVOKE_FINALIZER,
} from '../../../../src/api/resources.ts';
import type { KubernetesObject } from '../../../../src/kubernetes/resource.ts';
import { connector, grant } from '../../../api/manifests.ts';
import { eventsOf, outcomeOf, recordWatch, until, within } from './observing.ts';
import type { Row, Subject } from './subject.ts';

const GRANT = 'AsanaLicenseGrant';
const { signal } = new AbortController();

function create(subject: Subject, finalizers: readonly string[], name = 'alice'): Promise<KubernetesObject> {
  return subject.apply(within(subject, { ...grant({}, name), metadata: { name, finalizers } }));
}

function read(subject: Subject, name = 'alice'): Promise<KubernetesObject | null> {
  return subject.client.get(asanaLicenseGrants, subject.namespace, name);
}

function untilMarked(subject: Subject): Promise<void> {
  return until(subject, 'the grant has a deletionTimestamp', async () => {
    const found = await read(subject);
    return found?.metadata.deletionTimestamp !== undefined;
  });
}

function release(subject: Subject): Promise<KubernetesObject> {
  const patch = { metadata: { finalizers: [] } };
  return subject.client.mergePatch(asanaLicenseGrants, subject.namespace, 'alice', patch, FIELD_MANAGER);
}

function applyStatus({ client, namespace }: Subject): Promise<unknown> {
  const body = { apiVersion: API_VERSION, kind: GRANT, metadata: {}, status: { observedGeneration: 2 } };
  return client.applyStatus(asanaLicenseGrants, namespace, 'alice', body, FIELD_MANAGER);
}

const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'late' }, spec: {} };

/** The deletion of namespaces and CRDs, with what is in them. */
export const goingRows: readonly Row[] = [
  {
    name: 'a deleted namespace accepts no new objects, deletes its own, and is gone after the last',
    script: async (subject) => {
      const { client, namespace } = subject;
      await subject.putSecret('asana', { a: 'b' });
      await create(subject, [REVOKE_FINALIZER]);
      const free = await create(subject, [], 'free');
      const recording = recordWatch(subject, asanaLicenseGrants, free.metadata);
      const standing = await client.namespaceGoing(namespace);
      await subject.removeNamespace(namespace);
      const going = await client.namespaceGoing(namespace);
      const refusals = [
        await outcomeOf(create(subject, [], 'late')),
        await outcomeOf(client.createLease(namespace, lease, signal)),
        await outcomeOf(client.createEvent(namespace, { metadata: { name: 'late.1' } })),
      ];
      await untilMarked(subject);
      // The namespace controller deletes one kind after the other.
      await until(
        subject,
        'the objects without finalizers are deleted',
        async () =>
          (await read(subject, 'free')) === null && (await client.readSecret(namespace, 'asana')) === null,
      );
      const seen = [
        await outcomeOf(applyStatus(subject)),
        (await read(subject))?.metadata.generation,
        await client.readSecret(namespace, 'asana'),
        await client.namespaceGoing(namespace),
      ];
      await release(subject);
      const lines = await eventsOf(subject, recording, 4);
      await until(
        subject,
        'the namespace is gone',
        async () => (await outcomeOf(create(subject, [], 'late'))) === '404 NotFound',
      );
      return [
        standing,
        going,
        refusals,
        seen,
        lines
          .map(({ type, object }) => `${type} ${(object as unknown as KubernetesObject).metadata.name}`)
          .toSorted(),
        await client.namespaceGoing(namespace),
      ];
    },
    expected: [
      false,
      true,
      ['403 Forbidden', '403 Forbidden', '403 Forbidden'],
      ['accepted', 2, null, true],
      ['DELETED alice', 'DELETED free', 'MODIFIED alice', 'MODIFIED alice'],
      true,
    ],
  },
  {
    name: 'a deleted namespace without objects is gone by itself, and can be created again',
    script: async (subject) => {
      const name = `${subject.namespace}-empty`;
      await subject.createNamespace(name);
      const twice = await outcomeOf(subject.createNamespace(name));
      await subject.removeNamespace(name);
      await until(
        subject,
        'the namespace can be created again',
        async () => (await outcomeOf(subject.createNamespace(name))) === 'accepted',
      );
      return [
        twice,
        await subject.client.namespaceGoing(name),
        await subject.client.namespaceGoing('nowhere'),
      ];
    },
    expected: ['409 AlreadyExists', false, true],
  },
  {
    name: 'a deleted CRD loses its write verbs, deletes its objects, and is gone after the last',
    script: async (subject) => {
      const { client } = subject;
      await create(subject, [REVOKE_FINALIZER]);
      await subject.apply(within(subject, connector()));
      const { resourceVersion } = await client.list(asanaLicenseGrants, subject.namespace, { limit: 1 });
      const recording = recordWatch(subject, asanaLicenseGrants, { resourceVersion });
      const verbs = async () => (await client.verbs(asanaLicenseGrants))?.toSorted();
      const standing = await verbs();
      await subject.removeKind(GRANT);
      await until(subject, 'the verb create is gone', async () => !(await verbs())?.includes('create'));
      const going = await verbs();
      const late = await outcomeOf(create(subject, [], 'late'));
      await untilMarked(subject);
      const seen = [await outcomeOf(applyStatus(subject)), (await read(subject))?.metadata.generation];
      await release(subject);
      await until(subject, 'the kind is gone', async () => (await verbs()) === undefined);
      await until(
        subject,
        'lists are no longer served',
        async () =>
          (await outcomeOf(client.list(asanaLicenseGrants, subject.namespace, { limit: 1 }))) !== 'accepted',
      );
      await until(subject, 'the watch ends', () => recording.ended !== null);
      const gone = [
        await read(subject),
        await outcomeOf(client.list(asanaLicenseGrants, subject.namespace, { limit: 1 })),
        await outcomeOf(create(subject, [], 'late')),
        (await client.get(asanaConnectors, subject.namespace, 'acme')) !== null,
      ];
      await subject.installKind(GRANT);
      return [
        standing,
        going,
        late,
        seen,
        recording.ended,
        recording.lines.filter(({ type }) => type !== 'BOOKMARK').map(({ type }) => type),
        gone,
        await read(subject),
        await outcomeOf(create(subject, [], 'anew')),
      ];
    },
    expected: [
      ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      ['delete', 'deletecollection', 'get', 'list', 'watch'],
      '403 Forbidden',
      ['accepted', 2],
      'politely',
      ['MODIFIED', 'MODIFIED', 'DELETED'],
      [null, '404 Http404', '404 Http404', true],
      null,
      'accepted',
    ],
  },
];
