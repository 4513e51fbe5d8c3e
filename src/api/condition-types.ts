/** What a condition is about, for the reference. */
export interface ConditionEntry {
  /** When an object has it: always, or under what circumstances. */
  readonly shown: string;
  readonly meaning: string;
}

const WHILE_TRUE = 'only while True';

/** Condition types of an AsanaConnector, in the order they are shown. */
export const connectorConditionTypes = {
  Ready: {
    shown: 'always',
    meaning:
      'Whether the connector works. False before its first sync is through and while it is Stalled, True while it works in part (phase Degraded), Unknown while a new generation or a request is worked on.',
  },
  Reconciling: {
    shown: WHILE_TRUE,
    meaning:
      'The operator works on the first sync, a new generation or a request. The syncs at every interval do not count.',
  },
  Stalled: {
    shown: WHILE_TRUE,
    meaning: 'A person must act before anything goes on; the message says what to do.',
  },
  CredentialsValid: { shown: 'always', meaning: 'Whether the Secret is there and Asana takes the token.' },
  ScimAvailable: {
    shown: 'with `scim.enabled`',
    meaning: 'Whether licenses can be read and changed over SCIM.',
  },
  Synced: { shown: 'always', meaning: 'Whether the last sync read every part of the directory to its end.' },
  ConductorOneConnected: {
    shown: 'with `conductorOne`',
    meaning: 'Whether the connection with ConductorOne stands.',
  },
  RemovalsPaused: {
    shown: WHILE_TRUE,
    meaning: 'Removals are held until a person acknowledges or discards `status.hold`.',
  },
} as const satisfies Record<string, ConditionEntry>;

/** Condition types of a grant, in the order they are shown. */
export const grantConditionTypes = {
  Ready: { shown: 'always', meaning: 'Whether all that is asked of the operator is done.' },
  Reconciling: { shown: WHILE_TRUE, meaning: 'Not done yet, and the operator goes on by itself.' },
  Stalled: {
    shown: WHILE_TRUE,
    meaning: 'A person must act before anything goes on; the message says what to do.',
  },
  Drifted: {
    shown: WHILE_TRUE,
    meaning: 'Somebody else changed the license, and it was not set back yet, or may not be.',
  },
  Expired: { shown: WHILE_TRUE, meaning: '`spec.expiresAt` has passed.' },
} as const satisfies Record<string, ConditionEntry>;

/** The phases of an AsanaConnector and when each stands; the first that fits is shown (conditions.ts: phaseOf). */
export const connectorPhases = {
  Suspended: '`spec.suspend` is true.',
  Failed: 'Stalled is True.',
  Pending: 'No sync has begun yet.',
  Syncing: 'Reconciling is True.',
  Degraded: 'Synced, ScimAvailable or ConductorOneConnected is False, or RemovalsPaused is True.',
  Connected: 'None of these.',
} as const;

export type ConnectorPhase = keyof typeof connectorPhases;
