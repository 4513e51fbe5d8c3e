import type { AsanaConnector } from '../../api/asana-connector.ts';
import { type Condition, type ConditionDraft, findCondition, readiness } from '../../api/conditions.ts';
import type { ConnectorReason } from '../../api/reasons.ts';
import { ACKNOWLEDGE_ANNOTATION, DISCARD_ANNOTATION } from '../../api/resources.ts';
import type { HoldRecord } from '../../provisioning/removals/record.ts';
import { type ConnectorFacts, describeMissing } from './connector-facts.ts';
import { TOKENS_UNPROVEN } from './connector-obstacle.ts';
import { conductorOneReasonOf, isOfCredentials, type Obstacle, reasonOf } from './obstacle.ts';
import { failureOf } from './sync-runner.ts';

function everSynced({ object, report }: ConnectorFacts): boolean {
  return Boolean(report?.result?.snapshot) || object.status?.sync?.completedAt !== undefined;
}

/** Returns every condition that a connector should have now. */
export function draftConditions(facts: ConnectorFacts): ConditionDraft[] {
  return [
    ...readyOf(facts),
    credentialsOf(facts),
    ...scimOf(facts),
    syncedOf(facts),
    ...conductorOneOf(facts),
    ...pausedOf(facts),
  ];
}

/** Returns Ready, together with Reconciling or Stalled where they apply. */
function readyOf(facts: ConnectorFacts): ConditionDraft[] {
  const { object, obstacle, secretUnreadable, hasClients, running } = facts;
  const readyBefore = findCondition(object.status?.conditions, 'Ready');
  if (object.spec.suspend) {
    return readiness(
      'asItWas',
      'Suspended',
      'spec.suspend is true: nothing is read or changed until it is false.',
      readyBefore?.status,
    );
  }
  // What the last sync met may be gone: after an edit or a request, the sync in progress decides.
  if (obstacle && !(obstacle.metBySync && running?.answering))
    return readiness('stalling', obstacle.reason, obstacle.message, undefined);
  if (secretUnreadable && !hasClients)
    return readiness('transient', secretUnreadable.reason, secretUnreadable.message, undefined);
  if (!everSynced(facts)) {
    const failure = facts.report && failureOf(facts.report);
    if (failure && !running) return readiness('transient', reasonOf(failure), failure.message, undefined);
    return running
      ? readiness('waiting', 'Syncing', 'The first sync is in progress.', undefined)
      : readiness('waiting', 'Pending', 'No sync has begun yet.', undefined);
  }
  if (running?.answering) {
    // The old result no longer applies, and there is no new one yet (kstatus: Unknown goes with Reconciling).
    const message = 'A sync for the newest spec or request is in progress.';
    return [
      { type: 'Ready', status: 'Unknown', reason: 'Syncing', message },
      { type: 'Reconciling', status: 'True', reason: 'Syncing', message },
    ];
  }
  const impaired = impairment(facts);
  if (impaired) return readiness('ok', 'Degraded', impaired, undefined);
  const synced = syncedOf(facts);
  return synced.reason === 'ScimOnly'
    ? readiness('ok', 'ScimOnly', synced.message, undefined)
    : readiness('ok', 'Synced', 'The directory was read, and everything works.', undefined);
}

/** Describes what does not work although the connector does; `null` if everything works. */
function impairment(facts: ConnectorFacts): string | null {
  const impaired = [...scimOf(facts), syncedOf(facts), ...conductorOneOf(facts)].find(
    (condition) => condition.status === 'False',
  );
  if (impaired) return `${impaired.type} is False: ${impaired.message}`;
  return pausedOf(facts)[0]?.message ?? null;
}

function credentialsOf(facts: ConnectorFacts): ConditionDraft {
  const { object, obstacle, secretUnreadable, tokensUnproven, report } = facts;
  const draft = (status: Condition['status'], reason: ConnectorReason, message: string): ConditionDraft => ({
    type: 'CredentialsValid',
    status,
    reason,
    message,
  });
  if (obstacle && isOfCredentials(obstacle)) return draft('False', obstacle.reason, obstacle.message);
  if (secretUnreadable) return draft('Unknown', secretUnreadable.reason, secretUnreadable.message);
  if (tokensUnproven) return draft('Unknown', 'NotChecked', TOKENS_UNPROVEN);
  // That the spec does not fit the token's workspaces is known only after Asana has listed them.
  const isScopeWrong =
    report?.error?.code === 'WorkspaceNotFound' || report?.error?.code === 'AmbiguousOrganization';
  if (report?.result?.snapshot || isScopeWrong) return draft('True', 'Accepted', 'Asana accepts the token.');
  const kept = findCondition(object.status?.conditions, 'CredentialsValid');
  if (kept && kept.status === 'True') return kept;
  return draft('Unknown', 'NotChecked', 'Asana has not accepted the token yet.');
}

