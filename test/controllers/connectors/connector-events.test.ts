import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AsanaConnectorStatus } from '../../../src/api/asana-connector-status.ts';
import type { Condition } from '../../../src/api/conditions.ts';
import { eventsOfStatus, toldWith } from '../../../src/controllers/connectors/connector-events.ts';

const AT = '2026-11-24T08:00:00Z';

function condition(type: string, status: Condition['status'], reason: string): Condition {
  return { type, status, reason, message: `${reason}.`, observedGeneration: 1, lastTransitionTime: AT };
}

type Hold = NonNullable<AsanaConnectorStatus['holds']>[number];

function status(conditions: Condition[], holds: Hold['reason'][] = []): AsanaConnectorStatus {
  return {
    conditions,
    ...(holds.length > 0
      ? { holds: holds.map((reason) => ({ reason, id: 'a', since: AT, token: 'a.1', count: 1, people: 1 })) }
      : {}),
  };
}

const well = status([condition('CredentialsValid', 'True', 'Accepted')]);
const rejected = status([
  condition('Stalled', 'True', 'CredentialsRejected'),
  condition('CredentialsValid', 'False', 'CredentialsRejected'),
]);
const taken = status([
  condition('Stalled', 'True', 'OrganizationTaken'),
  condition('CredentialsValid', 'True', 'Accepted'),
]);
const denied = status([condition('CredentialsValid', 'False', 'PermissionDenied')]);
const paused = (...holds: [Hold['reason'], ...Hold['reason'][]]) =>
  status([condition('RemovalsPaused', 'True', holds[0])], holds);
const connected = status([condition('ConductorOneConnected', 'True', 'Connected')]);
const cut = status([condition('ConductorOneConnected', 'False', 'Unreachable')]);

const cases: readonly {
  readonly because: string;
  readonly before: AsanaConnectorStatus | undefined;
  readonly after: AsanaConnectorStatus;
  readonly told: readonly string[];
}[] = [
  { because: 'a first status without a problem', before: undefined, after: well, told: [] },
  {
    because: 'a first status that is stalled',
    before: undefined,
    after: taken,
    told: ['Warning OrganizationTaken'],
  },
  {
    because: 'a connector that becomes stalled',
    before: well,
    after: taken,
    told: ['Warning OrganizationTaken'],
  },
  { because: 'an unchanged stalled status, as after a restart', before: taken, after: taken, told: [] },
  {
    because: 'a stalled status with another reason',
    before: taken,
    after: rejected,
    told: ['Warning CredentialsRejected'],
  },
  {
    because: 'one reason in two conditions',
    before: well,
    after: rejected,
    told: ['Warning CredentialsRejected'],
  },
  {
    because: 'CredentialsValid alone becoming False',
    before: well,
    after: denied,
    told: ['Warning PermissionDenied'],
  },
  { because: 'CredentialsValid that stays False', before: denied, after: denied, told: [] },
  { because: 'a stalled connector that recovers', before: rejected, after: well, told: [] },
  {
    because: 'a hold that begins',
    before: well,
    after: paused('TooManyRemovals'),
    told: ['Warning TooManyRemovals'],
  },
  {
    because: 'a hold that remains',
    before: paused('TooManyRemovals'),
    after: paused('TooManyRemovals'),
    told: [],
  },
  {
    because: 'a more serious hold that begins beside another',
    before: paused('TooManyRemovals'),
    after: paused('DirectoryShrunk', 'TooManyRemovals'),
    told: ['Warning DirectoryShrunk'],
  },
  {
    because: 'a hold that begins beside a more serious one, whose reason the condition keeps',
    before: paused('DirectoryShrunk'),
    after: paused('DirectoryShrunk', 'TooManyRemovals'),
    told: ['Warning TooManyRemovals'],
  },
  {
    because: 'a hold that ends while another remains',
    before: paused('DirectoryShrunk', 'TooManyRemovals'),
    after: paused('TooManyRemovals'),
    told: [],
  },
  {
    because: 'a ConductorOne connection that is established',
    before: well,
    after: connected,
    told: ['Normal ConductorOneConnected'],
  },
  {
    because: 'a ConductorOne connection that is lost',
    before: connected,
    after: cut,
    told: ['Warning Unreachable'],
  },
  { because: 'a ConductorOne connection that stays lost', before: cut, after: cut, told: [] },
];

suite('the events of a connector status', () => {
  for (const { because, before, after, told } of cases)
    test(`are ${told.length === 0 ? 'none' : told.join(', ')} for ${because}`, () => {
      const events = eventsOfStatus(before, after);
      assert.deepEqual(
        events.map(([type, reason]) => `${type} ${reason}`),
        told,
      );
    });

  test('do not repeat a problem that a restarted process finds again, unless it was gone in between', () => {
    const looking = status([
      condition('Reconciling', 'True', 'Pending'),
      condition('CredentialsValid', 'Unknown', 'NotChecked'),
    ]);
    const told = (statuses: readonly AsanaConnectorStatus[]) => {
      let before: AsanaConnectorStatus | undefined = rejected;
      return statuses.flatMap((after) => {
        const events = eventsOfStatus(before, after);
        before = toldWith(before, after);
        return events.map(([, reason]) => reason);
      });
    };
    assert.deepEqual(told([looking, looking, rejected]), []);
    assert.deepEqual(told([looking, taken]), ['OrganizationTaken']);
    assert.deepEqual(told([looking, well, looking, rejected]), ['CredentialsRejected']);
  });

  test('have the message of the condition', () => {
    assert.deepEqual(eventsOfStatus(well, taken), [['Warning', 'OrganizationTaken', 'OrganizationTaken.']]);
  });
});
