import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { conditionOf, OperatorRig, PERSONAL, SCIM_ONLY, SERVICE_ACCOUNT } from './rig.ts';

suite('the Secret of a connector', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('connector-secret');
    await rig.createConnector();
  });
  after(() => rig.close());

  async function becomes(reason: string, mentions: RegExp): Promise<void> {
    await touch(rig);
    await rig.until(`Stalled with ${reason}`, async () => {
      const stalled = conditionOf(await rig.connector(), 'Stalled');
      return stalled?.reason === reason && mentions.test(stalled.message);
    });
    const connector = await rig.connector();
    assert.equal(connector?.status?.phase, 'Failed');
    assert.equal(conditionOf(connector, 'Ready')?.status, 'False');
    assert.equal(conditionOf(connector, 'CredentialsValid')?.status, 'False');
  }

  test('stalls the connector with its name if it is missing, and nothing is requested from Asana', async () => {
    await becomes('SecretNotFound', /"token"/);
    assert.deepEqual(rig.sandbox.requests.since(0), []);
  });

  test('stalls the connector with the name of the key if the key is missing', async () => {
    await rig.createSecret({ OTHER: 'x' });
    await becomes('SecretKeyMissing', /BATON_TOKEN/);
  });

  test('stalls the connector if the value is empty', async () => {
    await rig.deleteSecret();
    await rig.createSecret({ BATON_TOKEN: '' });
    await becomes('SecretKeyMissing', /empty/);
  });

  test('stalls the connector if the value is binary', async () => {
    await rig.deleteSecret();
    await rig.createSecret({ BATON_TOKEN: 'can\u0000ary\u0007' });
    await becomes('SecretKeyMissing', /not a token/);
  });

  test('stalls the connector if Asana rejects the token, and unrelated edits send no request', async () => {
    await rig.deleteSecret();
    await rig.createSecret({ BATON_TOKEN: `${SERVICE_ACCOUNT}-wrong` });
    await becomes('CredentialsRejected', /token|credential/i);
    const count = /^\w+_reconcile_duration_seconds_count\{controller="asanaconnector"\} (\d+)$/m;
    const reconciles = async () => Number(count.exec(await rig.metrics.render())?.[1]);
    const [asked, reconciled] = [rig.sandbox.requests.last, await reconciles()];
    await rig.until('several edits are reconciled', async () => {
      // It means nothing for a connector, but an edit of an annotation that is not read is not reconciled.
      const annotations = { 'asana-connector.dev/abandon': `${Math.random()}` };
      await rig.patchConnector({ metadata: { annotations } });
      return (await reconciles()) > reconciled + 3;
    });
    assert.equal(rig.sandbox.requests.last, asked);
  });

  test('causes one Warning event for each reason, which a restart does not repeat', async () => {
    const warnings = async () =>
      (await rig.events())
        .filter(({ regarding, type }) => regarding.kind === 'AsanaConnector' && type === 'Warning')
        .map(({ reason }) => reason)
        .toSorted();
    await rig.until('the event is recorded', async () => (await warnings()).includes('CredentialsRejected'));
    const told = await warnings();
    assert.deepEqual(told, ['CredentialsRejected', 'SecretKeyMissing', 'SecretNotFound']);
    await rig.stopOperator();
    await rig.startOperator();
    await rig.sync();
    // Stopping writes the last events.
    await rig.stopOperator();
    await rig.startOperator();
    assert.deepEqual(await warnings(), told);
  });

  test('connects the connector again once it has a valid token, even with a trailing newline', async () => {
    await rig.deleteSecret();
    await rig.createSecret({ BATON_TOKEN: `${SERVICE_ACCOUNT}\n` });
    await touch(rig);
    const connector = await rig.untilPhase('Connected');
    assert.equal(conditionOf(connector, 'CredentialsValid')?.status, 'True');
    assert.equal(conditionOf(connector, 'Stalled'), undefined);
  });

  test('is read again as soon as Asana answers 401, so that a rotated token is used', async () => {
    const rotated = `${SERVICE_ACCOUNT}-rotated`;
    rig.sandbox.tokenRegister.issue(rotated, 'serviceAccount', rig.sandbox.people.serviceAccount);
    await rig.patchSecret({ BATON_TOKEN: rotated });
    rig.sandbox.tokenRegister.revoke(SERVICE_ACCOUNT);
    await rig.patchConnector({
      metadata: { annotations: { 'asana-connector.dev/requestedAt': 'after the rotation' } },
    });
    await rig.until('the requested sync is made', async () => {
      const connector = await rig.connector();
      return (
        connector?.status?.phase === 'Connected' &&
        connector.status.lastHandledReconcileAt === 'after the rotation'
      );
    });
  });
});