function scimOf({ object, obstacle, report }: ConnectorFacts): ConditionDraft[] {
  if (!object.spec.scim.enabled) return [];
  const draft = (status: Condition['status'], reason: ConnectorReason, message: string): ConditionDraft => ({
    type: 'ScimAvailable',
    status,
    reason,
    message,
  });
  if (obstacle && isOfScimToken(obstacle, object)) return [draft('False', obstacle.reason, obstacle.message)];
  const scim = report?.result?.scim;
  if (scim?.ok) return [draft('True', 'Available', 'SCIM is available and shows licenses.')];
  if (scim) return [draft('False', reasonOf(scim.error), scim.error.message)];
  // SCIM has accepted the token, but REST has not, and the spec does not name the organization.
  if (report?.error?.code === 'WorkspaceNotSet')
    return [draft('True', 'Available', 'SCIM accepts the token. Licenses have not been read yet.')];
  const kept = findCondition(object.status?.conditions, 'ScimAvailable');
  return [kept ?? draft('Unknown', 'NotChecked', 'SCIM has not been read yet.')];
}

/** Whether a credentials problem affects SCIM too: the Secret or a key is missing, or both APIs use one token. */
function isOfScimToken({ reason }: Obstacle, { spec }: AsanaConnector): boolean {
  if (reason === 'SecretNotFound' || reason === 'SecretKeyMissing') return true;
  return reason === 'CredentialsRejected' && spec.credentials.secretRef.scimTokenKey === undefined;
}

function syncedOf({ object, report }: ConnectorFacts): ConditionDraft {
  const draft = (status: Condition['status'], reason: ConnectorReason, message: string): ConditionDraft => ({
    type: 'Synced',
    status,
    reason,
    message,
  });
  if (!report) {
    return (
      findCondition(object.status?.conditions, 'Synced') ??
      draft('Unknown', 'Pending', 'No sync has finished yet.')
    );
  }
  if (report.error) return draft('False', reasonOf(report.error), report.error.message);
  const reasons = describeMissing(report);
  const rest = report.result?.rest;
  if (reasons.length === 0 && rest?.ok === false) return draft('True', 'ScimOnly', rest.error.message);
  return reasons.length === 0
    ? draft('True', 'Synced', 'The directory was read completely.')
    : draft(
        'False',
        'SyncIncomplete',
        `The directory was not read completely. ${reasons.join(' ')} Nobody is removed until it is read completely.`,
      );
}

function conductorOneOf({ object, conductorOne }: ConnectorFacts): ConditionDraft[] {
  if (!object.spec.conductorOne) return [];
  const draft = (status: Condition['status'], reason: ConnectorReason, message: string): ConditionDraft => ({
    type: 'ConductorOneConnected',
    status,
    reason,
    message,
  });
  if (object.spec.suspend)
    return [draft('Unknown', 'Suspended', 'The connection is closed while the connector is suspended.')];
  const { obstacle, service } = conductorOne ?? {};
  if (obstacle) return [draft('False', obstacle.reason, obstacle.message)];
  if (service?.error) return [draft('False', conductorOneReasonOf(service.error), service.error.message)];
  if (service?.connected)
    return [draft('True', 'Connected', 'ConductorOne accepts the credentials and sends tasks.')];
  const kept = findCondition(object.status?.conditions, 'ConductorOneConnected');
  if (kept && kept.reason !== 'Suspended') return [kept];
  return [draft('Unknown', 'NotChecked', 'No request has been sent to ConductorOne yet.')];
}

/** The order of severity. Holds over a reading come before the hold over removals, which depends on the reading. */
const PLACES: Readonly<Record<HoldRecord['reason'], number>> = {
  OrganizationChanged: 0,
  DirectoryShrunk: 1,
  ListingShort: 2,
  TooManyRemovals: 3,
};

/** Returns one condition for all holds: its reason is that of the most severe, its message lists all with tokens. */
function pausedOf({ removals, doubts }: ConnectorFacts): ConditionDraft[] {
  const holds = (removals.holds ?? []).toSorted((a, b) => PLACES[a.reason] - PLACES[b.reason]);
  const [first] = holds;
  if (!first) return [];
  const message = holds.map((hold) => `${describeHold(hold, doubts)} ${answersTo(hold)}`).join(' ');
  return [{ type: 'RemovalsPaused', status: 'True', reason: first.reason, message }];
}

function describeHold({ reason, count, people = 0 }: HoldRecord, doubts: ConnectorFacts['doubts']): string {
  if (reason === 'TooManyRemovals')
    return `More removals are pending than allowed. Held removals: ${count}. People affected: ${people}.`;
  return (
    doubts.find((doubt) => doubt.reason === reason)?.message ?? `The last reading is doubtful (${reason}).`
  );
}

/** Returns the instructions for answering a hold. Discarding a reading has no effect, so it is not offered. */
function answersTo({ reason, token }: HoldRecord): string {
  const annotate = (annotation: string) => `set the annotation ${annotation} to "${token}"`;
  return reason === 'TooManyRemovals'
    ? `To carry them out, ${annotate(ACKNOWLEDGE_ANNOTATION)}. To discard them, ${annotate(DISCARD_ANNOTATION)}.`
    : `If this is correct, ${annotate(ACKNOWLEDGE_ANNOTATION)}.`;
}
