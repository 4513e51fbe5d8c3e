import type { Account, PartName } from '../directory/snapshot.ts';
import type { Action } from './action.ts';
import type { Declaration } from './declarations.ts';
import type { Policies } from './policies.ts';
import type { Reading } from './reading.ts';
import type { RefusalCode } from './refusal.ts';
import type { Right } from './right.ts';

/** One right and one person: everything that the rules of the right may look at. */
export interface RightCase<R extends Right = Right> {
  readonly right: R;
  /** The account as the directory knows it, in use or not; `null` if there is none. */
  readonly account: Account | null;
  /** The person that the wish names, who may have no account yet. */
  readonly wanted: { readonly email: string | null; readonly name: string | null };
  /** Other addresses of the person; `protectedUsers` matches them too. */
  readonly aliases: readonly string[];
  /** True if giving a license to a person without an account may create the account first. */
  readonly mayCreate: boolean;
  /** A grant holds as long as it is declared; a task is a single decision of a person. */
  readonly asker: 'Grant' | 'Task';
  readonly policies: Policies;
  readonly reading: Reading;
  /** The gid of the one organization; `null` if there is none. */
  readonly organization: string | null;
  /** What other live grants declare for the account. */
  readonly declared: readonly Declaration[];
}

/** What is to be done about a right, or why nothing is. Messages are for a person. */
export type Step =
  | { readonly kind: 'Act'; readonly action: Action; readonly message: string }
  /** Asana is as wanted already. */
  | { readonly kind: 'AlreadySo'; readonly message: string }
  | { readonly kind: 'Refused'; readonly code: RefusalCode; readonly message: string };

/** One rule: returns a step, or `null` to leave the case to the next rule. */
export type Rule<R extends Right> = (this: void, subject: RightCase<R>) => Step | null;

/** The state of a right when the grant began to hold it. */
export interface HeldRight {
  readonly adopted: boolean;
  /** The value seen then: a license, a role, or `Active`. */
  readonly value: string;
  /** True if an action of the same object created the account. */
  readonly created: boolean;
}

/** Everything that is specific to one type of right. */
export interface RightRules<R extends Right> {
  /**
   * The parts of a reading that the right is read from. A doubt about any of them rules out removals and creations.
   * Without SCIM, licenses are not read.
   */
  parts(policies: Pick<Policies, 'scimEnabled'>): readonly PartName[];
  /** What the account holds now, as status shows it; `null` for nothing, `undefined` if Asana does not show it. */
  observe(subject: RightCase<R>): string | null | undefined;
  /** Whether the account holds exactly this right. */
  holds(subject: RightCase<R>): boolean;
  give(subject: RightCase<R>): Step;
  take(subject: RightCase<R>): Step;
  /** Why an ending grant leaves the right in place although it could be taken; `null` if it is taken back. */
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

/** Returns the first step that a rule of the chain yields; the last rule has to yield one. */
export function firstOf<R extends Right>(rules: readonly Rule<R>[], subject: RightCase<R>): Step {
  for (const rule of rules) {
    const step = rule(subject);
    if (step) return step;
  }
  throw new TypeError(`a chain of rules about a ${subject.right.type} left the case undecided`);
}

/** Returns the name of an account for messages. */
export function nameOf(account: Account | null): string {
  return account?.email ?? account?.name ?? 'the account';
}
