import { isOpen } from './attempt.ts';
import type { Grant } from './grant.ts';
import { isSameRight, type Right } from './right.ts';

/** A grant in a contest, with what follows from its connector. */
export interface Contender {
  readonly grant: Grant;
  /** The right that it declares, or still holds after it has ended; `null` while that is not known. */
  readonly right: Right | null;
  /** True if its connector is in mode Apply and works, so that the grant may take a right over. */
  readonly acts: boolean;
  /** True if it now means another account or organization than before: it takes nothing over until a person acts. */
  readonly mistaken: boolean;
  readonly mode: 'Plan' | 'Apply';
  /** True if its connector is stalled, or if the grant holds nothing and lasts longer than the connector allows. */
  readonly excluded: boolean;
  /** True if the grant has not begun. */
  readonly unstarted: boolean;
}

/** What the other grants for the same right of the same account mean for one grant. */
export type Contest =
  | { readonly kind: 'Uncontested' }
  | { readonly kind: 'Lost'; readonly winner: string }
  /** For an ending grant only: the oldest rival that acts declares the right held or sent for, and takes it over. */
  | {
      readonly kind: 'Succeeded';
      readonly successor: Contender;
      /** The older grant that keeps the successor from taking over, but does not act itself; `null` for none. */
      readonly heldUpBy: string | null;
    };

/**
 * Judges what its rivals mean for a grant. The oldest contender wins, then namespace/name. Grants that are deleted,
 * expired, suspended, not started, excluded or not allowed by namespace do not contend. Grants of connectors in mode
 * Plan contend among themselves.
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
 * Returns the ended grant whose right a live one takes over, adopted flag included; `null` if there is none, or if the
 * live one loses its own contest or does not act.
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

/** Whether a grant contends, whatever it declares. */
export function contends({ grant, excluded, unstarted }: Contender): boolean {
  const allowed = grant.namespaceAllowed && (grant.ensure === 'Present' || grant.sameNamespace);
  return !grant.ending && !grant.suspended && allowed && !excluded && !unstarted;
}

function mayTakeOver({ acts, mistaken }: Contender): boolean {
  return acts && !mistaken;
}

/** Whether a grant declares what an ended grant holds, or sent for and may still come to hold. */
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
