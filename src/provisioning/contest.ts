import { isOpen } from './attempt.ts';
import type { Grant } from './grant.ts';
import { isSameRight, type Right } from './right.ts';

/** A grant in a contest, with what its connector says about it. */
export interface Contender {
  readonly grant: Grant;
  /** The right it declares; null while the team it names is not found. */
  readonly right: Right | null;
  /** Its connector is in mode Apply and works: it may take a right over. */
  readonly acts: boolean;
  /** It names somebody else than it was for: it waits for a person, and takes nothing over meanwhile. */
  readonly mistaken: boolean;
  readonly mode: 'Plan' | 'Apply';
  /** Its connector is stalled, or the grant may not last as long as it says, and holds nothing. */
  readonly excluded: boolean;
  /** It has not begun. */
  readonly unstarted: boolean;
}

/** What the other grants for the same right of the same account mean for one grant. */
export type Contest =
  | { readonly kind: 'Uncontested' }
  | { readonly kind: 'Lost'; readonly winner: string }
  /** Only for an ending grant: the winner of those that act declares the right it holds, or sent for, and takes it over. */
  | {
      readonly kind: 'Succeeded';
      readonly successor: Contender;
      /** The older grant that keeps the successor from taking it over and does not act itself; null for none. */
      readonly heldUpBy: string | null;
    };

/**
 * The oldest contender wins, then namespace/name. Grants that are deleted, expired, suspended, not started, not allowed by
 * namespace, or of a stalled connector do not contend; those of connectors in mode Plan contend among themselves.
 * @param rivals every other grant for the same right of the account
 */
export function judgeContest(own: Contender, rivals: readonly Contender[]): Contest {
  const { grant } = own;
  if (grant.ending) {
    const successor = oldestOf(rivals.filter((rival) => contends(rival) && mayTakeOver(rival)));
    if (!successor || !takesOver(successor, own)) return { kind: 'Uncontested' };
    const contest = judgeContest(successor, rivals);
    return { kind: 'Succeeded', successor, heldUpBy: contest.kind === 'Lost' ? contest.winner : null };
  }
  if (!contends(own)) return { kind: 'Uncontested' };
  const oldest = oldestOf(rivals.filter((rival) => contends(rival) && rival.mode === own.mode));
  return oldest && precedes(oldest, own) ? { kind: 'Lost', winner: nameOf(oldest) } : { kind: 'Uncontested' };
}

/**
 * The ended grant whose right a live one takes over, adopted flag included. Null when there is none, or when the live one
 * does not win its own contest or does not act.
 */
export function findPredecessor(own: Contender, rivals: readonly Contender[]): Grant | null {
  const { grant, right } = own;
  const takes = contends(own) && mayTakeOver(own) && grant.ensure === 'Present';
  if (!takes || right === null || judgeContest(own, rivals).kind === 'Lost') return null;
  const ended = rivals.filter(
    ({ grant: { ending, applied } }) => ending && applied && isSameRight(applied.right, right),
  );
  return oldestOf(ended)?.grant ?? null;
}

/** Every live grant that contends, whatever it declares. */
export function contends({ grant, excluded, unstarted }: Contender): boolean {
  const allowed = grant.namespaceAllowed && (grant.ensure === 'Present' || grant.sameNamespace);
  return !grant.ending && !grant.suspended && allowed && !excluded && !unstarted;
}

function mayTakeOver({ acts, mistaken }: Contender): boolean {
  return acts && !mistaken;
}

/** What an ended grant holds, or sent for and may still come to hold. */
function takesOver({ grant, right }: Contender, ended: Contender): boolean {
  if (grant.ensure === 'Absent' || right === null) return false;
  const { applied, attempt } = ended.grant;
  const rights = [applied?.right ?? null, isOpen(attempt) ? ended.right : null];
  return rights.some((held) => held !== null && isSameRight(held, right));
}

function oldestOf(contenders: readonly Contender[]): Contender | null {
  return contenders.reduce<Contender | null>(
    (best, contender) => (best && precedes(best, contender) ? best : contender),
    null,
  );
}

function precedes({ grant: a }: Contender, { grant: b }: Contender): boolean {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt;
  return keyOf(a) < keyOf(b);
}

function nameOf({ grant }: Contender): string {
  return keyOf(grant);
}

function keyOf({ object }: Grant): string {
  return `${object.namespace}/${object.name}`;
}
