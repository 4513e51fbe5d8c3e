import type { Account, PartName } from '../directory/snapshot.ts';
import type { Action } from './action.ts';
import type { Declaration } from './declarations.ts';
import type { Policies } from './policies.ts';
import type { Reading } from './reading.ts';
import type { RefusalCode } from './refusal.ts';
import type { Right } from './right.ts';

/** One right and one person: everything that the rules about it may look at. */
export interface RightCase<R extends Right = Right> {
  readonly right: R;
  /** As the directory knows them, in use or not; null for nobody. */
  readonly account: Account | null;
  /** Whom the wish names, where there may be no account yet. */
  readonly wanted: { readonly email: string | null; readonly name: string | null };
  /** Other addresses the person goes by: `protectedUsers` matches them too. */
  readonly aliases: readonly string[];
  /** A license that is given to nobody yet creates the account first. */
  readonly mayCreate: boolean;
  /** A task is one decision of a person; a grant holds as long as it is declared. */
  readonly asker: 'Grant' | 'Task';
  readonly policies: Policies;
  readonly reading: Reading;
  /** The gid of the one organization; null where there is none. */
  readonly organization: string | null;
  /** What other live grants declare for the account. */
  readonly declared: readonly Declaration[];
}

/** What is to be done about a right, or why nothing is. Messages are for a person. */
export type Step =
  | { readonly kind: 'Act'; readonly action: Action; readonly message: string }
  /** Asana is as wanted. */
  | { readonly kind: 'AlreadySo'; readonly message: string }
  | { readonly kind: 'Refused'; readonly code: RefusalCode; readonly message: string };

/** A rule has one thing to say: a step, or null to leave it to the next. */
export type Rule<R extends Right> = (this: void, subject: RightCase<R>) => Step | null;

/** What a right that a grant holds was when the grant began to hold it. */
export interface HeldRight {
  readonly adopted: boolean;
  /** The value seen then: a license, a role, or `Active`. */
  readonly value: string;
  /** An action of the same object created the account. */
  readonly created: boolean;
}

/** All that is peculiar to one type of right. */
export interface RightRules<R extends Right> {
  /**
   * The parts of a reading that the right is read from: a doubt about any justifies no removal and no creation. Without SCIM
   * there are no licenses to be read.
   */
  parts(policies: Pick<Policies, 'scimEnabled'>): readonly PartName[];
  /** What the account holds of it now, as the status shows it; null for nothing, undefined where Asana does not show it. */
  observe(subject: RightCase<R>): string | null | undefined;
  /** Whether the account holds exactly this right. */
  holds(subject: RightCase<R>): boolean;
  give(subject: RightCase<R>): Step;
  take(subject: RightCase<R>): Step;
  /** Why an ending grant lets the right be, though it may be taken; null where it is taken back. */
  keeps(held: HeldRight, who: string): { readonly message: string; readonly warning: boolean } | null;
}

export function act(action: Action, message: string): Step {
  return { kind: 'Act', action, message };
}

export function alreadySo(message: string): Step {
  return { kind: 'AlreadySo', message };
}

export function refused(code: RefusalCode, message: string): Step {
  return { kind: 'Refused', code, message };
}

/** The first step of a chain, whose last rule always has one. */
export function firstOf<R extends Right>(rules: readonly Rule<R>[], subject: RightCase<R>): Step {
  for (const rule of rules) {
    const step = rule(subject);
    if (step) return step;
  }
  throw new TypeError(`a chain of rules about a ${subject.right.type} left the case undecided`);
}

/** What messages call an account. */
export function nameOf(account: Account | null): string {
  return account?.email ?? account?.name ?? 'the account';
}