suite('a token that is revoked between two syncs', () => {
  test('stalls the connector as soon as Asana rejects an action, and the grant waits for it', async (t) => {
    const rig = await OperatorRig.start('connector-revoked');
    t.after(() => rig.close());
    await rig.createSecret({ BATON_TOKEN: SERVICE_ACCOUNT });
    await rig.createConnector();
    await rig.untilPhase('Connected');
    rig.sandbox.tokenRegister.revoke(SERVICE_ACCOUNT);
    await rig.createGrant('late', 'alice@acme.example');
    const connector = await rig.untilPhase('Failed');
    assert.equal(conditionOf(connector, 'Stalled')?.reason, 'CredentialsRejected');
    assert.equal(conditionOf(connector, 'CredentialsValid')?.status, 'False');
    await rig.until('the grant waits', async () => {
      const ready = conditionOf(await rig.grant('late'), 'Ready');
      return ready?.reason === 'ConnectorNotReady';
    });
  });
});

suite('the permissions of a token', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('connector-token');
  });
  after(() => rig.close());

  test('a personal token reads accounts and teams, and counts no license', async () => {
    await rig.createSecret({ BATON_TOKEN: PERSONAL }, 'personal');
    await rig.createConnector(
      {
        credentials: { secretRef: { name: 'personal' } },
        scim: { enabled: false },
        provisioning: { mode: 'Plan' },
      },
      'personal',
    );
    const connector = await rig.untilPhase('Connected', 'personal');
    assert.equal(connector.status?.counts?.enterpriseLicenses, undefined);
    assert.ok((connector.status?.counts?.accounts ?? 0) >= 40);
    assert.ok((connector.status?.counts?.guests ?? 0) > 0);
    assert.ok((connector.status?.counts?.teams ?? 0) > 0);
    assert.equal(conditionOf(connector, 'ScimAvailable'), undefined);
    await rig.createGrant('no-scim', 'alice@acme.example', { connectorRef: { name: 'personal' } });
    await rig.untilReason('no-scim', 'LicensesUnavailable');
  });

  test('a token that can only do SCIM stalls its connector until defaultWorkspace names the organization', async () => {
    await rig.createSecret({ BATON_TOKEN: SCIM_ONLY }, 'scim-only');
    await rig.createConnector(
      {
        credentials: { type: 'ServiceAccount', secretRef: { name: 'scim-only' } },
        provisioning: { mode: 'Plan' },
      },
      'scim-only',
    );
    const connector = await rig.untilPhase('Failed', 'scim-only');
    assert.match(conditionOf(connector, 'Stalled')?.message ?? '', /defaultWorkspace/);
    await rig.patchConnector({ spec: { defaultWorkspace: rig.sandbox.workspace } }, 'scim-only');
    const connected = await rig.untilPhase('Connected', 'scim-only');
    assert.equal(conditionOf(connected, 'Stalled'), undefined);
  });

  test('a token that can only do SCIM reads what SCIM shows, and applies nothing', async () => {
    const connector = await rig.untilPhase('Connected', 'scim-only');
    assert.equal(conditionOf(connector, 'Synced')?.reason, 'ScimOnly');
    assert.equal(conditionOf(connector, 'ScimAvailable')?.status, 'True');
    assert.ok((connector.status?.counts?.enterpriseLicenses ?? 0) > 0);
    await rig.createGrant('scim-only', 'alice@acme.example', { connectorRef: { name: 'scim-only' } });
    await rig.untilReason('scim-only', 'ConnectorNotReady');
    assert.deepEqual(rig.writesInAsana(), []);
  });

  test('a token that can only do SCIM reads licenses beside a personal token', async () => {
    await rig.createSecret({ BATON_TOKEN: PERSONAL, SCIM_TOKEN: SCIM_ONLY }, 'two');
    await rig.createConnector(
      {
        credentials: { secretRef: { name: 'two', scimTokenKey: 'SCIM_TOKEN' } },
        provisioning: { mode: 'Plan' },
      },
      'two',
    );
    const connector = await rig.untilPhase('Connected', 'two');
    assert.ok((connector.status?.counts?.enterpriseLicenses ?? 0) > 0);
  });

  test('a workspace that the token does not see stalls the connector with its gid', async () => {
    await rig.createSecret();
    await rig.createConnector({ workspaces: ['999'], provisioning: { mode: 'Plan' } }, 'lost');
    const connector = await rig.untilPhase('Failed', 'lost');
    assert.equal(conditionOf(connector, 'Stalled')?.reason, 'WorkspaceNotFound');
    assert.match(conditionOf(connector, 'Stalled')?.message ?? '', /999/);
  });

  for (const [status, reason] of [
    [402, 'PlanRefused'],
    [403, 'PermissionDenied'],
  ] as const) {
    test(`a ${status} response stalls the connector with ${reason}`, async () => {
      const ids = rig.sandbox.faults.add({
        match: { path: '/workspaces', times: 0 },
        effect: { status, message: 'This is only available to premium users.' },
      });
      await rig.createSecret({ BATON_TOKEN: PERSONAL }, `refused-${status}`);
      await rig.createConnector(
        {
          credentials: { secretRef: { name: `refused-${status}` } },
          scim: { enabled: false },
          provisioning: { mode: 'Plan' },
        },
        `refused-${status}`,
      );
      const connector = await rig.untilPhase('Failed', `refused-${status}`);
      assert.equal(conditionOf(connector, 'Stalled')?.reason, reason);
      rig.sandbox.faults.remove(ids);
    });
  }
});

