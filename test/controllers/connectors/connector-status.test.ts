import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AsanaConnectorStatus } from '../../../src/api/asana-connector.ts';
import { AsanaError } from '../../../src/asana/errors.ts';
import { ConductorOneError } from '../../../src/conductorone/errors.ts';
import type { ConnectorFacts } from '../../../src/controllers/connectors/connector-facts.ts';
import type { SyncReport } from '../../../src/controllers/connectors/connector-session.ts';
import { connectorStatus } from '../../../src/controllers/connectors/connector-status.ts';
import { emptyLedger, type Hold } from '../../../src/provisioning/removal-ledger.ts';
import { checkConditions } from '../../api/condition-rules.ts';
import { person, reading } from '../../provisioning/small-world.ts';
import { connectorObject } from '../objects.ts';

const NOW = Date.UTC(2026, 5, 1);
const { snapshot } = reading([person()]);
const ok = { ok: true } as const;

function report(changes: Partial<SyncReport> = {}): SyncReport {
  return {
    startedAt: NOW - 5_000,
    completedAt: NOW,
    result: { snapshot, rest: ok, scim: ok },
    error: null,
    requests: 4,
    ...changes,
  };
}

function facts(changes: Partial<ConnectorFacts> = {}): ConnectorFacts {
  return {
    object: connectorObject(),
    obstacle: null,
    running: null,
    reconciling: false,
    report: report(),
    snapshot,
    counts: { accounts: 1, guests: 0, teams: 0, workspaces: 1, enterpriseLicenses: 0, viewOnlyLicenses: 1 },
    tally: { grants: 0, grantsReady: 0, grantsPlanned: 0, grantsBlocked: 0, unmanagedEnterpriseLicenses: 0 },
    ledger: emptyLedger,
    pendingRemovals: 0,
    limits: { percent: 20, atLeast: 5, windowMs: 3_600_000, maxDeprovisions: 5 },
    conductorOne: null,
    handledRequest: null,
    ...changes,
  };
}

const cut = (part: 'accounts' | 'licenses') => {
  const broken = { ...snapshot.parts.accounts, complete: false, incompleteBecause: 'page 3 failed' };
  return { ...snapshot, parts: { ...snapshot.parts, [part]: broken } };
};
const running = {
  startedAt: NOW,
  cause: { generation: 1, requestedAt: null, secretVersion: '' },
  progress: { phase: 'Accounts' as const, accounts: 10, teams: 0 },
};
const hold: Hold = {
  reason: 'TooManyRemovals',
  since: NOW,
  token: 'abc',
  count: 7,
  pending: [{ who: 'a', what: 'b' }],
};
const outage = new AsanaError('AsanaUnavailable', 'Asana did not answer.', { surface: 'rest' });

interface Row {
  readonly changes: Partial<ConnectorFacts>;
  readonly phase: string;
  /** Ready: its status and reason. */
  readonly ready: string;
  readonly because: string;
}

