import type { ErrorClass } from '../core/errors.ts';

/** How a reason affects Ready: True (`ok`), unchanged (`asItWas`), or False with one of the three error classes. */
export type ReasonClass = 'ok' | 'asItWas' | ErrorClass;

export interface ReasonEntry {
  readonly class: ReasonClass;
  /** The meaning of the reason and what to do, for the troubleshooting table. */
  readonly remedy: string;
}

/** Every reason of the Ready condition of a grant of any kind. */
export const grantReasons = {
  Granted: { class: 'ok', remedy: 'Asana matches what the grant declares.' },
  Removed: {
    class: 'ok',
    remedy: 'The AsanaAccount declares `ensure: Absent`, and there is no such account in Asana.',
  },
  Planned: {
    class: 'ok',
    remedy:
      'The connector is in mode Plan. `status.planned` shows what would be done. Set `provisioning.mode: Apply` to have it done.',
  },
  Scheduled: {
    class: 'ok',
    remedy: 'The grant begins at `startsAt`. Nothing is changed in Asana before that time.',
  },
  Expired: {
    class: 'ok',
    remedy:
      'The grant has ended, and its access was revoked or retained, depending on `deletionPolicy`. Delete the object, or set a later end to grant the access again.',
  },
  Superseded: {
    class: 'ok',
    remedy: 'Another grant declares the same right and has taken it over. Delete this object.',
  },
  Progressing: { class: 'transient', remedy: 'The change is in progress. Nothing needs to be done.' },
  RemovalPending: {
    class: 'waiting',
    remedy:
      'The removal waits for `provisioning.removalDelay` (until `status.planned.notBefore`), after a start until every grant of the connector has been evaluated, or after a change of leader until the last action of the previous leader has ended. Until then it can be prevented by restoring the grant.',
  },
  Throttled: {
    class: 'transient',
    remedy:
      'The request limit of Asana, or the share of it that the operator uses, is reached. The operator retries the request.',
  },
  AsanaUnavailable: {
    class: 'transient',
    remedy: 'Asana did not answer, or its directory could not be read completely. The operator retries.',
  },
  ConnectorNotReady: {
    class: 'waiting',
    remedy: 'See the conditions of the AsanaConnector for what is missing.',
  },
  ConnectorNotFound: {
    class: 'waiting',
    remedy:
      'Create the AsanaConnector that `connectorRef` names. If the name is wrong, delete the grant and create a new one.',
  },
  UserNotFound: {
    class: 'waiting',
    remedy:
      'Asana has no active account with this email or gid. Invite the person, declare an AsanaAccount, or, for a license, set `onMissingAccount: Create`.',
  },
  TeamNotFound: {
    class: 'waiting',
    remedy:
      'A complete reading of the organization has no such team, or the token cannot see it. Create the team, or give the account of the token access to it.',
  },
  LicenseLimitReached: {
    class: 'waiting',
    remedy: 'Raise `provisioning.maxEnterpriseLicenses` of the connector, or free an enterprise license.',
  },
  RemovalsPaused: {
    class: 'waiting',
    remedy:
      "The connector holds removals. Look at its `status.holds`, then answer with the hold's token in the annotation `acknowledge` or `discard`.",
  },
  ClockSkew: {
    class: 'waiting',
    remedy:
      "The clocks of the operator's node and of Asana differ by more than a minute. Correct the clock of the node.",
  },
  ConflictingGrant: {
    class: 'stalling',
    remedy: 'An older grant, which the message names, declares the same right. Delete one of the two.',
  },
  NamespaceNotAllowed: {
    class: 'stalling',
    remedy:
      "Add the grant's namespace to `provisioning.allowedNamespaces` of the connector. Even then, a grant from another namespace revokes only access that it granted; to remove other access, declare it in the connector's namespace.",
  },
  UserIsGuest: {
    class: 'stalling',
    remedy:
      'The person is a guest of the organization. Guests hold no license; they need an account with an address of the organization.',
  },
  LicensesUnavailable: {
    class: 'stalling',
    remedy:
      'Licenses cannot be managed: `scim.enabled` is false, or the organization has no view-only licenses, or it uses a `userType` that `scim.userTypes` does not name.',
  },
  LicenseNotAccepted: {
    class: 'stalling',
    remedy:
      'Asana accepted the change but still shows the old state. Check the Admin Console (free seats, divisions), then set the annotation `requestedAt` to try again.',
  },
  ProtectedUser: {
    class: 'stalling',
    remedy:
      'The access of this person is never reduced: they are in `protectedUsers`, an Asana admin, or the owner of the token. To allow the operator to reduce it, remove the person from `protectedUsers`, or set `protectAdmins: false` for admins. The owner of the token is always protected.',
  },
  DeprovisionNotAllowed: {
    class: 'stalling',
    remedy:
      'This needs a deprovision. Set `provisioning.allowDeprovision: true` on the connector to allow it.',
  },
  IdentityChanged: {
    class: 'stalling',
    remedy: 'The email address now belongs to another account. Delete the grant and create it again.',
  },
  Contended: {
    class: 'stalling',
    remedy:
      'Something outside of this operator, for example an identity provider, keeps reverting this access. Stop it, then edit the grant or set the annotation `requestedAt`.',
  },
  TeamAmbiguous: {
    class: 'stalling',
    remedy: 'Several teams have this name. Create the grant again with `team.gid`.',
  },
  NotTeamMember: {
    class: 'stalling',
    remedy: 'The account of the token must be a member of the team to change it. Add it to the team.',
  },
  PreviouslyRemoved: {
    class: 'stalling',
    remedy:
      'The person was removed from Asana before, and cannot be added again through the API. Invite them in the Admin Console.',
  },
  WorkspaceNotSet: {
    class: 'stalling',
    remedy: 'New accounts need a workspace: set `defaultWorkspace` on the connector.',
  },
  WorkspaceNotFound: {
    class: 'stalling',
    remedy:
      'The connector does not read this workspace. Correct the gid in a new grant, add it to `workspaces` of the connector, or invite the account of the token as a member.',
  },
  StillDeclared: {
    class: 'stalling',
    remedy:
      'A deprovision would end access that another grant, which the message names, still declares. Delete that grant first. An expired grant waits for it; a deleted one is released.',
  },
  DurationTooLong: {
    class: 'stalling',
    remedy:
      'The connector sets `provisioning.maxDuration`. Give the grant an end within that time after it begins, and `deletionPolicy: Revoke`.',
  },
  OrganizationChanged: {
    class: 'stalling',
    remedy:
      'The grant was applied in an organization that the connector no longer reads. Restore the credentials of the connector, or delete the grant and create it again.',
  },
  RemovalDiscarded: {
    class: 'stalling',
    remedy: 'The removal was discarded by annotation. Edit the grant to have it evaluated again.',
  },
  AsanaRefused: {
    class: 'stalling',
    remedy:
      'Asana refused the change. The message says why. Correct the cause, then edit the grant or set the annotation `requestedAt` to try again.',
  },
  Suspended: {
    class: 'asItWas',
    remedy: 'The grant or its connector is suspended. Nothing is done until `suspend` is false.',
  },
} as const satisfies Record<string, ReasonEntry>;

