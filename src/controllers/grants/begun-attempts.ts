import type { GrantObject } from '../../api/kinds.ts';
import type { Attempt, Whereabouts } from '../../provisioning/attempt.ts';
import type { LastAction } from './action-record.ts';

/** The attempts that this process began, by the uid of the grant, and what is known about their requests. */
export class BegunAttempts {
  readonly #byUid = new Map<string, { readonly id: string; readonly whereabouts: Whereabouts }>();

  note(uid: string, id: string, whereabouts: Whereabouts): void {
    this.#byUid.set(uid, { id, whereabouts });
  }

  /** Forgets the attempt of a grant: nothing is in progress (any more), or the object is gone. */
  forget(uid: string): void {
    this.#byUid.delete(uid);
  }

  whereabouts(uid: string, id: string | undefined): Whereabouts {
    const begun = this.#byUid.get(uid);
    return begun && begun.id === id ? begun.whereabouts : 'Unknown';
  }

  /** Marks an attempt whose request never left as failed, whatever the status says: it can have no outcome. */
  judge(uid: string, attempt: Attempt | null): Attempt | null {
    const isOver = attempt?.result === 'Pending' && this.whereabouts(uid, attempt.id) === 'NotSent';
    return attempt && isOver ? { ...attempt, result: 'Failed' } : attempt;
  }

  /** Returns the same as `lastAction` of the status; `undefined` if that stays as it is. */
  closed({ metadata, status }: GrantObject): LastAction | undefined {
    const last = status?.lastAction;
    const isOver = last?.result === 'Pending' && this.whereabouts(metadata.uid, last.id) === 'NotSent';
    return last && isOver ? { ...last, result: 'Failed' } : undefined;
  }
}
