import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import type { AsanaConnectorStatus } from '../../src/api/asana-connector.ts';
import { REQUESTED_AT_ANNOTATION } from '../../src/api/resources.ts';
import { requestSync, type SyncFlags } from '../../src/commands/kubectl-asana/request-sync.ts';
import { connectorObject } from '../controllers/objects.ts';
import { SmallApiServer } from './small-api-server.ts';

interface State {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
}
const WELL: State = { status: 'True', reason: 'Synced' };

const condition = (type: string, { status, reason }: State) => ({
  type,
  status,
  reason,
  message: `The message of ${reason}.`,
  observedGeneration: 1,
  lastTransitionTime: '2026-06-01T00:00:00Z',
});

function statusOf(ready: State, synced: State, handled: string): AsanaConnectorStatus {
  return {
    phase: 'Connected',
    lastHandledReconcileAt: handled,
    conditions: [condition('Ready', ready), condition('Synced', synced)],
  };
}

const LATER_MS = 1_500;

/** Starts an API server whose operator reports this state; `handled` maps a request to the one reported as handled. */
async function start(
  t: TestContext,
  {
    ready = WELL,
    synced = WELL,
    handled,
  }: { ready?: State; synced?: State; handled?: (own: string) => string },
): Promise<SmallApiServer> {
  const api = await SmallApiServer.start(t, [connectorObject()]);
  api.before = (method, object) => {
    const own = object.metadata.annotations?.[REQUESTED_AT_ANNOTATION];
    if (method !== 'GET' || own === undefined) return;
    Object.assign(object, { status: statusOf(ready, synced, handled?.(own) ?? own) });
  };
  return api;
}

function sync(api: SmallApiServer, flags: Partial<SyncFlags> = {}): Promise<string> {
  return api.run((given, output) => requestSync('acme', given, output), {
    namespace: 'iga',
    wait: true,
    timeout: LATER_MS,
    ...flags,
  });
}

suite('kubectl asana sync --wait', () => {
  test('reports the sync when the connector is ready and Asana was read', async (t) => {
    assert.equal(await sync(await start(t, {})), 'iga/acme: synced, Connected (Synced)\n');
  });

  for (const { ready, synced, reason, because } of [
    {
      ready: { status: 'False', reason: 'CredentialsRejected' },
      synced: WELL,
      reason: 'CredentialsRejected',
      because: 'the connector is not ready',
    },
    {
      ready: { status: 'True', reason: 'Degraded' },
      synced: { status: 'False', reason: 'SyncIncomplete' },
      reason: 'SyncIncomplete',
      because: 'Asana was not read completely',
    },
    {
      ready: { status: 'True', reason: 'Suspended' },
      synced: WELL,
      reason: 'Suspended',
      because: 'the connector is suspended',
    },
  ] as const) {
    test(`fails with the reason when ${because}`, async (t) => {
      const failure = { code: 'SyncFailed', message: new RegExp(`${reason}: The message of ${reason}`) };
      await assert.rejects(sync(await start(t, { ready, synced })), failure);
      await assert.rejects(sync(await start(t, { ready, synced }), { output: 'json' }), failure);
    });

    test(`prints that the sync failed when ${because}`, async (t) => {
      const api = await start(t, { ready, synced });
      for (const [output, shows] of [
        ['table', /^iga\/acme: sync failed, Connected/],
        ['json', /"synced": false/],
      ] as const) {
        let written = '';
        const write = (text: string) => void (written += text);
        const flags = {
          namespace: 'iga',
          wait: true,
          timeout: LATER_MS,
          output,
          kubeconfig: api.kubeconfig,
        } as const;
        await assert.rejects(requestSync('acme', flags, { write }));
        assert.match(written, shows);
      }
    });
  }

  test('returns when a later request, which replaced its own, was handled', async (t) => {
    const later = (own: string) => new Date(Date.parse(own) + 1).toISOString();
    assert.match(await sync(await start(t, { handled: later })), /synced/);
  });

  test('returns when another request, which is not a time, was handled', async (t) => {
    const api = await start(t, {});
    api.before = (method, object) => {
      if (method !== 'GET') return;
      const annotations = { [REQUESTED_AT_ANNOTATION]: 'now, please' };
      Object.assign(object, {
        metadata: { ...object.metadata, annotations },
        status: statusOf(WELL, WELL, 'now, please'),
      });
    };
    assert.match(await sync(api), /synced/);
  });

  test('fails with SyncLate if only an earlier request was handled', async (t) => {
    const earlier = (own: string) => new Date(Date.parse(own) - 1).toISOString();
    await assert.rejects(sync(await start(t, { handled: earlier }), { timeout: 0 }), { code: 'SyncLate' });
  });

  test('fails with SyncLate if the handled request is older than its own, even with a later time', async (t) => {
    const status = statusOf(WELL, WELL, '2999-01-01T00:00:00Z');
    const api = await SmallApiServer.start(t, [connectorObject({ status })]);
    await assert.rejects(sync(api, { timeout: 0 }), { code: 'SyncLate' });
  });

  test('is optional: without it, only the request is reported', async (t) => {
    assert.equal(
      await sync(await start(t, { ready: { status: 'False', reason: 'SyncFailed' } }), { wait: false }),
      'iga/acme: sync requested\n',
    );
  });
});
