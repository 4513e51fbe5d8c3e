import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AsanaConnectorStatus } from '../../../src/api/asana-connector.ts';
import { AsanaError } from '../../../src/asana/errors.ts';
import { ConductorOneError } from '../../../src/conductorone/errors.ts';
import type { ConnectorFacts } from '../../../src/controllers/connectors/connector-facts.ts';
import { connectorStatus } from '../../../src/controllers/connectors/connector-status.ts';
import type { GrantTally } from '../../../src/controllers/connectors/grant-tally.ts';
import type { RunningSync, SyncReport } from '../../../src/controllers/connectors/sync-runner.ts';
import { DirectoryError } from '../../../src/directory/directory-error.ts';
import type { Doubt } from '../../../src/directory/doubt.ts';
import type { HoldRecord, WindowRecord } from '../../../src/provisioning/removals/record.ts';
import { checkConditions } from '../../api/condition-rules.ts';
import { connectorObject } from '../objects.ts';
import { snapshotOf } from './readings.ts';

const NOW = Date.UTC(2026, 5, 1);
const snapshot = snapshotOf(1);
const ok = { ok: true } as const;
const tally: GrantTally = { kinds: new Map(), managedEnterpriseLicenses: 0 };

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
    secretUnreadable: null,
    hasClients: true,
    tokensUnproven: false,
    running: null,
    report: report(),
    snapshot,
    counts: { accounts: 1, guests: 0, teams: 0, workspaces: 1, enterpriseLicenses: 0, viewOnlyLicenses: 1 },
    tally,
    organizations: ['500'],
    measure: null,
    removals: {},
    doubts: [],
    conductorOne: null,
    handledRequest: null,
    ...changes,
  };
}

const cut = (part: 'accounts' | 'licenses') => {
  const broken = { ...snapshot.parts.accounts, complete: false, incompleteBecause: 'page 3 failed' };
  return { ...snapshot, parts: { ...snapshot.parts, [part]: broken } };
};
const running: RunningSync = {
  startedAt: NOW,
  cause: { generation: 1, requestedAt: null, secretVersion: '' },
  progress: { phase: 'Accounts', accounts: 10, teams: 0 },
  answering: true,
};
const hold: HoldRecord = {
  reason: 'TooManyRemovals',
  id: 'abc',
  since: '2026-06-01T00:00:00Z',
  token: 'abc.3',
  count: 7,
  people: 5,
  pending: [{ who: 'a', what: 'b' }],
};
const shrunk: HoldRecord = { ...hold, reason: 'DirectoryShrunk', id: 'def', token: 'def.1', count: 50 };
const doubt: Doubt = {
  reason: 'DirectoryShrunk',
  parts: ['accounts'],
  count: 50,
  missing: { accounts: 50 },
  places: [],
  message: 'Asana suddenly lacks 50 of 100 accounts.',
};
const scimOnly: SyncReport = report({
  result: {
    snapshot: { ...snapshot, scimOnly: true },
    rest: { ok: false, error: new DirectoryError('ScimOnly', 'SCIM takes the token, REST does not.') },
    scim: ok,
  },
});
const outage = new AsanaError('AsanaUnavailable', 'Asana did not answer.', { surface: 'rest' });

interface Row {
  readonly changes: Partial<ConnectorFacts>;
  readonly phase: string;
  /** Status and reason of the Ready condition. */
  readonly ready: string;
  readonly because: string;
}

const rows: readonly Row[] = [
  { changes: {}, phase: 'Connected', ready: 'True Synced', because: 'everything works' },
  {
    changes: { report: null, snapshot: null, counts: null },
    phase: 'Pending',
    ready: 'False Pending',
    because: 'no sync has started',
  },
  {
    changes: { report: null, snapshot: null, counts: null, running },
    phase: 'Syncing',
    ready: 'False Syncing',
    because: 'the first sync is running',
  },
  {
    changes: { running },
    phase: 'Syncing',
    ready: 'Unknown Syncing',
    because: 'a sync that answers a person is running',
  },
  {
    changes: { running: { ...running, answering: false } },
    phase: 'Connected',
    ready: 'True Synced',
    because: 'only a scheduled sync is running',
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
    because: 'it is suspended, whatever else is wrong',
  },
  {
    changes: {
      report: report({ result: { snapshot: cut('accounts'), rest: ok, scim: ok } }),
    },
    phase: 'Degraded',
    ready: 'True Degraded',
    because: 'a part of the reading is incomplete',
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
    because: 'SCIM is forbidden',
  },
  {
    changes: { removals: { holds: [hold] } },
    phase: 'Degraded',
    ready: 'True Degraded',
    because: 'removals are held',
  },
  {
    changes: { report: scimOnly },
    phase: 'Connected',
    ready: 'True ScimOnly',
    because: 'the token is for SCIM only',
  },
  {
    changes: { report: report({ error: outage, result: null }), snapshot: null, counts: null },
    phase: 'Syncing',
    ready: 'False AsanaUnavailable',
    because: 'the first sync failed and is retried',
  },
];

