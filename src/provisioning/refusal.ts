import { CodedError, type CodedErrorOptions, type ErrorClass } from '../core/errors.ts';

/** How one refusal behaves. */
interface RefusalEntry {
  /**
   * Class of the error that a task ends with. `stalling`: a person must act. `waiting`: it resolves by itself.
   * `transient`: it is tried again. For a grant, the class of the reason that it shows applies (api/reasons.ts).
   */
  readonly class: ErrorClass;
  /**
   * What happens to an ended grant that meets this refusal. `Release`: nothing is left that could be taken back, so the
   * grant is released with a Warning. `ReleaseDeleted`: a rule refuses, so a deleted grant is released with a Warning
   * and Asana is left as it is; an expired grant stays and says that the access remains. `Wait`: the cause may pass, so
   * the grant waits.
   */
  readonly ended: 'Release' | 'ReleaseDeleted' | 'Wait';
}

/**
 * Every reason why a right is not given or taken. The list is closed: `controllers` maps each code to the reason that a
 * grant shows, `conductorone` to the gRPC code that a task ends with.
 */
export const refusals = {
  /** The account does not exist (any more), or is not active. */
  AccountNotFound: { class: 'waiting', ended: 'Release' },
  UserIsGuest: { class: 'stalling', ended: 'Release' },
  TeamNotFound: { class: 'waiting', ended: 'Release' },
  TeamAmbiguous: { class: 'stalling', ended: 'Wait' },
  /** Only members of a team can change it in Asana, and the token's account is not a member. */
  NotTeamMember: { class: 'stalling', ended: 'Wait' },
  /** The team is a guest's last one, and Asana may remove the guest together with the membership. */
  GuestsLastTeam: { class: 'stalling', ended: 'Release' },
  WorkspaceNotFound: { class: 'stalling', ended: 'Wait' },
  /** Neither the request nor the connector names a workspace for the new account. */
  WorkspaceNotSet: { class: 'stalling', ended: 'Wait' },
  /** The address of the person is not known, or is not one that an account can be created with. */
  InvalidEmail: { class: 'stalling', ended: 'Wait' },
  /** Asana's API cannot re-add an account that was removed before. */
  PreviouslyRemoved: { class: 'stalling', ended: 'Wait' },
  LicensesUnavailable: { class: 'stalling', ended: 'Wait' },
  LicenseLimitReached: { class: 'waiting', ended: 'Wait' },
  ProtectedUser: { class: 'stalling', ended: 'ReleaseDeleted' },
  DeprovisionNotAllowed: { class: 'stalling', ended: 'ReleaseDeleted' },
  /** A declared grant contradicts the change; the message names the grant. */
  StillDeclared: { class: 'stalling', ended: 'ReleaseDeleted' },
  /** The parts that the right is read from are incomplete or outdated, or the last sync failed. */
  ReadingIncomplete: { class: 'transient', ended: 'Wait' },
  ReadingHeld: { class: 'waiting', ended: 'Wait' },
  /** The grant's namespace may not use the connector, or may not make this change. */
  NamespaceNotAllowed: { class: 'stalling', ended: 'ReleaseDeleted' },
  IdentityChanged: { class: 'stalling', ended: 'ReleaseDeleted' },
  OrganizationChanged: { class: 'stalling', ended: 'ReleaseDeleted' },
  Contended: { class: 'stalling', ended: 'Release' },
  ConflictingGrant: { class: 'stalling', ended: 'Wait' },
  RemovalDiscarded: { class: 'stalling', ended: 'Wait' },
  DurationTooLong: { class: 'stalling', ended: 'Wait' },
  /** The change may have reached Asana, which did not show it within three minutes. */
  NotAccepted: { class: 'stalling', ended: 'Wait' },
  /** A change was sent, and Asana may still show it. */
  UnderWay: { class: 'waiting', ended: 'Wait' },
  Suspended: { class: 'stalling', ended: 'Wait' },
  /** The connector cannot be used now; its own conditions say why. */
  NotReady: { class: 'transient', ended: 'Wait' },

  // Refusals that only tasks can meet.
  /** The id cannot be that of an entitlement of this connector. */
  EntitlementNotFound: { class: 'stalling', ended: 'Wait' },
  InvalidPrincipal: { class: 'stalling', ended: 'Wait' },
  /** No API gives or takes this role. */
  ImmutableRole: { class: 'stalling', ended: 'Wait' },
  /** View-only was requested for a holder of an enterprise license, which has to be revoked instead. */
  HoldsEnterprise: { class: 'stalling', ended: 'Wait' },
  /** `maxDeprovisions` of the window is used up; grants are held instead. */
  TooManyDeprovisions: { class: 'stalling', ended: 'Wait' },
  /** `conductorOne.provision` is off. */
  ProvisioningOff: { class: 'stalling', ended: 'Wait' },
} as const satisfies Record<string, RefusalEntry>;

export type RefusalCode = keyof typeof refusals;

/** Refusals that say nothing about the person: there is no usable reading. */
export const unlearnt: ReadonlySet<RefusalCode> = new Set(['NotReady', 'ReadingIncomplete', 'ReadingHeld']);

/** A change that is not made, because of a rule or of Asana's answer. */
export class RefusedError extends CodedError {
  declare readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string, options: CodedErrorOptions = {}) {
    super(code, refusals[code].class, message, options);
  }
}
