import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ABANDON_ANNOTATION } from '../../../src/api/resources.ts';
import { type ClusterState, judgeFromAbove } from '../../../src/controllers/grants/from-above.ts';
import { grantObject } from '../objects.ts';

const standing: ClusterState = {
  connectorStands: () => Promise.resolve(true),
  namespaceGoing: () => Promise.resolve(false),
  kindsGoing: () => Promise.resolve(false),
};
const connector = { namespace: 'iga', name: 'acme' };
const judge = (changes: Partial<ClusterState>, annotations: Record<string, string> = {}) =>
  judgeFromAbove(grantObject({ metadata: { annotations } }), connector, { ...standing, ...changes });

suite('a deleted grant', () => {
  test('whose surroundings stand is judged by the rules of grants', async () => {
    assert.equal(await judge({}), null);
  });

  const rows: readonly [changes: Partial<ClusterState>, reason: string][] = [
    [{ kindsGoing: () => Promise.resolve(true) }, 'UninstallingCRDs'],
    [{ namespaceGoing: () => Promise.resolve(true) }, 'NamespaceTerminating'],
    [{ connectorStands: () => Promise.resolve(false) }, 'ConnectorNotFound'],
    [
      { kindsGoing: () => Promise.resolve(true), connectorStands: () => Promise.resolve(false) },
      'UninstallingCRDs',
    ],
  ];
  for (const [changes, reason] of rows) {
    test(`goes untouched: ${reason}`, async () => {
      const goes = await judge(changes);
      assert.equal(goes?.reason, reason);
      assert.match(goes?.message ?? '', /Nothing was changed in Asana\.$/);
    });
  }

  test('asks for its own namespace and its own connector', async () => {
    const asked: string[] = [];
    await judge({
      namespaceGoing: (namespace) => Promise.resolve(asked.push(namespace) < 0),
      connectorStands: (namespace, name) => Promise.resolve(asked.push(`${namespace}/${name}`) > 0),
    });
    assert.deepEqual(asked.sort(), ['iga', 'iga/acme']);
  });

  for (const question of ['kindsGoing', 'namespaceGoing', 'connectorStands'] as const) {
    test(`waits while ${question} cannot be told, whatever the other answers are`, async () => {
      const unknown = () => Promise.reject(new Error('no answer'));
      await assert.rejects(
        judge({ namespaceGoing: () => Promise.resolve(true), [question]: unknown }),
        /no answer/,
      );
    });
  }

  test('that is abandoned goes without a question', async () => {
    const never = () => Promise.reject(new Error('asked'));
    const goes = await judge(
      { kindsGoing: never, namespaceGoing: never, connectorStands: never },
      { [ABANDON_ANNOTATION]: 'true' },
    );
    assert.equal(goes?.reason, 'Abandoned');
  });

  test('is not abandoned by another value', async () => {
    assert.equal(await judge({}, { [ABANDON_ANNOTATION]: 'yes' }), null);
  });
});
