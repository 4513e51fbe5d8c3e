import type { ErrorClass } from '../core/errors.ts';

/** How a reason stands towards Ready: fine, or one of the three classes, or leaving Ready as it was. */
export type ReasonClass = 'ok' | 'asItWas' | ErrorClass;

export interface ReasonEntry {
  readonly class: ReasonClass;
  /** What it means and what to do, for the troubleshooting table. */
  readonly remedy: string;
}

/** Every reason of a grant's Ready condition. */
export const grantReasons = {
  Granted: { class: 'ok', remedy: 'All is as declared.' },
  Planned: {
    class: 'ok',
    remedy:
      'Mode Plan: `status.planned` says what would be done. Set the connector to `mode: Apply` to have it done.',
  },
  Expired: {
    class: 'ok',
    remedy: '`expiresAt` has passed and the license was taken back. Delete the object, or set a later time.',
  },
  Superseded: { class: 'ok', remedy: 'Another grant for the same account took over. Delete this object.' },
  Progressing: { class: 'transient', remedy: 'The change is under way.' },
  RemovalPending: {
    class: 'waiting',
    remedy: '`removalDelay` is running; `status.planned.notBefore` says until when.',
  },
  Throttled: {
    class: 'transient',
    remedy: "Asana's rate limit or our budget is used up; it goes on by itself.",
  },
  AsanaUnavailable: {
    class: 'transient',
    remedy: 'Asana did not answer, or its directory could not be read whole. It is tried again.',
  },
  ConnectorNotReady: {
    class: 'waiting',
    remedy: 'Look at the AsanaConnector: its own conditions say what is missing.',
  },
  ConnectorNotFound: {
    class: 'waiting',
    remedy: 'Create the AsanaConnector that `connectorRef` names, or correct the reference in a new grant.',
  },
  UserNotFound: {
    class: 'waiting',
    remedy:
      'Asana has no active account with this email or gid. Invite the person, or set `onMissingAccount: Create`.',
  },
  TeamNotFound: { class: 'waiting', remedy: 'Asana has no such team, or the token cannot see it.' },
  LicenseLimitReached: {
    class: 'waiting',
    remedy: 'Raise `provisioning.maxEnterpriseLicenses` of the connector, or free a license.',
  },
  RemovalsPaused: {
    class: 'waiting',
    remedy:
      'The connector holds removals: see its `status.hold`, then acknowledge or discard it by annotation.',
  },
  ClockSkew: {
    class: 'waiting',
    remedy:
      "The clock of the operator's node and Asana's differ by more than a minute: correct the node's clock.",
  },
  ConflictingGrant: {
    class: 'stalling',
    remedy: 'An older grant declares this account. Delete one of the two.',
  },
  NamespaceNotAllowed: {
    class: 'stalling',
    remedy:
      "Add the grant's namespace to `provisioning.allowedNamespaces` of the connector. A grant of another namespace lowers only what it gave: declare `ViewOnly` in the connector's own namespace.",
  },
  UserIsGuest: {
    class: 'stalling',
    remedy: 'Guests hold no license. The person needs an account with an address of the organization.',
  },
  LicensesUnavailable: {
    class: 'stalling',
    remedy:
      'Licenses cannot be managed: SCIM is off, or the organization has no view-only licenses, or shows a `userType` that `scim.userTypes` does not name.',
  },
  LicenseNotAccepted: {
    class: 'stalling',
    remedy:
      'Asana took the change and still shows the old license. Look in the Admin Console (seats, divisions), then ask again with the annotation requestedAt.',
  },
  ProtectedUser: {
    class: 'stalling',
    remedy: 'The person is protected: `protectedUsers`, an Asana admin, or the account of the token itself.',
  },
  DeprovisionNotAllowed: {
    class: 'stalling',
    remedy: 'Taking a view-only license away deprovisions. Allow it with `provisioning.allowDeprovision`.',
  },
  IdentityChanged: {
    class: 'stalling',
    remedy: 'The email belongs to another account now. Delete the grant and create it anew.',
  },
  Contended: {
    class: 'stalling',
    remedy:
      'Something else changes this license back: an identity provider, a paused license. Stop it, then edit the grant or ask again with requestedAt.',
  },
  TeamAmbiguous: { class: 'stalling', remedy: 'Several teams have this name: name the team by gid.' },
  NotTeamMember: {
    class: 'stalling',
    remedy: "The token's account must be a member of the team to change it.",
  },
  PreviouslyRemoved: {
    class: 'stalling',
    remedy: 'Asana does not take back by API who was removed before: invite the person in the Admin Console.',
  },
  WorkspaceNotSet: {
    class: 'stalling',
    remedy: 'Set `defaultWorkspace` of the connector: new accounts need a workspace.',
  },
  RemovalDiscarded: {
    class: 'stalling',
    remedy: 'A person discarded the removal. Edit the grant to have it decided again.',
  },
  AsanaRefused: { class: 'stalling', remedy: 'Asana refused the change; the message says why.' },
  Suspended: {
    class: 'asItWas',
    remedy: 'The grant or its connector is suspended: nothing is done until it is resumed.',
  },
} as const satisfies Record<string, ReasonEntry>;

