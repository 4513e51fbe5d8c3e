import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { grantKinds } from '../../src/api/kinds.ts';
import { connectorReasons, grantReasons } from '../../src/api/reasons.ts';
import { checkConditions, ONLY_OF } from '../api/condition-rules.ts';
import { connectorsByReason, connectorsInTime } from './recorded-connectors.ts';
import { grantsByReason, grantsInTime } from './recorded-grants.ts';

const shown = (recorded: typeof grantsByReason) =>
  new Set(recorded.map(({ object, shows }) => `${object.kind} ${shows?.reason}`));

describe('the recorded statuses', () => {
  test('cover every reason of a connector', () => {
    assert.deepEqual(
      shown(connectorsByReason),
      new Set(Object.keys(connectorReasons).map((reason) => `AsanaConnector ${reason}`)),
    );
  });

  test('cover every reason of a grant, for every kind that can have it', () => {
    const possible = grantKinds.flatMap(({ names: { kind } }) =>
      Object.keys(grantReasons)
        .filter((reason) => ((ONLY_OF as Record<string, string>)[reason] ?? kind) === kind)
        .map((reason) => `${kind} ${reason}`),
    );
    assert.deepEqual(shown(grantsByReason), new Set(possible));
  });

  for (const { name, object, shows } of [
    ...connectorsByReason,
    ...connectorsInTime,
    ...grantsByReason,
    ...grantsInTime,
  ])
    test(`follow the rules of conditions and contain the recorded reason: ${name}`, () => {
      assert.deepEqual(checkConditions(object), []);
      if (!shows) return;
      const found = object.status?.conditions?.find(({ type }) => type === shows.type);
      assert.equal(found?.reason, shows.reason);
    });
});