suite('the status of a connector', () => {
  for (const { changes, phase, ready, because } of rows) {
    test(`is ${phase} with Ready ${ready} if ${because}`, () => {
      const around = facts(changes);
      const status = connectorStatus(around, NOW);
      const found = status.conditions?.find(({ type }) => type === 'Ready');
      assert.deepEqual([status.phase, `${found?.status} ${found?.reason}`], [phase, ready], because);
      assert.deepEqual(checkConditions({ ...around.object, status }), []);
    });
  }

  test('does not change while the facts do not change, so that nothing is written', () => {
    for (const { changes, because } of rows) {
      const around = facts(changes);
      const status = connectorStatus(around, NOW);
      const again = facts({ ...changes, object: { ...around.object, status } });
      assert.deepEqual(connectorStatus(again, NOW + 3_600_000), status, because);
    }
  });

  test('shows a hold with its token and both possible answers', () => {
    const { holds, conditions } = connectorStatus(facts({ removals: { holds: [hold] } }), NOW);
    assert.deepEqual(holds, [hold]);
    const paused = conditions?.find(({ type }) => type === 'RemovalsPaused');
    assert.match(
      paused?.message ?? '',
      /Held removals: 7. People affected: 5.*acknowledge to "abc\.3".*discard to "abc\.3"/s,
    );
  });

  test('shows several holds in one condition, each with its own token', () => {
    const around = facts({ removals: { holds: [hold, shrunk] }, doubts: [doubt] });
    const { holds, conditions } = connectorStatus(around, NOW);
    assert.equal(holds?.length, 2);
    const paused = conditions?.filter(({ type }) => type === 'RemovalsPaused') ?? [];
    assert.deepEqual(
      paused.map(({ status, reason }) => [status, reason]),
      [['True', 'DirectoryShrunk']],
      'the doubt about the reading comes first',
    );
    const message = paused[0]?.message ?? '';
    assert.match(message, /lacks 50 of 100 accounts.*acknowledge to "def\.1".*discard to "abc\.3"/s);
    assert.doesNotMatch(message, /discard=def/, 'a reading cannot be discarded');
  });

  test('names the reason of a reading hold that an earlier process began', () => {
    const { conditions } = connectorStatus(facts({ removals: { holds: [shrunk] } }), NOW);
    const paused = conditions?.find(({ type }) => type === 'RemovalsPaused');
    assert.match(paused?.message ?? '', /DirectoryShrunk/);
  });

  test('contains the removal window of the removal desk', () => {
    const removals: WindowRecord = {
      windowStartedAt: '2026-06-01T00:00:00Z',
      done: 3,
      deprovisions: 1,
      pending: 2,
      limit: 10,
      baseline: 50,
    };
    assert.deepEqual(connectorStatus(facts({ removals: { removals } }), NOW).removals, removals);
  });

  test('shows workspaces that are left out, and why', () => {
    const stranger = { gid: '900', name: 'Stranger', organization: true, leftOut: 'Guest' as const };
    const around = facts({ snapshot: { ...snapshot, leftOut: [stranger] } });
    const { workspaces } = connectorStatus(around, NOW);
    assert.deepEqual(workspaces, [{ gid: '500', name: 'Acme', organization: true }, stranger]);
  });

  test('shows no number of guests if only SCIM was read, since SCIM hides them', () => {
    const around = facts({ report: scimOnly, snapshot: { ...snapshot, scimOnly: true } });
    const { counts, conditions } = connectorStatus(around, NOW);
    assert.deepEqual([counts?.guests, counts?.viewOnlyLicenses], [undefined, 1]);
    const synced = conditions?.find(({ type }) => type === 'Synced');
    assert.deepEqual([synced?.status, synced?.reason], ['True', 'ScimOnly']);
  });

  test('has no completedAt if REST failed in the first sync', () => {
    const refused = {
      ok: false,
      error: new AsanaError('AsanaUnavailable', 'No.', { surface: 'rest' }),
    } as const;
    const around = facts({ report: report({ result: { snapshot: null, rest: refused, scim: ok } }) });
    const { sync, conditions } = connectorStatus(around, NOW);
    assert.equal(sync?.completedAt, undefined);
    const ready = conditions?.find(({ type }) => type === 'Ready');
    assert.deepEqual(
      [ready?.status, ready?.reason],
      ['False', 'AsanaUnavailable'],
      'the first sync is still to come',
    );
  });

  test('shows ScimAvailable True if only the workspace of the token is not set', () => {
    const error = new DirectoryError('WorkspaceNotSet', 'Set defaultWorkspace.');
    const obstacle = { reason: 'WorkspaceNotSet', message: error.message } as const;
    const { conditions, phase } = connectorStatus(
      facts({ report: report({ result: null, error }), obstacle }),
      NOW,
    );
    const scim = conditions?.find(({ type }) => type === 'ScimAvailable');
    assert.deepEqual([phase, scim?.status], ['Failed', 'True']);
  });

  test('counts grants of all kinds, and the enterprise licenses that no grant declares', () => {
    const kind = { grants: 2, ready: 1, planned: 1, blocked: 0, endingSoon: 0 };
    const kinds = new Map([
      ['AsanaLicenseGrant' as const, kind],
      ['AsanaTeamGrant' as const, { ...kind, blocked: 1 }],
    ]);
    const counts = {
      accounts: 9,
      guests: 0,
      teams: 0,
      workspaces: 1,
      enterpriseLicenses: 5,
      viewOnlyLicenses: 4,
    };
    const around = facts({ counts, tally: { kinds, managedEnterpriseLicenses: 2 } });
    const shown = connectorStatus(around, NOW).counts;
    assert.deepEqual(
      [shown?.grants, shown?.grantsReady, shown?.grantsPlanned, shown?.grantsBlocked],
      [4, 2, 2, 1],
    );
    assert.equal(shown?.unmanagedEnterpriseLicenses, 3);
  });

  test('shows progress only while a sync answers a person', () => {
    const { sync } = connectorStatus(facts({ running }), NOW);
    assert.deepEqual(sync?.progress, running.progress);
    const status: AsanaConnectorStatus = {
      sync: { progress: running.progress, startedAt: '2026-01-01T00:00:00Z' },
    };
    const later = connectorStatus(
      facts({ object: connectorObject({ status }), running: { ...running, answering: false } }),
      NOW,
    );
    assert.equal(later.sync?.progress, undefined);
  });

  test('is Syncing, not Failed, while a sync answers a person after the last one was refused', () => {
    const error = new DirectoryError('WorkspaceNotFound', 'No workspace 999.');
    const refused = report({ result: null, error });
    const obstacle = { reason: 'WorkspaceNotFound', message: error.message, metBySync: true } as const;
    const shown = connectorStatus(facts({ obstacle, report: refused, running }), NOW);
    assert.equal(shown.phase, 'Syncing');
    assert.deepEqual(
      shown.conditions?.filter(({ type }) => ['Ready', 'Stalled'].includes(type)).map(({ reason }) => reason),
      ['Syncing'],
    );
    const unasked = { ...running, answering: false };
    assert.equal(
      connectorStatus(facts({ obstacle, report: refused, running: unasked }), NOW).phase,
      'Failed',
    );
  });

  test('stays Failed, without progress, while a sync cannot remove the obstacle', () => {
    const obstacle = { reason: 'OrganizationTaken', message: 'Another connector is older.' } as const;
    const shown = connectorStatus(facts({ obstacle, running }), NOW);
    assert.deepEqual([shown.phase, shown.sync?.progress], ['Failed', undefined]);
  });

  test('shows no number of licenses if no licenses were read', () => {
    const without = { ...snapshot, parts: { ...snapshot.parts, licenses: null } };
    const { counts } = connectorStatus(facts({ snapshot: without }), NOW);
    assert.deepEqual(
      [
        counts?.accounts,
        counts?.enterpriseLicenses,
        counts?.viewOnlyLicenses,
        counts?.unmanagedEnterpriseLicenses,
      ],
      [1, undefined, undefined, undefined],
    );
  });

  test('keeps the recorded organizations and workspaces while there is no reading', () => {
    const workspaces = [{ gid: '700', name: 'Acme', organization: true }];
    const status: AsanaConnectorStatus = { organizations: ['700'], workspaces };
    const object = connectorObject({ status });
    const around = facts({ object, snapshot: null, counts: null, organizations: ['700'] });
    const shown = connectorStatus(around, NOW);
    assert.deepEqual([shown.organizations, shown.workspaces], [['700'], workspaces]);
  });
});

