/** The description of a condition, for the reference. */
export interface ConditionEntry {
  /** When an object has the condition: always, or under which circumstances. */
  readonly shown: string;
  readonly meaning: string;
}

const WHILE_TRUE = 'only while True';

/** Condition types of an AsanaConnector, in the order they are shown. */
export const connectorConditionTypes = {
  Ready: {
    shown: 'always',
    meaning:
      'Whether the connector works. False until its first sync is complete and while it is Stalled; True also while it works in part (phase Degraded); Unknown while a new generation or a request is processed.',
  },
  Reconciling: {
    shown: WHILE_TRUE,
    meaning:
      'The first sync, a new generation or a request is being processed. The syncs at every interval do not count.',
  },
  Stalled: {
    shown: WHILE_TRUE,
    meaning: 'A person must act before the operator continues. The message says what to do.',
  },
  CredentialsValid: { shown: 'always', meaning: 'Whether the Secret exists and Asana accepts the token.' },
  ScimAvailable: {
    shown: 'with `scim.enabled`',
    meaning: 'Whether licenses can be read and changed over SCIM.',
  },
  Synced: { shown: 'always', meaning: 'Whether the last sync read every part of the directory completely.' },
  ConductorOneConnected: {
    shown: 'with `conductorOne`',
    meaning: 'Whether the operator is connected to ConductorOne.',
  },
  RemovalsPaused: {
    shown: WHILE_TRUE,
    meaning:
      'Removals are stopped until the holds in `status.holds` are answered by annotation, or end. With several holds the reason is that of the first, and the message lists all.',
  },
} as const satisfies Record<string, ConditionEntry>;

/** Condition types of a grant, in the order they are shown. */
export const grantConditionTypes = {
  Ready: {
    shown: 'always',
    meaning:
      'Whether the operator has done everything that the grant asks for. In mode Plan, Ready is True as soon as the operator has decided what to do.',
  },
  Reconciling: {
    shown: WHILE_TRUE,
    meaning: 'The grant is not applied yet. The operator continues without intervention.',
  },
  Stalled: {
    shown: WHILE_TRUE,
    meaning: 'A person must act before the operator continues. The message says what to do.',
  },
  Drifted: {
    shown: WHILE_TRUE,
    meaning:
      'The access was changed outside of this operator, and the operator has not reverted the change yet, or must not revert it.',
  },
  Expired: { shown: WHILE_TRUE, meaning: 'The end of the grant, `status.expiresAt`, has passed.' },
} as const satisfies Record<string, ConditionEntry>;

/** The phases of an AsanaConnector and when each is shown: the first that applies (conditions.ts: phaseOf). */
export const connectorPhases = {
  Suspended: '`spec.suspend` is true.',
  Failed: 'Stalled is True.',
  Pending: 'No sync has begun yet.',
  Syncing: 'Reconciling is True.',
  Degraded: 'Synced, ScimAvailable or ConductorOneConnected is False, or RemovalsPaused is True.',
  Connected: 'None of these.',
} as const;

export type ConnectorPhase = keyof typeof connectorPhases;