suite('an organization without view-only licenses', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('connector-no-view-only', { viewOnlyDomain: false });
    await rig.createSecret();
    await rig.createConnector();
  });
  after(() => rig.close());

  test('leaves the connector Degraded and its grants LicensesUnavailable', async () => {
    const connector = await rig.untilPhase('Degraded');
    assert.equal(conditionOf(connector, 'ScimAvailable')?.reason, 'LicensesUnavailable');
    assert.equal(conditionOf(connector, 'Ready')?.status, 'True');
    await rig.createGrant('alice', 'alice@acme.example');
    await rig.untilReason('alice', 'LicensesUnavailable');
    assert.deepEqual(rig.writesInAsana(), []);
  });
});

suite('a sync with a faulty response', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('connector-doubt', { accounts: 140 });
    await rig.createSecret();
    await rig.createConnector({
      provisioning: { maxRemovals: { percent: 100, atLeast: 100, window: '1h' } },
    });
    await rig.untilPhase('Connected');
    await rig.createGrant('alice', 'alice@acme.example');
    await rig.untilReason('alice', 'Granted');
  });
  after(() => rig.close());

  const rows = [
    { what: 'HTML', match: { operation: 'getUsers' }, effect: { body: 'html' } },
    { what: 'truncated JSON', match: { operation: 'getUsers' }, effect: { body: 'truncated' } },
    { what: 'a 200 with an error in it', match: { operation: 'getUsers' }, effect: { body: 'error200' } },
    { what: 'a page without next_page', match: { operation: 'getUsers' }, effect: { dropNextPage: true } },
    { what: 'an offset that repeats', match: { operation: 'getUsers' }, effect: { repeatOffset: true } },
    {
      what: 'totalResults larger than what came',
      match: { operation: 'scimListUsers' },
      effect: { totalResultsBy: 7 },
    },
    {
      what: 'a 500 in the middle',
      match: { operation: 'getWorkspaceMembershipsForWorkspace' },
      effect: { status: 500 },
    },
  ] as const;

  for (const { what, match, effect } of rows) {
    test(`is incomplete and removes nobody, and the next one recovers: ${what}`, async () => {
      const name = `grant-${rows.findIndex((row) => row.what === what)}`;
      await rig.createGrant(name, 'carol@acme.example');
      await rig.untilReason(name, 'Granted');
      const id = rig.sandbox.faults.add({ match: { ...match, times: 0 }, effect });
      await rig.sync();
      const connector = await rig
        .until('the sync shows as incomplete', async () => {
          const synced = conditionOf(await rig.connector(), 'Synced');
          return synced?.status === 'False';
        })
        .then(() => rig.connector());
      assert.equal(connector?.status?.phase, 'Degraded');
      assert.equal(connector?.status?.sync?.complete, false);
      assert.equal(
        conditionOf(await rig.grant('alice'), 'Ready')?.reason,
        'Granted',
        'the grant stays Granted',
      );
      await rig.deleteGrant(name);
      await rig.untilReason(name, 'AsanaUnavailable');
      assert.match(
        conditionOf(await rig.grant(name), 'Ready')?.message ?? '',
        /asana-connector.dev\/abandon/,
      );
      assert.equal(await rig.licenseInAsana('carol@acme.example'), 'enterprise');
      rig.sandbox.faults.remove(id);
      await rig.sync();
      await rig.untilPhase('Connected');
      await rig.untilGone(name);
      assert.equal(await rig.licenseInAsana('carol@acme.example'), 'view only');
    });
  }
});

/** Requests a sync after a Secret was fixed; otherwise it would take up to a minute to be read again. */
async function touch(rig: OperatorRig): Promise<void> {
  await rig.patchConnector({
    metadata: { annotations: { 'asana-connector.dev/requestedAt': `${Math.random()}` } },
  });
}
