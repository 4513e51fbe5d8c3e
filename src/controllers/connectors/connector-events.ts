import type { AsanaConnectorStatus } from '../../api/asana-connector-status.ts';
import { findCondition, newlyStalled } from '../../api/conditions.ts';
import type { GivenAnswer } from './hold-answers.ts';

/** What is told of a connector: type, reason and note of an event. */
export type ConnectorEvent = readonly ['Normal' | 'Warning', string, string];

/**
 * What a person should hear of a status that was written: trouble that begins, and a connection that was made or lost.
 * What the status said before is not told again, so that a restart tells nothing; of one trouble that shows in several
 * conditions one event is enough.
 */
export function eventsOfStatus(
  before: AsanaConnectorStatus | undefined,
  after: AsanaConnectorStatus,
): readonly ConnectorEvent[] {
  const trouble = [...stalled(before, after), ...credentialsLost(before, after), ...paused(before, after)];
  const once = trouble.filter(([, reason], at) => trouble.findIndex(([, other]) => other === reason) === at);
  return [...once, ...connection(before, after)];
}

/** The trouble that a connector which looks again may still have. */
const LASTING: ReadonlySet<string> = new Set(['Stalled', 'CredentialsValid']);

/**
 * What counts as told once `after` is written. A connector that is Reconciling looks again at the trouble it had, also a
 * new process that does not know it yet: should it still be there, it is the old one.
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

/** The condition names the gravest hold alone as its reason: which are new is in the holds. */
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

/** What is told of an answer that a person gave. */
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
