import type { Mutant } from './mutant.ts';

/** Faults in what restrains removals: holds, limits, delays. */
export const removalMutants: readonly Mutant[] = [
  {
    name: 'an-answer-covers-later-joiners',
    breaks: ['HeldStaysHeld'],
    why: 'an acknowledgement also carries out what joined the hold after its token was published',
    edits: [
      {
        file: 'provisioning/removals/standing-hold.ts',
        find: 'if (joined === null || joined > n || !removal',
        replace: 'if (joined === null || !removal',
      },
    ],
  },
  {
    name: 'an-answer-ends-the-hold',
    breaks: ['HeldStaysHeld'],
    why: 'once a part of a hold is answered, the rest of it is free',
    edits: [
      {
        file: 'provisioning/removals/standing-hold.ts',
        find: 'answered.push(grant);',
        replace: 'answered.push(grant); hold.leave(grant);',
      },
      {
        file: 'provisioning/removals/standing-hold.ts',
        find: 'return answered;',
        replace: 'this.#hold = null; return answered;',
      },
      {
        file: 'provisioning/removals/pending-removal.ts',
        find: 'known.mustJoin || (recorded !== null && known.answer === null && !held)',
        replace: 'known.mustJoin',
      },
    ],
  },
  {
    name: 'a-doubt-takes-a-hold-along',
    breaks: ['HeldStaysHeld'],
    why: 'a hold over removals ends when a doubt about the reading begins or ends beside it',
    edits: [
      {
        file: 'provisioning/removals/removal-desk.ts',
        find: '() => this.#changeAll());\n  }',
        replace:
          '() => { for (const id of this.#book.ids()) this.#hold.leave(id); this.#hold.endIfEmpty(); this.#changeAll(); });\n  }',
      },
      {
        file: 'provisioning/removals/pending-removal.ts',
        find: 'known.mustJoin || (recorded !== null && known.answer === null && !held)',
        replace: 'known.mustJoin',
      },
    ],
  },
  {
    name: 'what-is-withdrawn-stays-held',
    breaks: ['HoldsEnd'],
    why: 'a hold keeps what is no longer wanted, and no answer ends it',
    edits: [
      {
        file: 'provisioning/removals/removal-desk.ts',
        find: 'this.#changed.delete(id);\n    this.#hold.leave(id);',
        replace: 'this.#changed.delete(id);',
      },
    ],
  },
  {
    name: 'an-edit-leaves-the-hold',
    breaks: ['HeldStaysHeld'],
    why: 'an edit that still asks for the removal frees it from its hold',
    edits: [
      {
        file: 'provisioning/removals/pending-removal.ts',
        find: 'known.mustJoin || (recorded !== null && known.answer === null && !held)',
        replace: 'known.mustJoin',
      },
      {
        file: 'provisioning/removals/removal-desk.ts',
        find: 'removal.answer?.recorded) this.#hold.leave(demand.id);',
        replace: 'removal.answer?.recorded) { this.#hold.leave(demand.id); this.#endHoldWithoutContent(); }',
      },
      {
        file: 'provisioning/removals/pending-removal.ts',
        find: 'return { demand, answer: null, mustJoin: wasHeld, sent: false };',
        replace: 'return { demand, answer: null, mustJoin: false, sent: false };',
      },
    ],
  },
  {
    name: 'the-last-right-has-no-brake',
    breaks: ['RemovalLimit'],
    why: 'everybody of a small team loses the last right at once',
    edits: [
      {
        file: 'provisioning/removals/removal-window.ts',
        find: 'return staying === 0 && this.#ends.wanted > 0 && this.#ends.done + this.#ends.waiting > 1;',
        replace: 'return false;',
      },
    ],
  },
  {
    name: 'a-restart-forgets-the-window',
    breaks: ['RemovalLimit'],
    why: 'a new process does not know what the one before it removed within the window',
    edits: [
      {
        file: 'provisioning/removals/removal-window.ts',
        find: 'this.#removals.begin(state?.done ?? 0);',
        replace: 'this.#removals.begin(0);',
      },
    ],
  },
  {
    name: 'tasks-book-no-deprovision',
    breaks: ['DeprovisionLimit'],
    why: 'what tasks deprovision does not count towards maxDeprovisions of the organization',
    edits: [
      {
        file: 'provisioning/task-run.ts',
        find: 'if (!rulesOf(action).deprovisions(action)) return false;',
        replace: 'if (action.gid !== null) return false;',
      },
    ],
  },
  {
    name: 'no-delay-before-removals',
    breaks: ['RemovalDelay'],
    why: 'a rename or a move of an object is a removal',
    edits: [
      {
        file: 'provisioning/removal-delay.ts',
        find: 'waitMs: Math.max(0, notBefore - now, byMonotonic)',
        replace: 'waitMs: Math.min(0, byMonotonic)',
      },
    ],
  },
  {
    name: 'a-new-leader-does-not-wait',
    breaks: ['NewLeaderWaits'],
    why: 'a new leader removes while the last action of the one before may still be under way',
    edits: [
      {
        file: 'controllers/leadership.ts',
        find: 'return takenOver ? actionTimeoutMs - leadingForMs : 0;',
        replace: 'return takenOver ? Math.min(0, actionTimeoutMs - leadingForMs) : 0;',
      },
    ],
  },
  {
    name: 'what-is-deleted-together-arrives-at-once',
    breaks: ['ReleasedRightly'],
    why: 'a deleted account is let go for a license that is deleted a moment later, and stays for ever',
    edits: [
      {
        file: 'controllers/grants/grant-steps.ts',
        find: 'const delayMs = Math.min(durationMs(connector.spec.provisioning.removalDelay), TOGETHER_MS);',
        replace: 'const delayMs = Math.min(durationMs(connector.spec.provisioning.removalDelay), 0);',
      },
    ],
  },
  {
    name: 'an-advanced-end-is-on-time',
    breaks: ['RemovalLimit', 'DeprovisionLimit'],
    why: 'an end that an edit has just moved counts towards no limit',
    edits: [
      {
        file: 'controllers/grants/grant-time.ts',
        find: "if (Date.parse(status.expiresAt ?? '') !== ending.at) return false;",
        replace: '',
      },
    ],
  },
  {
    name: 'an-answer-outlives-an-edit',
    breaks: ['RemovalLimit', 'HeldStaysHeld'],
    why: 'an acknowledgement counts for a grant that was edited while its connector was gone',
    edits: [
      {
        file: 'controllers/grants/grant-reconciler.ts',
        find: 'object.status?.planned?.hold ? plannedBefore(object) : null;',
        replace: 'object.status?.planned?.hold ? object.status.planned : null;',
      },
    ],
  },
];
