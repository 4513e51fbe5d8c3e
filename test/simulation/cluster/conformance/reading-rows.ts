import { API_VERSION, asanaLicenseGrants, FIELD_MANAGER } from '../../../../src/api/resources.ts';
import { isOlderVersion, type KubernetesObject } from '../../../../src/kubernetes/resource.ts';
import { grant } from '../../../api/manifests.ts';
import { eventsOf, outcomeOf, recordWatch, until, within } from './observing.ts';
import type { Row, Subject } from './subject.ts';

const GRANT = 'AsanaLicenseGrant';

function create(subject: Subject, name: string): Promise<KubernetesObject> {
  return subject.apply(within(subject, grant({}, name)));
}

function page(subject: Subject, limit: number, next = '') {
  return subject.client.list<KubernetesObject>(asanaLicenseGrants, subject.namespace, { limit, next });
}

function namesOf(items: readonly KubernetesObject[]): string[] {
  return items.map(({ metadata }) => metadata.name);
}

/** Lists and watches. */
export const readingRows: readonly Row[] = [
  {
    name: 'the pages of a list are in the order of names, and show the state at the time of the first page',
    script: async (subject) => {
      for (const name of ['d', 'a', 'c', 'b', 'a.b', 'a-b']) await create(subject, name);
      const first = await page(subject, 4);
      await subject.remove(GRANT, 'd');
      await create(subject, 'e');
      const second = await page(subject, 4, first.next);
      const anew = await page(subject, 100);
      return [
        namesOf(first.items),
        first.next === '',
        namesOf(second.items),
        second.next,
        first.resourceVersion === second.resourceVersion,
        namesOf(anew.items),
        anew.next,
        isOlderVersion(first.resourceVersion, anew.resourceVersion),
      ];
    },
    expected: [
      ['a', 'a-b', 'a.b', 'b'],
      false,
      ['c', 'd'],
      '',
      true,
      ['a', 'a-b', 'a.b', 'b', 'c', 'e'],
      '',
      true,
    ],
  },
  {
    name: 'a page that ends with the last object has no continue token',
    script: async (subject) => {
      for (const name of ['a', 'b']) await create(subject, name);
      const { items, next } = await page(subject, 2);
      return [namesOf(items), next];
    },
    expected: [['a', 'b'], ''],
  },
  {
    name: 'a list is not older than its objects, and a watch can start from the version of an empty list',
    script: async (subject) => {
      const { resourceVersion, items } = await page(subject, 10);
      const recording = recordWatch(subject, asanaLicenseGrants, { resourceVersion });
      const { metadata } = await create(subject, 'a');
      const [line] = await eventsOf(subject, recording, 1);
      const listed = await page(subject, 10);
      return [items, line?.type, isOlderVersion(listed.resourceVersion, metadata.resourceVersion)];
    },
    expected: [[], 'ADDED', false],
  },
  {
    name: 'an invalid continue token is rejected, and one of a compacted version is Expired',
    script: async (subject) => {
      for (const name of ['a', 'b', 'c']) await create(subject, name);
      const { next } = await page(subject, 1);
      const none = await outcomeOf(page(subject, 1, 'no-token'));
      await create(subject, 'd');
      await subject.compact();
      let late = 'accepted';
      await until(subject, 'the continue token expires', async () => {
        late = await outcomeOf(page(subject, 1, next));
        return late !== 'accepted';
      });
      return [none, late];
    },
    expected: ['400 BadRequest', '410 Expired'],
  },
  {
    name: 'a watch reports the changes after its version in order, and only those of its namespace',
    script: async (subject) => {
      const elsewhere = `${subject.namespace}-other`;
      await subject.createNamespace(elsewhere);
      const { metadata } = await create(subject, 'a');
      await create(subject, 'b');
      await subject.apply({
        ...within(subject, grant({}, 'foreign')),
        metadata: { name: 'foreign', namespace: elsewhere },
      });
      await subject.edit(GRANT, 'a', { spec: { reason: 'New.' } });
      const recording = recordWatch(subject, asanaLicenseGrants, {
        resourceVersion: metadata.resourceVersion,
      });
      const status = {
        apiVersion: API_VERSION,
        kind: GRANT,
        metadata: {},
        status: { observedGeneration: 2 },
      };
      await subject.client.applyStatus(asanaLicenseGrants, subject.namespace, 'a', status, FIELD_MANAGER);
      await subject.remove(GRANT, 'b');
      await create(subject, 'b');
      const lines = await eventsOf(subject, recording, 5);
      const objects = lines.map(({ object }) => object as unknown as KubernetesObject);
      const versions = objects.map((object) => object.metadata.resourceVersion);
      return [
        lines.map(({ type }, index) => `${type} ${objects[index]?.metadata.name}`),
        versions.every((version, index) => index === 0 || isOlderVersion(versions[index - 1] ?? '', version)),
      ];
    },
    expected: [['ADDED b', 'MODIFIED a', 'MODIFIED a', 'DELETED b', 'ADDED b'], true],
  },
  {
    name: 'a write without changes causes no event',
    script: async (subject) => {
      const { metadata } = await create(subject, 'a');
      const recording = recordWatch(subject, asanaLicenseGrants, {
        resourceVersion: metadata.resourceVersion,
      });
      await subject.edit(GRANT, 'a', { spec: { license: 'Enterprise' } });
      await subject.edit(GRANT, 'a', { metadata: { labels: { a: 'b' } } });
      const lines = await eventsOf(subject, recording, 1);
      return lines.map(
        ({ object }) => (object as unknown as { metadata: { labels: unknown } }).metadata.labels,
      );
    },
    expected: [{ a: 'b' }],
  },
  {
    name: 'a watch ends without an error after its timeout, and sends a bookmark before',
    script: async (subject) => {
      const { metadata } = await create(subject, 'a');
      const { resourceVersion } = metadata;
      const recording = recordWatch(subject, asanaLicenseGrants, { resourceVersion, timeoutSeconds: 5 });
      await subject.sleep(1000);
      await subject.apply({ ...within(subject, grant({}, 'b')) });
      await until(subject, 'the watch ends', () => recording.ended !== null);
      const last = recording.lines.at(-1)?.object as { kind: string; metadata: { resourceVersion: string } };
      return [
        recording.ended,
        // One bookmark or two, depending on the clocks.
        [...new Set(recording.lines.map(({ type }) => type))],
        last.kind,
        isOlderVersion(last.metadata.resourceVersion, resourceVersion),
      ];
    },
    expected: ['politely', ['ADDED', 'BOOKMARK'], GRANT, false],
  },
  {
    name: 'a watch from a compacted version reports Expired in its only event, and ends',
    script: async (subject) => {
      await create(subject, 'a');
      const recording = recordWatch(subject, asanaLicenseGrants, { resourceVersion: '1' });
      await until(subject, 'the watch ends', () => recording.ended !== null);
      return [
        recording.ended,
        recording.lines.map(({ type, object }) => [type, object['code'], object['reason']]),
      ];
    },
    expected: ['politely', [['ERROR', 410, 'Expired']]],
  },
  {
    name: 'a watch that is aborted ends with an error',
    script: async (subject) => {
      const { metadata } = await create(subject, 'a');
      const recording = recordWatch(subject, asanaLicenseGrants, {
        resourceVersion: metadata.resourceVersion,
      });
      await subject.sleep(200);
      recording.stop();
      await until(subject, 'the watch ends', () => recording.ended !== null);
      return recording.ended;
    },
    expected: 'with an error',
  },
];
