import { randomUUID } from 'node:crypto';
import type { AsanaConnector } from '../../api/asana-connector.ts';
import { ManifestValidator } from '../../api/validation.ts';
import { BudgetRegistry } from '../../asana/budget-registry.ts';
import { type AsanaSession, openSession } from '../../asana/session.ts';
import type { ModelSettings } from '../../conductorone/model.ts';
import type { TaskHost } from '../../conductorone/task-host.ts';
import { ConnectorTaskHost } from '../../controllers/conductorone/task-host.ts';
import { ConnectorSession } from '../../controllers/connectors/connector-session.ts';
import { newHoldId } from '../../controllers/connectors/hold-id.ts';
import { type Clock, formatTime } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import { silentMeter } from '../../core/meter.ts';
import type { Redacted } from '../../core/redacted.ts';
import { AuditLog, type AuditSink } from '../../provisioning/audit.ts';
import { Executor } from '../../provisioning/executor.ts';
import { Organizations } from '../../provisioning/removals/organizations.ts';
import { TaskProvisioner } from '../../provisioning/task-provisioner.ts';
import { connectorManifest } from '../baton-settings/connector-manifest.ts';
import { nameOf } from '../baton-settings/setting-rules.ts';
import type { Settings } from '../baton-settings/settings-table.ts';

/** Namespace and name of the connector in audit lines, since no cluster gives it a name. */
export const STANDALONE = { namespace: 'local', name: 'asana-connector' };

/** The connector without Kubernetes: what the operator keeps for one AsanaConnector, without the object. */
export interface Standalone extends AsyncDisposable {
  readonly host: TaskHost;
  readonly asana: AsanaSession;
  readonly model: ModelSettings;
}

export interface StandaloneDeps {
  readonly log: Logger;
  readonly audit: AuditSink;
  readonly clock: Clock;
  /** Once it aborts, nothing more is changed in Asana. */
  readonly signal: AbortSignal;
}

/**
 * Sets up the clients, the session and the host. Sends nothing yet.
 * @throws InvalidInputError
 */
export async function openStandalone(
  settings: Settings,
  token: Redacted,
  { log, signal, clock, audit: sink }: StandaloneDeps,
): Promise<Standalone> {
  const random = Math.random;
  const meter = silentMeter;
  const connector = connectorOf(settings, clock.now());
  const session: ConnectorSession = new ConnectorSession(
    {
      clock,
      random,
      log,
      newHoldId,
      organizations: new Organizations(clock),
      onChange: (what) => what === 'Finished' && warnOfDoubts(session, log),
    },
    connector,
    [],
  );
  const budgets = new BudgetRegistry(
    { requestsPerMinute: settings.asanaRequestsPerMinute, percent: settings.asanaBudgetPercent },
    { clock, meter },
  );
  const { scimToken, useScimApi, asanaApiUrl, httpTimeoutSeconds } = settings;
  const asana = openSession({
    baseUrl: asanaApiUrl,
    token,
    scimToken: scimToken ?? undefined,
    scimEnabled: useScimApi,
    budgets,
    limits: { requestMs: httpTimeoutSeconds * 1000 },
    log,
    meter,
    clock,
    random,
  });
  await session.useCredentials('settings', () => asana);
  const audit = new AuditLog(sink, clock);
  const host = new ConnectorTaskHost({
    session: () => session,
    connector: () => connector,
    provisioner: new TaskProvisioner({ executor: new Executor(audit, meter, randomUUID), clock }),
    guard: () => signal.throwIfAborted(),
    // No object declares a grant or records removals here, so the window of removals lasts as long as the process.
    findDeclarations: () => [],
    saveRemovals: () => Promise.resolve(),
    alone: true,
    actionTimeoutMs: settings.actionTimeout,
    clock,
  });
  return {
    host,
    asana,
    model: { licenses: useScimApi, serviceAccount: settings.useServiceAccount },
    [Symbol.asyncDispose]: () => session.close(),
  };
}

/** Logs the doubts about a reading, with remedies other than an annotation, since there is no object to annotate. */
function warnOfDoubts({ doubts }: ConnectorSession, log: Logger): void {
  for (const { reason, count, message } of doubts) {
    log.warn('the reading of the directory is in doubt: nothing is uploaded or removed', {
      reason,
      missing: count,
      message,
      remedy:
        reason === 'ListingShort'
          ? `if this is correct, set ${nameOf('acceptMissing')} to ${count}`
          : 'if this is correct, restart the connector; otherwise restore the permissions of its token',
    });
  }
}

/** Returns the settings as the AsanaConnector that `migrate` would print, with defaults filled in. */
function connectorOf(settings: Settings, now: number): AsanaConnector {
  const places = { secret: STANDALONE.name, scimTokenKey: settings.scimToken ? 'SCIM_TOKEN' : null };
  const manifest = connectorManifest(settings, places);
  const { spec } = new ManifestValidator().check(manifest);
  return {
    ...manifest,
    metadata: {
      ...STANDALONE,
      uid: STANDALONE.name,
      generation: 1,
      resourceVersion: '1',
      creationTimestamp: formatTime(now),
    },
    spec: spec as AsanaConnector['spec'],
    // Only the shortfall that the user accepts: the size of the directory is not known yet.
    status: { measure: { scope: [], acceptedShortfall: settings.acceptMissing } },
  };
}