export type GrantReason = keyof typeof grantReasons;

/** Every reason of the conditions of an AsanaConnector. */
export const connectorReasons = {
  Synced: { class: 'ok', remedy: 'The directory was read whole.' },
  ScimOnly: {
    class: 'ok',
    remedy:
      'Asana takes the token for SCIM alone. Accounts, licenses and teams are read; guests, roles and other workspaces are missing, and nothing is changed. To have all of it, give the service account full permissions.',
  },
  Accepted: { class: 'ok', remedy: 'Asana takes the credentials.' },
  Available: { class: 'ok', remedy: 'SCIM answers and shows licenses.' },
  Connected: { class: 'ok', remedy: 'ConductorOne is connected.' },
  Pending: { class: 'waiting', remedy: 'No sync has begun yet.' },
  Syncing: { class: 'waiting', remedy: 'A sync is under way; `status.sync.progress` says how far.' },
  Degraded: { class: 'ok', remedy: 'It works, but not all of it: the conditions that are False say what.' },
  Suspended: { class: 'asItWas', remedy: '`spec.suspend` is true: set it to false to go on.' },
  NotChecked: { class: 'waiting', remedy: 'The other side was not asked yet.' },
  SecretNotFound: {
    class: 'stalling',
    remedy:
      'Create the Secret that `credentials.secretRef.name` names, in the namespace of the connector. It is looked for every minute.',
  },
  SecretKeyMissing: {
    class: 'stalling',
    remedy:
      'Put the token under the key that `credentials.secretRef.tokenKey` (or `scimTokenKey`) names. It is looked for every minute.',
  },
  CredentialsRejected: {
    class: 'stalling',
    remedy:
      'Asana refuses the token (401), or, in ConductorOneConnected, ConductorOne the client ID and secret. Put valid ones in the Secret; they are taken up within a minute.',
  },
  PermissionDenied: {
    class: 'stalling',
    remedy:
      'The token lacks permissions; the message says which. A service account with full permissions has them all.',
  },
  PlanRefused: { class: 'stalling', remedy: "The organization's Asana plan does not include this." },
  WorkspaceNotFound: {
    class: 'stalling',
    remedy:
      'The token does not see a workspace of `spec.workspaces`. Correct the gid, or invite the account of the token.',
  },
  WorkspaceNotSet: { class: 'stalling', remedy: 'Set `spec.defaultWorkspace`.' },
  AmbiguousOrganization: {
    class: 'stalling',
    remedy: 'SCIM speaks of one organization: name exactly one in `spec.workspaces`.',
  },
  OrganizationChanged: {
    class: 'stalling',
    remedy:
      'The token reads another organization than before. If that is meant, acknowledge the hold by annotation.',
  },
  OrganizationTaken: {
    class: 'stalling',
    remedy: 'An older connector in mode Apply has this organization. Keep one of the two in Apply.',
  },
  HostNotAllowed: {
    class: 'stalling',
    remedy:
      'The client ID names a host outside the allow-list of the operator (`--allowed-conductorone-hosts`).',
  },
  LicensesUnavailable: {
    class: 'stalling',
    remedy: 'No user of the organization carries a `userType`: it has no view-only licenses.',
  },
  SyncIncomplete: {
    class: 'transient',
    remedy:
      'A part of the directory could not be read to its end. Nobody is removed; the next sync tries again.',
  },
  AsanaUnavailable: {
    class: 'transient',
    remedy: 'Asana did not answer. It is tried again; the last reading stays in use.',
  },
  TooManyRemovals: {
    class: 'waiting',
    remedy:
      'More removals than `maxRemovals` or `maxDeprovisions` allows. Look at `status.holds`, then acknowledge or discard it by annotation.',
  },
  DirectoryShrunk: {
    class: 'waiting',
    remedy: 'The directory is suddenly much smaller. If that is right, acknowledge the hold by annotation.',
  },
  ListingShort: {
    class: 'waiting',
    remedy:
      'Asana keeps listing fewer entries than it announces. If that is right, acknowledge the hold by annotation.',
  },
  Disconnected: {
    class: 'transient',
    remedy: 'ConductorOne cannot be reached. It is tried again; sync and grants go on.',
  },
  ConductorOneRefused: {
    class: 'stalling',
    remedy:
      'ConductorOne refuses what this connector says: see whether the connector still exists there. It is tried again when the Secret or the connector changes, or at a request (annotation requestedAt).',
  },
  ClockSkew: {
    class: 'waiting',
    remedy:
      'The clock of the node is too far off for ConductorOne to take the credentials. Correct it; it is tried again by itself.',
  },
} as const satisfies Record<string, ReasonEntry>;

export type ConnectorReason = keyof typeof connectorReasons;

/** The reason of a grant's Drifted condition; it says nothing of Ready. */
export const driftedReasons = {
  ChangedElsewhere: {
    class: 'asItWas',
    remedy:
      'Find out who changed the license in Asana. It is set back by itself unless Ready says otherwise.',
  },
} as const satisfies Record<string, ReasonEntry>;

export type DriftedReason = keyof typeof driftedReasons;
