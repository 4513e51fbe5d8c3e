import type { Mutant } from './mutant.ts';

/** Faults in carrying out a change in Asana. */
export const actingMutants: readonly Mutant[] = [
  {
    name: 'the-guard-is-not-asked-again',
    breaks: [
      'NothingSuspended',
      'ObjectAsks',
      'ApplyOnly',
      'Protected',
      'DeprovisionAllowed',
      'LeaderActs',
      'HeldStaysHeld',
      'StillDeclared',
      'NamespaceAllowed',
      'OldestWins',
      'RemovalDelay',
      'ReadingTrusted',
      'Unasked',
    ],
    why: 'a change that waits for the budget, a pause or a retry is sent although its object was suspended, edited or protected meanwhile',
    edits: [
      { file: 'asana/transport.ts', find: 'await call.guard?.();', replace: '' },
      // Wait as long as the code did when it had this fault.
      {
        file: 'asana/retry.ts',
        find: '{ action: 3_000, read: 3_000,',
        replace: '{ action: 120_000, read: 120_000,',
      },
    ],
  },
  {
    name: 'a-task-is-decided-once',
    breaks: ['TwoMasters', 'Protected', 'DeprovisionAllowed', 'StillDeclared', 'SeatLimit', 'ReadingTrusted'],
    why: 'a task that waits for Asana ignores policy changes made since it was received',
    edits: [
      {
        file: 'provisioning/task-run.ts',
        find: 'if (this.#asksFor(action)) return;',
        replace: 'if (action) return;',
      },
      {
        file: 'provisioning/task-run.ts',
        find: 'confirm: ({ asanaDate }) => this.#asksFor(action) && this.#isAskedAt(asanaDate, action),',
        replace: 'confirm: () => true,',
      },
    ],
  },
  {
    name: 'two-changes-of-a-person-at-once',
    breaks: ['ObjectAsks', 'OncePerIntent', 'StillDeclared', 'TasksInOrder'],
    why: 'two rights of one person are changed at the same time, each based on a read from before the other change',
    edits: [
      {
        file: 'provisioning/person-turns.ts',
        find: 'before ? unlessAborted(before, signal).then(work) : work()',
        replace: 'work()',
      },
    ],
  },
  {
    name: 'a-suspended-grant-acts',
    breaks: ['NothingSuspended'],
    why: 'a suspended object still changes Asana',
    edits: [
      {
        file: 'provisioning/decide-grant.ts',
        find: "if (suspended) return blockUnseen('Suspended', 'spec.suspend is true",
        replace: "if (suspended && policies.suspended) return blockUnseen('Suspended', 'spec.suspend is true",
      },
    ],
  },
  {
    name: 'the-lease-is-not-asked',
    breaks: ['LeaderActs'],
    why: 'a process that lost the lease, or was told to stop, continues to act',
    edits: [
      {
        file: 'controllers/grants/action-hooks.ts',
        find: "if (!leads) throw new FencedError('This process is not the leader.');",
        replace: '',
      },
      {
        file: 'controllers/grants/action-hooks.ts',
        find: 'if (stoppedUntil !== null)\n',
        replace: 'if (stoppedUntil !== null && !leads && leads)\n',
      },
    ],
  },
  {
    name: 'the-intent-comes-after-the-request',
    breaks: ['IntentFirst'],
    why: 'a change is sent before its intent is recorded, so a restart does not know of it',
    edits: [
      {
        file: 'provisioning/executor.ts',
        find: "    await hooks.recordIntent(id);\n    const sent = await this.#send(request, id, () => hooks.guard('Send'));",
        replace:
          "    const sent = await this.#send(request, id, () => hooks.guard('Send'));\n    await hooks.recordIntent(id);",
      },
    ],
  },
  {
    name: 'no-finalizer-before-the-first-action',
    breaks: ['FinalizerFirst'],
    why: 'if a grant is deleted while its right is being given, the right stays in Asana',
    edits: [
      {
        file: 'controllers/grants/action-hooks.ts',
        find: 'this.#object = await writer(kind).addFinalizer(this.#object, REVOKE_FINALIZER);',
        replace: 'void REVOKE_FINALIZER;',
      },
    ],
  },
  {
    name: 'a-creation-is-repeated-blindly',
    breaks: ['NeverBlindly'],
    why: 'an account creation that got no answer is sent again before its result is looked for',
    edits: [
      {
        file: 'provisioning/account/actions.ts',
        find: '  CreateAccount: {\n    removal: false,\n    oneWay: true,',
        replace: '  CreateAccount: {\n    removal: false,\n    oneWay: false,',
      },
    ],
  },
  {
    name: 'an-expiry-goes-by-the-local-clock',
    breaks: ['AsanaTellsTime'],
    why: 'a grant ends early or late if the local clock is wrong',
    edits: [
      {
        file: 'controllers/grants/action-hooks.ts',
        find: 'if (instant === null) return;',
        replace: 'if (instant !== undefined) return;',
      },
    ],
  },
  {
    name: 'others-end-by-the-local-clock',
    breaks: ['StillDeclared', 'OldestWins'],
    why: 'the declaration of another grant ends early if the local clock is fast',
    edits: [
      {
        file: 'controllers/grants/action-hooks.ts',
        find: 'if (asanaDate !== null && !this.#asksFor(object, connector, asanaDate)) throw notYet(now - asanaDate);',
        replace: 'if (asanaDate !== null && now < 0) throw notYet(now - asanaDate);',
      },
    ],
  },
  {
    name: 'the-budget-ignores-retry-after',
    breaks: ['PauseKept'],
    why: 'requests are sent before the pause that Asana asked for is over',
    edits: [
      {
        file: 'asana/budget.ts',
        find: 'this.#blockedUntil = Math.max(this.#blockedUntil, now + retryAfterMs);',
        replace: '',
      },
    ],
  },
  {
    name: 'tasks-of-a-person-at-once',
    breaks: ['TasksInOrder'],
    why: 'a task that grants a right finds it still there while the previous task is removing it',
    edits: [
      {
        file: 'controllers/conductorone/task-host.ts',
        find: 'return this.#turns.take(turnKeyOf(request), signal, () => this.#provision(request, taskId, signal));',
        replace: 'return this.#provision(request, taskId, signal);',
      },
    ],
  },
  {
    name: 'what-was-not-answered-is-given-up',
    breaks: ['NotAcceptedIsSo'],
    why: 'after seconds of 503, a grant gives up and reports that Asana accepted a change but does not show it',
    edits: [
      {
        file: 'controllers/grants/grant-actions.ts',
        find: "return mayBeDone(tally) ? 'Unanswered' : 'NotSent';",
        replace: "return mayBeDone(tally) ? 'Accepted' : 'NotSent';",
      },
    ],
  },
  {
    name: 'a-refusal-hides-a-lost-answer',
    breaks: ['FoundIsFound', 'GivenByUs', 'OncePerIntent'],
    why: 'a change whose answer was lost counts as refused if its repetition is refused, and its right is recorded as adopted',
    edits: [
      {
        file: 'asana/transport.ts',
        find: 'throw outcomeUnknown ? withUnknownOutcome(error) : error;',
        replace: 'throw outcomeUnknown === null ? withUnknownOutcome(error) : error;',
      },
      {
        file: 'controllers/grants/grant-actions.ts',
        find: 'isUnderWay: isRepeated || mayBeDone(tally),',
        replace:
          'isUnderWay: mayBeDone(tally) && (error as { outcomeUnknown?: boolean }).outcomeUnknown !== false,',
      },
    ],
  },
  {
    name: 'a-seat-ends-with-the-first-decision',
    breaks: ['SeatLimit'],
    why: 'a license requested by the previous process stops counting at the first decision about its grant, whatever is decided',
    edits: [
      {
        file: 'controllers/grants/grant-actions.ts',
        find: 'if (begun) this.#seats.takeOver(uid, begun);',
        replace: 'begun?.free();',
      },
    ],
  },
];