suite('the conditions CredentialsValid and ScimAvailable', () => {
  const credentials = connectorObject().spec.credentials;
  const twoTokens = connectorObject({
    spec: { credentials: { ...credentials, secretRef: { ...credentials.secretRef, scimTokenKey: 'SCIM' } } },
  });
  const rejected = { reason: 'CredentialsRejected', message: 'Asana refuses the token.' } as const;
  const noSecret = { reason: 'SecretNotFound', message: 'No Secret.' } as const;
  const noKey = { reason: 'SecretKeyMissing', message: 'No key BATON_TOKEN.' } as const;
  const forbidden = { reason: 'PermissionDenied', message: 'The token may not.' } as const;
  const foreign = { reason: 'OrganizationChanged', message: 'Another organization.' } as const;
  const scopeError = new DirectoryError('WorkspaceNotFound', 'No workspace 999.');
  const wrongScope = { reason: 'WorkspaceNotFound', message: scopeError.message } as const;
  const restRefused = report({
    result: null,
    error: new AsanaError('CredentialsRejected', rejected.message, { surface: 'rest' }),
  });
  const before: AsanaConnectorStatus = {
    sync: { completedAt: '2026-05-31T00:00:00Z', complete: true },
    conditions: (['CredentialsValid', 'ScimAvailable'] as const).map((type) => ({
      type,
      status: 'True',
      reason: type === 'CredentialsValid' ? 'Accepted' : 'Available',
      message: 'It was so.',
      lastTransitionTime: '2026-05-31T00:00:00Z',
      observedGeneration: 1,
    })),
  };
  const afterwards = (object: ConnectorFacts['object']) => ({ ...object, status: before });

  for (const { changes, valid, scim, because } of [
    {
      changes: {},
      valid: 'True Accepted',
      scim: 'True Available',
      because: 'a sync has read everything',
    },
    {
      changes: { object: afterwards(connectorObject()), obstacle: rejected, report: restRefused },
      valid: 'False CredentialsRejected',
      scim: 'False CredentialsRejected',
      because: 'the only token is rejected, although SCIM accepted it before',
    },
    {
      changes: { object: afterwards(twoTokens), obstacle: rejected, report: restRefused },
      valid: 'False CredentialsRejected',
      scim: 'True Available',
      because: 'the token for REST is rejected, and SCIM has its own',
    },
    {
      changes: { object: twoTokens, obstacle: rejected, report: restRefused },
      valid: 'False CredentialsRejected',
      scim: 'Unknown NotChecked',
      because: 'the token for REST is rejected, and the one for SCIM was never tried',
    },
    {
      changes: { object: afterwards(connectorObject()), obstacle: forbidden, report: restRefused },
      valid: 'False PermissionDenied',
      scim: 'True Available',
      because: 'the token lacks a permission for REST',
    },
    {
      changes: { object: afterwards(connectorObject()), obstacle: noSecret, hasClients: false },
      valid: 'False SecretNotFound',
      scim: 'False SecretNotFound',
      because: 'the Secret is missing, although the last sync succeeded',
    },
    {
      changes: { obstacle: wrongScope, report: report({ result: null, error: scopeError }) },
      valid: 'True Accepted',
      scim: 'Unknown NotChecked',
      because: 'Asana lists workspaces, but not the one of the spec',
    },
    {
      changes: { object: afterwards(twoTokens), obstacle: noSecret, hasClients: false },
      valid: 'False SecretNotFound',
      scim: 'False SecretNotFound',
      because: 'the Secret with both tokens is missing',
    },
    {
      changes: { object: afterwards(twoTokens), obstacle: noKey, hasClients: false },
      valid: 'False SecretKeyMissing',
      scim: 'False SecretKeyMissing',
      because: 'a key of the Secret is missing, so that there are no clients',
    },
    {
      changes: { object: afterwards(connectorObject()), tokensUnproven: true },
      valid: 'Unknown NotChecked',
      scim: 'True Available',
      because: 'the tokens are new, and the last sync used the old ones',
    },
    {
      changes: {
        object: afterwards(connectorObject()),
        tokensUnproven: true,
        obstacle: rejected,
        report: restRefused,
      },
      valid: 'False CredentialsRejected',
      scim: 'False CredentialsRejected',
      because: 'the tokens are new, and are rejected',
    },
    {
      changes: { object: afterwards(connectorObject()), obstacle: foreign },
      valid: 'True Accepted',
      scim: 'True Available',
      because: 'Asana accepts the tokens, although they are of another organization',
    },
  ] satisfies readonly {
    readonly changes: Partial<ConnectorFacts>;
    readonly valid: string;
    readonly scim: string;
    readonly because: string;
  }[]) {
    test(`are ${valid} and ${scim} if ${because}`, () => {
      const around = facts(changes);
      const status = connectorStatus(around, NOW);
      const shown = ['CredentialsValid', 'ScimAvailable'].map((type) => {
        const found = status.conditions?.find((condition) => condition.type === type);
        return `${found?.status} ${found?.reason}`;
      });
      assert.deepEqual(shown, [valid, scim], because);
      assert.deepEqual(checkConditions({ ...around.object, status }), []);
      const obstacle = 'obstacle' in changes ? changes.obstacle : null;
      for (const { type, status: value, message } of status.conditions ?? [])
        if (['CredentialsValid', 'ScimAvailable'].includes(type) && value === 'False')
          assert.equal(message, obstacle?.message);
    });
  }

  test('say that the credentials changed if a sync has not confirmed new tokens yet', () => {
    const { conditions } = connectorStatus(facts({ tokensUnproven: true }), NOW);
    const valid = conditions?.find(({ type }) => type === 'CredentialsValid');
    assert.match(valid?.message ?? '', /^The credentials changed\. Nothing is changed in Asana until/);
  });

  test('do not include ScimAvailable if SCIM is disabled, although the Secret is missing', () => {
    const { scim } = connectorObject().spec;
    const object = connectorObject({ spec: { scim: { ...scim, enabled: false } } });
    const { conditions } = connectorStatus(facts({ object, obstacle: noSecret }), NOW);
    assert.ok(!conditions?.some(({ type }) => type === 'ScimAvailable'));
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
    [{ obstacle: null, service: null }, 'Unknown NotChecked', 'Connected', 'no connection was tried yet'],
    [
      { obstacle: null, service: { ...idle, connected: true, connectedAt: NOW } },
      'True Connected',
      'Connected',
      'the service is connected',
    ],
    [
      { obstacle: null, service: { ...idle, error: refused } },
      'False CredentialsRejected',
      'Degraded',
      'ConductorOne rejects the credentials',
    ],
    [
      { obstacle: { reason: 'SecretNotFound', message: 'm' }, service: { ...idle, connected: true } },
      'False SecretNotFound',
      'Degraded',
      'its Secret does not exist',
    ],
  ];
  for (const [conductorOne, condition, phase, because] of conditions) {
    test(`shows ConductorOneConnected ${condition} if ${because}`, () => {
      const seen = of(conductorOne);
      assert.deepEqual([seen.condition, seen.phase], [condition, phase], because);
    });
  }

  test('shows ConductorOneConnected Unknown while the connector is suspended', () => {
    const suspended = connectorObject({ spec: { conductorOne: wanted, suspend: true } });
    const { condition, phase } = of({ obstacle: null, service: idle }, suspended);
    assert.deepEqual([condition, phase], ['Unknown Suspended', 'Suspended']);
  });

  test('no longer shows Suspended once the connector is resumed', () => {
    const suspended = connectorObject({ spec: { conductorOne: wanted, suspend: true } });
    const { status } = of({ obstacle: null, service: idle }, suspended);
    const resumed = connectorObject({ spec: { conductorOne: wanted }, status });
    assert.equal(of({ obstacle: null, service: idle }, resumed).condition, 'Unknown NotChecked');
  });

  test('keeps the recorded upload after a restart until a newer one is known', () => {
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

  test('is omitted for a connector without it', () => {
    const { condition, status } = of(
      null,
      connectorObject({ status: { conductorOne: { lastUploadBytes: 7 } } }),
    );
    assert.deepEqual([condition, status.conductorOne], ['undefined undefined', undefined]);
  });
});