export type GrantReason = keyof typeof grantReasons;

/** Every reason of the conditions of an AsanaConnector. */
export const connectorReasons = {
  Synced: { class: 'ok', remedy: 'The directory was read completely.' },
  ScimOnly: {
    class: 'ok',
    remedy:
      'The token works only for SCIM: accounts, licenses and teams are read, but no guests, roles or other workspaces, and no grant is applied. For those, give the service account full permissions.',
  },
  Accepted: { class: 'ok', remedy: 'Asana accepts the credentials.' },
  Available: { class: 'ok', remedy: 'SCIM is available and shows licenses.' },
  Connected: { class: 'ok', remedy: 'ConductorOne is connected.' },
  Pending: { class: 'waiting', remedy: 'No sync has begun yet.' },
  Syncing: { class: 'waiting', remedy: 'A sync is in progress. `status.sync.progress` shows how far it is.' },
  Degraded: {
    class: 'ok',
    remedy: 'The connector works partially. The conditions that are False say what does not work.',
  },
  Suspended: { class: 'asItWas', remedy: '`spec.suspend` is true. Set it to false to continue.' },
  NotChecked: { class: 'waiting', remedy: 'No request has been sent to Asana or ConductorOne yet.' },
  SecretNotFound: {
    class: 'stalling',
    remedy:
      'Create the Secret that `credentials.secretRef.name` names in the namespace of the connector. It is looked up every minute.',
  },
  SecretKeyMissing: {
    class: 'stalling',
    remedy:
      'Store the token under the key that `credentials.secretRef.tokenKey` (or `scimTokenKey`) names. The Secret is read every minute.',
  },
  SecretUnreadable: {
    class: 'transient',
    remedy:
      'The API server does not let the operator read a Secret that the connector names; the message says why. Check the API server and the Role of the operator. The operator tries again every 10 seconds and continues with the credentials that it read last.',
  },
  CredentialsRejected: {
    class: 'stalling',
    remedy:
      'Asana rejects the token (401) or, in ConductorOneConnected, ConductorOne rejects the client ID and secret. Store valid ones in the Secret; they are used within a minute. ConductorOne is also asked again about every five minutes.',
  },
  PermissionDenied: {
    class: 'stalling',
    remedy:
      'The token lacks permissions; the message says which. A service account with full permissions has all of them. Once they are restored in Asana, set the annotation `requestedAt`.',
  },
  PlanRefused: {
    class: 'stalling',
    remedy:
      'The Asana plan of the organization does not include this. Upgrade the plan, or, for SCIM, set `scim.enabled: false`.',
  },
  WorkspaceNotFound: {
    class: 'stalling',
    remedy:
      'The token cannot read a workspace of `spec.workspaces`. Correct the gid, or invite the account of the token.',
  },
  WorkspaceNotSet: { class: 'stalling', remedy: 'Set `spec.defaultWorkspace`.' },
  AmbiguousOrganization: {
    class: 'stalling',
    remedy: 'SCIM serves one organization. List exactly one in `spec.workspaces`.',
  },
  OrganizationChanged: {
    class: 'stalling',
    remedy:
      'The token no longer reads the organizations that it read before, so nothing is changed in Asana. Restore the credentials or, if the change is intended, acknowledge the hold in `status.holds` by annotation.',
  },
  OrganizationTaken: {
    class: 'stalling',
    remedy:
      'An older connector in mode Apply manages this organization. Set one of the two to mode Plan, or delete it.',
  },
  HostNotAllowed: {
    class: 'stalling',
    remedy:
      'The client ID names a host that is not in the allow-list of the operator (`--allowed-conductorone-hosts`).',
  },
  LicensesUnavailable: {
    class: 'stalling',
    remedy:
      'No user of the organization has a `userType`: the organization has no view-only licenses. Ask Asana to enable them, or set `scim.enabled: false`.',
  },
  SyncIncomplete: {
    class: 'transient',
    remedy:
      'A part of the directory could not be read completely. Nobody is removed; the next sync tries again.',
  },
  AsanaUnavailable: {
    class: 'transient',
    remedy:
      'Asana did not answer, or cannot be reached as configured: see the message. The operator retries, and continues to use the last reading.',
  },
  AsanaRefused: {
    class: 'stalling',
    remedy:
      'Asana refused to be read: see the message. Correct the cause, for example `--asana-api-url`, then edit the connector or set the annotation `requestedAt` to try again.',
  },
  TooManyRemovals: {
    class: 'waiting',
    remedy:
      "More removals are pending than `maxRemovals` or `maxDeprovisions` allows. Look at `status.holds`, then answer with the hold's token in the annotation `acknowledge` or `discard`.",
  },
  DirectoryShrunk: {
    class: 'waiting',
    remedy:
      'A reading is suddenly much smaller than the one before, so nobody is removed. If the reading is correct, acknowledge the hold by annotation. The hold also ends when a later reading is as large as before.',
  },
  ListingShort: {
    class: 'waiting',
    remedy:
      'Asana repeatedly lists fewer entries than it announces, so nobody is removed. If the listing is correct, acknowledge the hold by annotation.',
  },
  Disconnected: {
    class: 'transient',
    remedy: 'ConductorOne is not reachable. The connection is retried; syncs and grants continue.',
  },
  ConductorOneRefused: {
    class: 'stalling',
    remedy:
      'ConductorOne rejects the requests of this connector. Check that the connector still exists there. The operator retries about every five minutes, and within a minute when the Secret or the connector changes.',
  },
  ClockSkew: {
    class: 'waiting',
    remedy:
      'The clock of the node is too far off for ConductorOne to accept the credentials. Correct the clock; the operator keeps retrying.',
  },
} as const satisfies Record<string, ReasonEntry>;

export type ConnectorReason = keyof typeof connectorReasons;

/** The reason of a grant's Drifted condition; it does not affect Ready. */
export const driftedReasons = {
  ChangedElsewhere: {
    class: 'asItWas',
    remedy:
      'The access was changed outside of this operator. The operator reverts the change unless the reason of the Ready condition says otherwise.',
  },
} as const satisfies Record<string, ReasonEntry>;

export type DriftedReason = keyof typeof driftedReasons;
