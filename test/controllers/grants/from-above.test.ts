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
  test('is not released if its connector, its namespace and the CRDs exist', async () => {
    assert.equal(await judge({}), null);
  });

  const rows: readonly [what: string, changes: Partial<ClusterState>, reason: string][] = [
    ['the CRDs are', { kindsGoing: () => Promise.resolve(true) }, 'UninstallingCRDs'],
    ['its namespace is', { namespaceGoing: () => Promise.resolve(true) }, 'NamespaceTerminating'],
    ['its connector is', { connectorStands: () => Promise.resolve(false) }, 'ConnectorNotFound'],
    [
      'the CRDs and its connector are',
      { kindsGoing: () => Promise.resolve(true), connectorStands: () => Promise.resolve(false) },
      'UninstallingCRDs',
    ],
  ];
  for (const [what, changes, reason] of rows) {
    test(`is released as ${reason}, without a change in Asana, if ${what} deleted too`, async () => {
      const goes = await judge(changes);
      assert.equal(goes?.reason, reason);
      assert.match(goes?.message ?? '', /Nothing was changed in Asana\.$/);
    });
  }

  test('checks its own namespace and its own connector', async () => {
    const asked: string[] = [];
    await judge({
      namespaceGoing: (namespace) => Promise.resolve(asked.push(namespace) < 0),
      connectorStands: (namespace, name) => Promise.resolve(asked.push(`${namespace}/${name}`) > 0),
    });
    assert.deepEqual(asked.sort(), ['iga', 'iga/acme']);
  });

  for (const question of ['kindsGoing', 'namespaceGoing', 'connectorStands'] as const) {
    test(`cannot be judged while ${question} fails, whatever the other answers are`, async () => {
      const unknown = () => Promise.reject(new Error('no answer'));
      await assert.rejects(
        judge({ namespaceGoing: () => Promise.resolve(true), [question]: unknown }),
        /no answer/,
      );
    });
  }

  test('with the annotation abandon is released without a request to the API server', async () => {
    const never = () => Promise.reject(new Error('asked'));
    const goes = await judge(
      { kindsGoing: never, namespaceGoing: never, connectorStands: never },
      { [ABANDON_ANNOTATION]: 'true' },
    );
    assert.equal(goes?.reason, 'Abandoned');
  });

  test('is not released by another value of the annotation abandon', async () => {
    assert.equal(await judge({}, { [ABANDON_ANNOTATION]: 'yes' }), null);
  });
});
