import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { ACKNOWLEDGE_ANNOTATION, DISCARD_ANNOTATION } from '../../src/api/resources.ts';
import { answerHold, type HoldAnswer } from '../../src/commands/kubectl-asana/answer-hold.ts';
import { explainPerson } from '../../src/commands/kubectl-asana/explain-person.ts';
import { showHeld } from '../../src/commands/kubectl-asana/held-grants.ts';
import { connectorObject, grantObject } from '../controllers/objects.ts';
import { SmallApiServer } from './small-api-server.ts';

const IGA = { namespace: 'iga' };

/** Returns a grant of iga/acme whose removal joined the hold k3x9 with its n-th change. */
function heldGrant(namespace: string, n: number, connector = 'acme') {
  return grantObject({
    metadata: { namespace, name: `person-${n}`, uid: `${connector}-${n}` },
    spec: {
      connectorRef: { name: connector, namespace: 'iga' },
      user: { email: `person-${n}@acme.example` },
    },
    status: { planned: { action: 'RevokeEnterprise', reason: 'It was deleted.', hold: `k3x9.${n}` } },
  });
}

/** Starts an API server with the hold k3x9 of five removals: one in iga, four in team-a, which the connector allows. */
async function start(t: TestContext, allowedNamespaces: string[] = ['team-a']): Promise<SmallApiServer> {
  const hold = {
    reason: 'TooManyRemovals',
    id: 'k3x9',
    since: '2026-11-29T00:00:00Z',
    token: 'k3x9.5',
    count: 5,
    people: 5,
  } as const;
  const connector = connectorObject({
    provisioning: { allowedNamespaces, protectedUsers: ['Person-2@acme.example'] },
    status: { holds: [hold] },
  });
  const others = [2, 3, 4, 5].map((n) => heldGrant('team-a', n));
  return SmallApiServer.start(t, [
    connector,
    heldGrant('iga', 1),
    ...others,
    heldGrant('team-a', 6, 'another'),
  ]);
}

interface Asked {
  readonly token?: string;
  readonly yes?: boolean;
  readonly says?: boolean;
}

/** Answers the hold; returns the output, including the question. */
function answering(
  api: SmallApiServer,
  answer: HoldAnswer,
  { token = 'k3x9.5', yes = false, says = true }: Asked,
) {
  return api.run(
    (flags, output) =>
      answerHold(answer, token, flags, output, (question) => {
        output.write(question);
        return Promise.resolve(says);
      }),
    { ...IGA, yes },
  );
}

const peopleIn = (shown: string) => [...shown.matchAll(/(person-\d)@/g)].map(([, person]) => person);

suite('the answer to a hold of removals', () => {
  for (const [answer, annotation] of [
    ['acknowledge', ACKNOWLEDGE_ANNOTATION],
    ['discard', DISCARD_ANNOTATION],
  ] as const) {
    for (const allowed of ['team-a', '*'])
      test(`${answer} shows and counts the removals of every namespace, with allowedNamespaces ${allowed}`, async (t) => {
        const api = await start(t, [allowed]);
        const shown = await answering(api, answer, {});
        assert.deepEqual(peopleIn(shown), ['person-1', 'person-2', 'person-3', 'person-4', 'person-5']);
        assert.match(shown, /\? \(5\)/);
        assert.equal(api.connector().metadata.annotations?.[annotation], 'k3x9.5');
      });
  }

  test('with an earlier token shows only the removals that had joined by it', async (t) => {
    const api = await start(t);
    const shown = await answering(api, 'acknowledge', { token: 'k3x9.3', yes: true });
    assert.deepEqual(peopleIn(shown), ['person-1', 'person-2', 'person-3']);
    assert.equal(api.connector().metadata.annotations?.[ACKNOWLEDGE_ANNOTATION], 'k3x9.3');
  });

  for (const { allowed, forbidden, why } of [
    {
      allowed: 'team-a',
      forbidden: ['team-a'],
      why: /Not shown: 4 more .* cannot list the grants in team-a/,
    },
    {
      allowed: '*',
      forbidden: [null],
      why: /Not shown: 4 more .* cannot list the grants in other namespaces/,
    },
    { allowed: 'team-b', forbidden: [], why: /Not shown: 4 more .* do not name the hold at the moment/ },
  ]) {
    const with_ = `with allowedNamespaces ${allowed} if ${forbidden.length > 0 ? 'a list is forbidden' : 'fewer are found'}`;
    test(`states in the question how many removals are not shown, ${with_}`, async (t) => {
      const api = await start(t, [allowed]);
      api.forbidden = forbidden;
      const shown = await answering(api, 'acknowledge', { says: false });
      assert.match(shown, why);
      assert.match(shown, /\(1, and up to 4 that are not shown\)/);
      assert.deepEqual(api.patched, []);
    });

    test(`is rejected with -y, ${with_}`, async (t) => {
      const api = await start(t, [allowed]);
      api.forbidden = forbidden;
      await assert.rejects(answering(api, 'acknowledge', { yes: true }), { field: '-y', message: why });
      assert.deepEqual(api.patched, []);
    });
  }

  test('is rejected for a token beyond the newest, which the operator would ignore', async (t) => {
    const api = await start(t);
    await assert.rejects(answering(api, 'acknowledge', { token: 'k3x9.500', yes: true }), {
      field: 'TOKEN',
      message: /beyond the newest token of the hold, k3x9\.5/,
    });
    assert.deepEqual(api.patched, []);
  });
});

suite('kubectl asana hold', () => {
  test('shows each held removal of the connectors of the namespace once, wherever its grant is', async (t) => {
    const shown = await (await start(t)).run(showHeld, IGA);
    assert.deepEqual(peopleIn(shown), ['person-1', 'person-2', 'person-3', 'person-4', 'person-5']);
    assert.doesNotMatch(shown, /Not shown/);
  });

  test('shows the held grants of a namespace that has no connector', async (t) => {
    const shown = await (await start(t)).run(showHeld, { namespace: 'team-a' });
    assert.equal(peopleIn(shown).length, 5);
  });

  test('does not mention removals that the connector still counts if every grant was listed', async (t) => {
    assert.match(
      await (await start(t, ['team-b'])).run(showHeld, IGA),
      /^CONNECTOR.*\n[^\n]*person-1[^\n]*\n$/,
    );
  });

  test('reports how many removals it cannot show', async (t) => {
    const api = await start(t);
    api.forbidden = ['team-a'];
    assert.match(await api.run(showHeld, IGA), /Not shown: 4 more removals .* iga\/acme/);
    const json = JSON.parse(await api.run(showHeld, { ...IGA, output: 'json' as const })) as object;
    assert.deepEqual((json as { notShown: unknown }).notShown, [
      { connector: 'iga/acme', count: 4, unlisted: ['team-a'] },
    ]);
  });
});

suite('kubectl asana why', () => {
  const why = (api: SmallApiServer) =>
    api.run((flags, output) => explainPerson('person-2@acme.example', flags, output), {
      namespace: 'team-a',
    });

  test('shows that a person is protected by a connector of another namespace', async (t) => {
    assert.match(await why(await start(t)), /protected +in protectedUsers/);
  });

  test('shows the protection of a person as unknown if the connector is not found', async (t) => {
    const api = await SmallApiServer.start(t, [heldGrant('team-a', 2)]);
    assert.match(await why(api), /protected +unknown, because AsanaConnector iga\/acme/);
  });
});