const rows: readonly Row[] = [
  { changes: {}, phase: 'Connected', ready: 'True Synced', because: 'everything works' },
  {
    changes: { report: null, snapshot: null, counts: null },
    phase: 'Pending',
    ready: 'False Pending',
    because: 'no sync has begun',
  },
  {
    changes: { report: null, snapshot: null, counts: null, running, reconciling: true },
    phase: 'Syncing',
    ready: 'False Syncing',
    because: 'the first sync is under way',
  },
  {
    changes: { running, reconciling: true },
    phase: 'Syncing',
    ready: 'Unknown Syncing',
    because: 'a person is being answered',
  },
  {
    changes: { running, reconciling: false },
    phase: 'Connected',
    ready: 'True Synced',
    because: 'a sync that the interval brings shows nowhere',
  },
  {
    changes: { obstacle: { reason: 'CredentialsRejected', message: 'Asana refuses the token.' } },
    phase: 'Failed',
    ready: 'False CredentialsRejected',
    because: 'a person must act',
  },
  {
    changes: {
      object: connectorObject({ spec: { suspend: true } }),
      obstacle: { reason: 'SecretNotFound', message: 'No Secret.' },
    },
    phase: 'Suspended',
    ready: 'Unknown Suspended',
    because: 'suspended comes first',
  },
  {
    changes: {
      report: report({ result: { snapshot: cut('accounts'), rest: ok, scim: ok } }),
    },
    phase: 'Degraded',
    ready: 'True Degraded',
    because: 'a part is incomplete',
  },
  {
    changes: {
      report: report({
        result: {
          snapshot,
          rest: ok,
          scim: { ok: false, error: new AsanaError('Forbidden', 'No SCIM.', { surface: 'scim' }) },
        },
      }),
    },
    phase: 'Degraded',
    ready: 'True Degraded',
    because: 'SCIM does not work',
  },
  {
    changes: { ledger: { ...emptyLedger, hold } },
    phase: 'Degraded',
    ready: 'True Degraded',
    because: 'removals are held',
  },
  {
    changes: { report: report({ error: outage, result: null }), snapshot: null, counts: null },
    phase: 'Syncing',
    ready: 'False AsanaUnavailable',
    because: 'the first sync failed and is tried again',
  },
];

suite('the status of a connector', () => {
  for (const { changes, phase, ready, because } of rows) {
    test(`${because}: ${phase}, Ready ${ready}`, () => {
      const around = facts(changes);
      const status = connectorStatus(around, NOW);
      const found = status.conditions?.find(({ type }) => type === 'Ready');
      assert.deepEqual([status.phase, `${found?.status} ${found?.reason}`], [phase, ready], because);
      assert.deepEqual(checkConditions({ ...around.object, status }), []);
    });
  }

  test('made again of the same facts is the same, so that nothing is written', () => {
    for (const { changes, because } of rows) {
      const around = facts(changes);
      const status = connectorStatus(around, NOW);
      const again = facts({ ...changes, object: { ...around.object, status } });
      assert.deepEqual(connectorStatus(again, NOW + 3_600_000), status, because);
    }
  });

  test('tells a hold with its token and both ways out of it', () => {
    const { hold: shown, conditions } = connectorStatus(facts({ ledger: { ...emptyLedger, hold } }), NOW);
    assert.deepEqual(shown, { ...hold, since: '2026-06-01T00:00:00Z' });
    const paused = conditions?.find(({ type }) => type === 'RemovalsPaused');
    assert.match(paused?.message ?? '', /acknowledge=abc.*discard=abc/s);
  });

  test('tells what was removed in the window, and out of how many', () => {
    const window = { startedAt: NOW, baseline: 50, done: 3, deprovisions: 1 };
    assert.deepEqual(
      connectorStatus(facts({ ledger: { window, hold: null }, pendingRemovals: 2 }), NOW).removals,
      {
        windowStartedAt: '2026-06-01T00:00:00Z',
        done: 3,
        deprovisions: 1,
        pending: 2,
        limit: 10,
        baseline: 50,
      },
    );
  });

  test('shows progress only while a person is being answered', () => {
    const { sync } = connectorStatus(facts({ running, reconciling: true }), NOW);
    assert.deepEqual(sync?.progress, running.progress);
    const status: AsanaConnectorStatus = {
      sync: { progress: running.progress, startedAt: '2026-01-01T00:00:00Z' },
    };
    const later = connectorStatus(facts({ object: connectorObject({ status }), running }), NOW);
    assert.equal(later.sync?.progress, undefined);
  });

  test('claims no number of licenses that nobody has read', () => {
    const without = { ...snapshot, parts: { ...snapshot.parts, licenses: null } };
    const { counts } = connectorStatus(facts({ snapshot: without }), NOW);
    assert.deepEqual(
      [counts?.accounts, counts?.enterpriseLicenses, counts?.viewOnlyLicenses],
      [1, undefined, undefined],
    );
  });

  test('keeps the organizations that were recorded while the token reads another', () => {
    const status: AsanaConnectorStatus = { organizations: ['700'] };
    const foreign: Hold = { ...hold, reason: 'OrganizationChanged' };
    const around = facts({ object: connectorObject({ status }), ledger: { ...emptyLedger, hold: foreign } });
    assert.deepEqual(connectorStatus(around, NOW).organizations, ['700']);
  });
});

