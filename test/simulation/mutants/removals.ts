import type { Mutant } from './mutant.ts';

/** Faults in what restrains removals: holds, limits, delays. */
export const removalMutants: readonly Mutant[] = [
  {
    name: 'an-answer-covers-later-joiners',
    breaks: ['HeldStaysHeld'],
    why: 'an acknowledgement also covers removals that joined the hold after its token was published',
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
    why: 'an answer to part of a hold also frees the removals that it does not cover',
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
    why: 'a hold on removals ends when a hold over the reading begins or ends',
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
    why: 'a hold keeps removals that are no longer wanted, and no answer ends it',
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
    why: 'an edit frees a removal from its hold although the grant still asks for it',
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
    why: 'the last right of everybody ends without a hold if there are few people',
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
    why: 'a restart resets the number of removals in the current window',
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
    why: 'deprovisions by tasks do not count towards `maxDeprovisions`',
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
    why: 'renaming or moving an object removes access, because removals are not delayed',
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
    why: 'a new leader removes access while the last action of the previous leader may still be in progress',
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
    why: 'a deleted AsanaAccount is released because of a license grant that is deleted a moment later, and the account stays in Asana',
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
    why: 'an end that an edit has just moved is treated as known in advance and counts towards no limit',
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
    why: 'an acknowledgement still covers a grant that was edited while its connector was deleted',
    edits: [
      {
        file: 'controllers/grants/grant-reconciler.ts',
        find: 'object.status?.planned?.hold ? plannedBefore(object) : null;',
        replace: 'object.status?.planned?.hold ? object.status.planned : null;',
      },
    ],
  },
];
