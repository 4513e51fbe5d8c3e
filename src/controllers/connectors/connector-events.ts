import type { AsanaConnectorStatus } from '../../api/asana-connector-status.ts';
import { findCondition, newlyStalled } from '../../api/conditions.ts';
import type { GivenAnswer } from './hold-answers.ts';

/** The type, reason and note of an event about a connector. */
export type ConnectorEvent = readonly ['Normal' | 'Warning', string, string];

/**
 * Returns the events for a status change: problems that begin, and connections that are made or lost. Problems that the
 * earlier status already showed are not reported again, so a restart emits nothing. A problem that shows in several
 * conditions gets one event.
 */
export function eventsOfStatus(
  before: AsanaConnectorStatus | undefined,
  after: AsanaConnectorStatus,
): readonly ConnectorEvent[] {
  const trouble = [...stalled(before, after), ...credentialsLost(before, after), ...paused(before, after)];
  const once = trouble.filter(([, reason], at) => trouble.findIndex(([, other]) => other === reason) === at);
  return [...once, ...connection(before, after)];
}

/** The conditions whose problem may still be there while the connector is being checked again. */
const LASTING: ReadonlySet<string> = new Set(['Stalled', 'CredentialsValid']);

/**
 * Returns the status that counts as reported once `after` is written. While a connector is Reconciling, its earlier
 * problems are checked again, also by a new process that does not know them: one that persists is not new.
 */
export function toldWith(
  before: AsanaConnectorStatus | undefined,
  after: AsanaConnectorStatus,
): AsanaConnectorStatus {
  if (!findCondition(after.conditions, 'Reconciling')) return after;
  const seen = (after.conditions ?? []).filter(
    ({ type, status }) => !LASTING.has(type) || status !== 'Unknown',
  );
  const old = (before?.conditions ?? []).filter(
    ({ type }) => LASTING.has(type) && !seen.some((condition) => condition.type === type),
  );
  return { ...after, conditions: [...seen, ...old] };
}

function* stalled(
  before: AsanaConnectorStatus | undefined,
  after: AsanaConnectorStatus,
): Generator<ConnectorEvent> {
  const is = findCondition(after.conditions, 'Stalled');
  if (is && newlyStalled(before?.conditions, after.conditions)) yield ['Warning', is.reason, is.message];
}

function* credentialsLost(
  before: AsanaConnectorStatus | undefined,
  after: AsanaConnectorStatus,
): Generator<ConnectorEvent> {
  const was = findCondition(before?.conditions, 'CredentialsValid');
  const is = findCondition(after.conditions, 'CredentialsValid');
  if (is?.status !== 'False' || (was?.status === 'False' && was.reason === is.reason)) return;
  yield ['Warning', is.reason, is.message];
}

/** Compares the holds, since the reason of the condition names only the most severe one. */
function* paused(
  before: AsanaConnectorStatus | undefined,
  after: AsanaConnectorStatus,
): Generator<ConnectorEvent> {
  const is = findCondition(after.conditions, 'RemovalsPaused');
  const known = new Set((before?.holds ?? []).map(({ reason }) => reason));
  for (const { reason } of after.holds ?? [])
    if (is && !known.has(reason)) yield ['Warning', reason, is.message];
}

function* connection(
  before: AsanaConnectorStatus | undefined,
  after: AsanaConnectorStatus,
): Generator<ConnectorEvent> {
  const was = findCondition(before?.conditions, 'ConductorOneConnected');
  const is = findCondition(after.conditions, 'ConductorOneConnected');
  if (!is || is.status === 'Unknown' || (was?.status === is.status && was.reason === is.reason)) return;
  yield is.status === 'True'
    ? ['Normal', 'ConductorOneConnected', is.message]
    : ['Warning', is.reason, is.message];
}

/** Returns the event for an answer that a person gave to a hold. */
export function eventOfAnswer(answer: GivenAnswer): ConnectorEvent {
  const { annotation, token } = answer;
  switch (answer.kind) {
    case 'Unknown':
      return ['Warning', 'UnknownHold', `${annotation}=${token} matches no current hold. See status.holds.`];
    case 'Removals':
      return [
        'Normal',
        'HoldAnswered',
        `${annotation}=${token} was recorded. Removals answered: ${answer.ids.length}.`,
      ];
    case 'Accepted':
      return ['Normal', 'HoldAnswered', `${annotation}=${token} accepts the reading (${answer.reason}).`];
  }
}