suite('service mode in the status', () => {
  const wanted = {
    secretRef: { name: 's', clientIdKey: 'BATON_CLIENT_ID', clientSecretKey: 'BATON_CLIENT_SECRET' },
    provision: false,
  };
  const idle = {
    connected: false,
    connectedAt: null,
    lastTaskAt: null,
    lastUploadAt: null,
    lastUploadBytes: null,
    error: null,
  };
  const refused = new ConductorOneError('CredentialsRejected', 'ConductorOne refuses the client ID.');
  const object = connectorObject({ spec: { conductorOne: wanted } });
  const of = (conductorOne: ConnectorFacts['conductorOne'], about = object) => {
    const status = connectorStatus(facts({ object: about, conductorOne }), NOW);
    const condition = status.conditions?.find(({ type }) => type === 'ConductorOneConnected');
    return { phase: status.phase, condition: `${condition?.status} ${condition?.reason}`, status };
  };

  const conditions: readonly [
    conductorOne: ConnectorFacts['conductorOne'],
    condition: string,
    phase: string,
    because: string,
  ][] = [
    [{ obstacle: null, service: null }, 'Unknown NotChecked', 'Connected', 'nobody was asked yet'],
    [
      { obstacle: null, service: { ...idle, connected: true, connectedAt: NOW } },
      'True Connected',
      'Connected',
      'it is connected',
    ],
    [
      { obstacle: null, service: { ...idle, error: refused } },
      'False CredentialsRejected',
      'Degraded',
      'ConductorOne refuses',
    ],
    [
      { obstacle: { reason: 'SecretNotFound', message: 'm' }, service: { ...idle, connected: true } },
      'False SecretNotFound',
      'Degraded',
      'without its Secret there is nothing to connect with',
    ],
  ];
  for (const [conductorOne, condition, phase, because] of conditions) {
    test(`is ${condition}: ${because}`, () => {
      const seen = of(conductorOne);
      assert.deepEqual([seen.condition, seen.phase], [condition, phase], because);
    });
  }

  test('is not claimed while the connector is suspended', () => {
    const suspended = connectorObject({ spec: { conductorOne: wanted, suspend: true } });
    const { condition, phase } = of({ obstacle: null, service: idle }, suspended);
    assert.deepEqual([condition, phase], ['Unknown Suspended', 'Suspended']);
  });

  test('remembers across a restart when things were done last, until something newer is', () => {
    const before = { lastUploadAt: '2026-05-01T00:00:00Z', lastUploadBytes: 7 };
    const restarted = connectorObject({
      spec: { conductorOne: wanted },
      status: { conductorOne: before },
    });
    assert.deepEqual(of(null, restarted).status.conductorOne, before);
    const service = { ...idle, connected: true, connectedAt: NOW, lastUploadAt: NOW, lastUploadBytes: 9 };
    assert.deepEqual(of({ obstacle: null, service }, restarted).status.conductorOne, {
      connectedAt: '2026-06-01T00:00:00Z',
      lastUploadAt: '2026-06-01T00:00:00Z',
      lastUploadBytes: 9,
    });
  });

  test('says nothing of a connector without it', () => {
    const { condition, status } = of(
      null,
      connectorObject({ status: { conductorOne: { lastUploadBytes: 7 } } }),
    );
    assert.deepEqual([condition, status.conductorOne], ['undefined undefined', undefined]);
  });
});
