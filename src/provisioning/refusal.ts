import { CodedError, type CodedErrorOptions, type ErrorClass } from '../core/errors.ts';

/** How one refusal behaves. */
interface RefusalEntry {
  /**
   * Of the error that a task ends with. `stalling`: a person must act. `waiting`: it comes right by itself. `transient`: it
   * is tried again. A grant goes by the class of the reason that it shows (api/reasons.ts).
   */
  readonly class: ErrorClass;
  /**
   * What a grant that has ended does where it meets this refusal. Release: the refusal is by rule or for good, so the object
   * goes with a Warning and Asana stays as it is. Wait: what stands in the way may go, so the object stays. ReleaseDeleted: an
   * object that was deleted goes, one that has expired stays.
   */
  readonly ended: 'Release' | 'ReleaseDeleted' | 'Wait';
}

/**
 * Every reason why a right is not given or taken. The list is closed: controllers maps each to the reason that a grant
 * shows, conductorone to the gRPC code that a task ends with.
 */
export const refusals = {
  /** No such account (any more), or one that is not active. */
  AccountNotFound: { class: 'waiting', ended: 'Release' },
  UserIsGuest: { class: 'stalling', ended: 'Release' },
  TeamNotFound: { class: 'waiting', ended: 'Release' },
  TeamAmbiguous: { class: 'stalling', ended: 'Wait' },
  /** Asana lets only members of a team change it, and the token's account is none. */
  NotTeamMember: { class: 'stalling', ended: 'Wait' },
  /** The team is the last one of a guest, whom Asana may remove with it. */
  GuestsLastTeam: { class: 'stalling', ended: 'Release' },
  WorkspaceNotFound: { class: 'stalling', ended: 'Wait' },
  /** Neither who asks nor the connector says where a new account goes. */
  WorkspaceNotSet: { class: 'stalling', ended: 'Wait' },
  /** No account can be created with what is known as the address of the person. */
  InvalidEmail: { class: 'stalling', ended: 'Wait' },
  /** Asana takes nobody back by API who was removed before. */
  PreviouslyRemoved: { class: 'stalling', ended: 'Wait' },
  LicensesUnavailable: { class: 'stalling', ended: 'Wait' },
  LicenseLimitReached: { class: 'waiting', ended: 'Wait' },
  ProtectedUser: { class: 'stalling', ended: 'Release' },
  DeprovisionNotAllowed: { class: 'stalling', ended: 'Release' },
  /** A declared grant says otherwise; the message names it. */
  StillDeclared: { class: 'stalling', ended: 'ReleaseDeleted' },
  /** The parts that the right is read from are incomplete, old or in doubt. */
  ReadingIncomplete: { class: 'transient', ended: 'Wait' },
  ReadingHeld: { class: 'waiting', ended: 'Wait' },
  /** The grant is applied in no namespace but the connector's and those it allows. */
  NamespaceNotAllowed: { class: 'stalling', ended: 'Release' },
  IdentityChanged: { class: 'stalling', ended: 'Release' },
  OrganizationChanged: { class: 'stalling', ended: 'Release' },
  Contended: { class: 'stalling', ended: 'Release' },
  ConflictingGrant: { class: 'stalling', ended: 'Wait' },
  RemovalDiscarded: { class: 'stalling', ended: 'Wait' },
  DurationTooLong: { class: 'stalling', ended: 'Wait' },
  /** Asana took the change and did not show it within three minutes. */
  NotAccepted: { class: 'stalling', ended: 'Wait' },
  /** A change was sent and Asana may still come to show it. */
  UnderWay: { class: 'waiting', ended: 'Wait' },
  Suspended: { class: 'stalling', ended: 'Wait' },
  /** The connector cannot be used now; its own conditions say why. */
  NotReady: { class: 'transient', ended: 'Wait' },

  // What tasks alone can meet.
  /** The id names nothing that this connector ever offered. */
  EntitlementNotFound: { class: 'stalling', ended: 'Wait' },
  InvalidPrincipal: { class: 'stalling', ended: 'Wait' },
  /** No API gives or takes this role. */
  ImmutableRole: { class: 'stalling', ended: 'Wait' },
  /** View-only asked for somebody with an enterprise license: that one is revoked instead. */
  HoldsEnterprise: { class: 'stalling', ended: 'Wait' },
  /** `maxDeprovisions` of the window is used up; grants are held instead. */
  TooManyDeprovisions: { class: 'stalling', ended: 'Wait' },
  /** `conductorOne.provision` is off. */
  ProvisioningOff: { class: 'stalling', ended: 'Wait' },
} as const satisfies Record<string, RefusalEntry>;

export type RefusalCode = keyof typeof refusals;

/** Refusals by which nothing is learnt of anybody: there is no reading yet, or one in doubt. */
export const unlearnt: ReadonlySet<RefusalCode> = new Set(['NotReady', 'ReadingIncomplete', 'ReadingHeld']);

/** A change that is not made, by rule or because of what Asana answered. */
export class RefusedError extends CodedError {
  declare readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string, options: CodedErrorOptions = {}) {
    super(code, refusals[code].class, message, options);
  }
}
