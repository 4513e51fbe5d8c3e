import { asanaLicenseGrants, REVOKE_FINALIZER } from '../../../../src/api/resources.ts';
import { ManifestValidator } from '../../../../src/api/validation.ts';
import type { KubernetesObject } from '../../../../src/kubernetes/resource.ts';
import { accepted, connector, grant, refused } from '../../../api/manifests.ts';
import { movement, outcomeOf, within } from './observing.ts';
import type { Row, Subject } from './subject.ts';

const GRANT = 'AsanaLicenseGrant';

type Stored = KubernetesObject & { spec: Record<string, unknown>; status?: unknown };

/** Returns the spec that is stored, or how it was refused. */
async function creation(subject: Subject, manifest: ReturnType<typeof grant>): Promise<unknown> {
  let spec: unknown;
  const create = async () => {
    spec = ((await subject.apply(within(subject, manifest))) as Stored).spec;
  };
  const outcome = await outcomeOf(create());
  return spec ?? outcome;
}

function patch(subject: Subject, body: unknown, name = 'alice'): Promise<Stored> {
  return subject.client.mergePatch<Stored>(asanaLicenseGrants, subject.namespace, name, body, 'conformance');
}

/** Creating and changing objects of our kinds. */
export const writingRows: readonly Row[] = [
  ...accepted.map(({ because, manifest }, index) => ({
    name: `a valid manifest is stored with its defaults: ${because} (${index})`,
    script: (subject: Subject) => creation(subject, manifest),
    expected: new ManifestValidator().check(manifest).spec,
  })),
  ...refused.map(({ because, manifest }, index) => ({
    name: `an invalid manifest is rejected: ${because} (${index})`,
    script: (subject: Subject) => creation(subject, manifest),
    expected: '422 Invalid',
  })),
  {
    name: 'a new object has a uid, generation 1, a creation time in whole seconds, defaults and no status',
    script: (subject) =>
      subject.apply(
        within(subject, { ...grant(), status: { observedGeneration: 7 } } as ReturnType<typeof grant>),
      ),
    expected: {
      apiVersion: 'asana-connector.dev/v1alpha1',
      kind: GRANT,
      metadata: {
        name: 'alice',
        namespace: '(namespace)',
        uid: '(uid)',
        resourceVersion: '(version)',
        generation: 1,
        creationTimestamp: '(instant)',
      },
      spec: new ManifestValidator().check(grant()).spec,
    },
  },
  {
    name: 'unknown fields and null values are removed at every depth',
    script: (subject) =>
      creation(
        subject,
        grant({
          connectorRef: { name: 'acme', colour: 'red' },
          user: { email: 'alice@acme.com', gid: null },
          license: null,
          nickname: 'Al',
        }),
      ),
    expected: new ManifestValidator().check(grant()).spec,
  },
  {
    name: 'an object with a wrong kind, namespace, name or label, or a resourceVersion, is not created',
    script: async ({ client, namespace }) => {
      const create = (change: object) =>
        outcomeOf(client.create(asanaLicenseGrants, namespace, { ...grant(), ...change }));
      return [
        await create({ kind: 'AsanaConnector' }),
        await create({ apiVersion: 'asana-connector.dev/v9' }),
        await create({ kind: undefined }),
        await create({ metadata: { name: 'alice', namespace: 'elsewhere' } }),
        await create({ metadata: {} }),
        await create({ metadata: { name: 'Alice' } }),
        await create({ metadata: { name: 'alice', labels: { a: 7 } } }),
        await create({ metadata: { name: 'alice', resourceVersion: '1' } }),
      ];
    },
    expected: [
      '422 Invalid',
      '400 BadRequest',
      '400 BadRequest',
      '400 BadRequest',
      '422 Invalid',
      '422 Invalid',
      '400 BadRequest',
      '500 Http500',
    ],
  },
  {
    name: 'a name can be used once, and an invalid object is rejected as Invalid even if its name is in use',
    script: async (subject) => {
      const create = (spec: object) =>
        outcomeOf(subject.client.create(asanaLicenseGrants, subject.namespace, grant({ ...spec })));
      return [await create({}), await create({}), await create({ license: 'Gold' })];
    },
    expected: ['accepted', '409 AlreadyExists', '422 Invalid'],
  },
  {
    name: 'an object is not created in a namespace that does not exist',
    script: ({ client }) => outcomeOf(client.create(asanaLicenseGrants, 'nowhere', grant())),
    expected: '404 NotFound',
  },
  {
    name: 'an object that does not exist cannot be read, patched or deleted',
    script: async (subject) => [
      await subject.client.get(asanaLicenseGrants, subject.namespace, 'nobody'),
      await outcomeOf(patch(subject, { spec: {} }, 'nobody')),
      await outcomeOf(subject.remove(GRANT, 'nobody')),
    ],
    expected: [null, '404 NotFound', '404 NotFound'],
  },
  {
    name: 'a patch with an outdated resourceVersion or another uid, name or namespace is rejected',
    script: async (subject) => {
      const first = await subject.apply(within(subject, grant()));
      const second = await patch(subject, { spec: { reason: 'New.' } });
      const metadata = (change: object) => outcomeOf(patch(subject, { metadata: change }));
      return [
        movement(first, second),
        await metadata({ resourceVersion: first.metadata.resourceVersion, labels: { a: 'b' } }),
        await metadata({ uid: '00000000-0000-4000-8000-000000000000', labels: { a: 'b' } }),
        await metadata({ uid: '0', resourceVersion: first.metadata.resourceVersion }),
        await metadata({ name: 'bob' }),
        await metadata({ namespace: 'elsewhere' }),
        await metadata({
          resourceVersion: second.metadata.resourceVersion,
          uid: second.metadata.uid,
          labels: { a: 'b' },
        }),
        await metadata({ labels: { a: 7 } }),
        await metadata({ finalizers: ['no such!'] }),
      ];
    },
    expected: [
      'newer',
      '409 Conflict',
      '422 Invalid',
      '409 Conflict',
      '400 BadRequest',
      '400 BadRequest',
      'accepted',
      '422 Invalid',
      '422 Invalid',
    ],
  },
  {
    name: 'only a change of the spec increments the generation, and a patch without changes writes nothing',
    script: async (subject) => {
      const steps: unknown[] = [];
      let last: KubernetesObject = await subject.apply(within(subject, grant()));
      for (const body of [
        { spec: { reason: 'New.' } },
        { spec: { reason: 'New.' } },
        { metadata: { labels: { team: 'a' }, annotations: { note: 'x' } } },
        { metadata: { labels: { team: 'a' } } },
        { metadata: { finalizers: [REVOKE_FINALIZER] } },
        { status: { observedGeneration: 5 } },
        { spec: { suspend: null } },
        { spec: { nickname: 'Al' } },
        { metadata: { generation: 9, creationTimestamp: '2020-01-01T00:00:00Z' } },
        { metadata: { finalizers: [], labels: null } },
      ]) {
        const next = await patch(subject, body);
        steps.push([movement(last, next), next.metadata.generation]);
        last = next;
      }
      return [steps, last];
    },
    expected: [
      [
        ['newer', 2],
        ['same', 2],
        ['newer', 2],
        ['same', 2],
        ['newer', 2],
        ['same', 2],
        ['same', 2],
        ['same', 2],
        ['same', 2],
        ['newer', 2],
      ],
      {
        apiVersion: 'asana-connector.dev/v1alpha1',
        kind: GRANT,
        metadata: {
          name: 'alice',
          namespace: '(namespace)',
          uid: '(uid)',
          resourceVersion: '(version)',
          generation: 2,
          creationTimestamp: '(instant)',
          annotations: { note: 'x' },
        },
        spec: { ...new ManifestValidator().check(grant()).spec, reason: 'New.' },
      },
    ],
  },
  {
    name: 'a second apply replaces the spec, merges the annotations, and writes nothing if nothing changes',
    script: async (subject) => {
      const apply = (spec: Record<string, unknown>, annotations: Record<string, string>) => {
        const manifest = grant(spec);
        return subject.apply(
          within(subject, { ...manifest, metadata: { ...manifest.metadata, annotations } }),
        );
      };
      const first = await apply({ reason: 'Old.' }, { a: '1' });
      const second = await apply({ license: 'ViewOnly' }, { b: '2' });
      const third = await apply({ license: 'ViewOnly' }, {});
      return [movement(first, second), movement(second, third), third.metadata.generation, third];
    },
    expected: [
      'newer',
      'same',
      2,
      {
        apiVersion: 'asana-connector.dev/v1alpha1',
        kind: GRANT,
        metadata: {
          name: 'alice',
          namespace: '(namespace)',
          uid: '(uid)',
          resourceVersion: '(version)',
          generation: 2,
          creationTimestamp: '(instant)',
          annotations: { a: '1', b: '2' },
        },
        spec: new ManifestValidator().check(grant({ license: 'ViewOnly' })).spec,
      },
    ],
  },
  {
    name: 'a patch is validated like a manifest, and cannot change immutable fields',
    script: async (subject) => {
      await subject.apply(within(subject, grant()));
      const change = (spec: object) => outcomeOf(subject.edit(GRANT, 'alice', { spec }));
      return [
        await change({ user: { email: 'bob@acme.com' } }),
        await change({ user: { email: null, gid: '1' } }),
        await change({ connectorRef: { namespace: 'elsewhere' } }),
        await change({ license: 'Gold' }),
        await change({ suspend: 'yes' }),
        await change({ user: { email: 'alice@acme.com' }, license: 'ViewOnly' }),
        await outcomeOf(subject.edit(GRANT, 'alice', { spec: null })),
      ];
    },
    expected: [
      '422 Invalid',
      '422 Invalid',
      '422 Invalid',
      '422 Invalid',
      '422 Invalid',
      'accepted',
      '422 Invalid',
    ],
  },
  {
    name: 'rules that concern several fields are checked for edits too',
    script: async (subject) => {
      await subject.apply(within(subject, connector()));
      const change = (spec: object) => outcomeOf(subject.edit('AsanaConnector', 'acme', { spec }));
      return [
        await change({ provisioning: { allowDeprovision: true } }),
        await change({ provisioning: { removalDelay: '1000h' } }),
        await change({ provisioning: { mode: 'Apply', removalDelay: '0s' } }),
      ];
    },
    expected: ['422 Invalid', '422 Invalid', 'accepted'],
  },
  {
    name: 'annotations of more than 256 KiB are rejected',
    script: async (subject) => {
      await subject.apply(within(subject, grant()));
      const annotate = (length: number) =>
        outcomeOf(subject.edit(GRANT, 'alice', { metadata: { annotations: { x: 'x'.repeat(length) } } }));
      return [await annotate(256 * 1024), await annotate(256 * 1024 - 1)];
    },
    expected: ['422 Invalid', 'accepted'],
  },
];
