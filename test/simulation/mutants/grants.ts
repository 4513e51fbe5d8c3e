import type { Mutant } from './mutant.ts';

/** Faults in the life of a grant: adopted and given rights, contests, ends, memory. */
export const grantMutants: readonly Mutant[] = [
  {
    name: 'setting-back-makes-it-given',
    breaks: ['AppliedStays'],
    why: 'an adopted right that drifted and was restored is recorded as given',
    edits: [
      {
        file: 'provisioning/live-policies.ts',
        find: 'if (grant.applied && isSameRight(grant.applied.right, right)) return grant.applied;',
        replace:
          'if (grant.applied && isSameRight(grant.applied.right, right) && !isGiving(grant, right)) return grant.applied;',
      },
    ],
  },
  {
    name: 'a-found-account-counts-as-created',
    breaks: ['OnlyWhoWeMade', 'ObjectAsks'],
    why: 'the end of a view-only grant deprovisions an account that the operator did not create',
    edits: [
      {
        file: 'provisioning/license/rules.ts',
        find: "if (value !== 'ViewOnly' || created) return null;",
        replace: "if (value !== 'ViewOnly' || created || !adopted) return null;",
      },
    ],
  },
  {
    name: 'an-expired-grant-is-released-by-rule',
    breaks: ['ReleasedRightly'],
    why: 'an expired grant whose access a rule keeps is released, and its status says that nothing is left',
    edits: [
      {
        file: 'provisioning/ending-policies.ts',
        find: "(grant.ending?.because === 'Deleted' || concernsTheAccountOnly(subject, code))",
        replace: 'code.length > 0',
      },
    ],
  },
  {
    name: 'a-listing-decides-who-is-unknown',
    breaks: ['UnknownIsSo'],
    why: 'a grant for a person who joined after the last sync shows UserNotFound until the next one, although somebody has just asked',
    edits: [
      {
        file: 'provisioning/live-policies.ts',
        find: 'return lookUpWhoIsAskedFor(subject, decision) ?? decision;',
        replace: 'return decision;',
      },
    ],
  },
  {
    name: 'a-license-is-handed-around',
    breaks: ['NoRush'],
    why: 'grants that wait for one license and all fail try in turns without a pause, and write their status each time',
    edits: [
      {
        file: 'controllers/grants/action-outcomes.ts',
        find: 'if (!isUnderWay && isRetried(error)) this.#seats.freeUntold(subject);',
        replace: 'if (!isUnderWay && isRetried(error)) this.#seats.free(subject);',
      },
    ],
  },
  {
    name: 'plan-inherits-from-apply',
    breaks: ['NothingHangs'],
    why: 'a grant that ends waits forever for a successor whose connector is in mode Plan',
    edits: [
      {
        file: 'provisioning/contest.ts',
        find: 'contends(rival) && mayTakeOver(rival))',
        replace: 'contends(rival))',
      },
    ],
  },
  {
    name: 'the-oldest-does-not-win',
    breaks: ['OldestWins'],
    why: 'two contending grants overwrite each other in turn',
    edits: [
      {
        file: 'provisioning/contest.ts',
        find: "return oldest && precedes(oldest, own) ? { kind: 'Lost'",
        replace: "return oldest && precedes(oldest, own) && false ? { kind: 'Lost'",
      },
    ],
  },
  {
    name: 'a-refusal-makes-no-event',
    breaks: ['StallIsTold'],
    why: 'a grant that stalls because of an answer from Asana gets no Warning event',
    edits: [
      {
        file: 'controllers/grants/grant-reporter.ts',
        find: 'if (newlyStalled(object.status?.conditions, written.status?.conditions))',
        replace:
          "if (!['AsanaRefused', 'LicenseNotAccepted', 'PreviouslyRemoved'].includes(findings.outcome.reason) && newlyStalled(object.status?.conditions, written.status?.conditions))",
      },
    ],
  },
  {
    name: 'refusals-are-remembered-by-name',
    breaks: ['RefusalIsOwn'],
    why: 'an object that is created again inherits the refusal of the deleted object with the same name',
    edits: [
      {
        file: 'controllers/grants/action-waits.ts',
        find: 'this.#refused.set(subject.object.metadata.uid, {',
        replace: 'this.#refused.set(subject.object.metadata.name, {',
      },
      {
        file: 'controllers/grants/action-waits.ts',
        find: 'const { uid } = subject.object.metadata;',
        replace: 'const uid = subject.object.metadata.name;',
      },
    ],
  },
  {
    name: 'a-request-is-handled-too-early',
    breaks: ['RequestAnswered'],
    why: '`requestedAt` is marked as handled although the change is only looked for and not sent again',
    edits: [
      {
        file: 'controllers/grants/action-outcomes.ts',
        find: "return this.#waits.say(subject, decision, 'Progressing', message, next, { keepsRequest: true });",
        replace: "return this.#waits.say(subject, decision, 'Progressing', message, next);",
      },
      {
        file: 'provisioning/attempt.ts',
        find: "(!oneWay && (asked || whereabouts !== 'Accepted'))",
        replace: "(!oneWay && whereabouts !== 'Accepted')",
      },
    ],
  },
  {
    name: 'retain-is-ignored',
    breaks: ['Released'],
    why: 'a grant with `deletionPolicy: Retain` revokes the right when it ends',
    edits: [
      {
        file: 'provisioning/decide-grant.ts',
        find: "if (deletionPolicy !== 'Retain') return null;",
        replace: "if (deletionPolicy !== 'Retain' || !grant.abandoned) return null;",
      },
    ],
  },
  {
    name: 'another-namespace-takes-what-was-found',
    breaks: ['NamespaceAllowed'],
    why: "a grant outside its connector's namespace revokes a right that it did not give",
    edits: [
      {
        file: 'provisioning/ending-policies.ts',
        find: 'if (grant.sameNamespace || !adopted) return null;',
        replace: 'if (grant.sameNamespace || adopted !== undefined) return null;',
      },
    ],
  },
  {
    name: 'absence-is-enforced-for-ever',
    breaks: ['AbsentOnce'],
    why: 'a person who returns is deprovisioned again by the same generation of an object with `ensure: Absent`',
    edits: [
      {
        file: 'provisioning/live-policies.ts',
        find: 'if (!grant.absenceSeen)\n',
        replace: 'if (grant.ensure)\n',
      },
    ],
  },
  {
    name: 'a-duration-runs-from-creation',
    breaks: ['DurationFromApplied'],
    why: 'a grant that had to wait ends too early, because its `duration` runs from its creation',
    edits: [
      {
        file: 'controllers/grants/grant-time.ts',
        find: 'const began = firstAppliedAt(status);',
        replace:
          'const began = firstAppliedAt(status) === null ? null : Date.parse(metadata.creationTimestamp);',
      },
      {
        file: 'controllers/grants/grant-time.ts',
        find: 'export function endOf({ spec, status }: GrantObject)',
        replace: 'export function endOf({ metadata, spec, status }: GrantObject)',
      },
    ],
  },
  {
    name: 'an-edit-waits-for-asana',
    breaks: ['ObservedSoon'],
    why: 'an edit is not observed until Asana has answered',
    edits: [
      {
        file: 'asana/retry.ts',
        find: '{ action: 3_000, read: 3_000,',
        replace: '{ action: 120_000, read: 120_000,',
      },
      {
        file: 'controllers/grants/prompt-word.ts',
        find: 'const PATIENCE_MS = 3_000;',
        replace: 'const PATIENCE_MS = 300_000;',
      },
    ],
  },
  {
    name: 'what-is-given-is-recorded-later',
    breaks: ['FoundIsFound'],
    why: 'a right is not recorded as given if its connector is suspended before Asana answers',
    edits: [
      {
        file: 'controllers/grants/action-outcomes.ts',
        find: "...(result === 'Succeeded' ? appliedBy(subject, decision, outcome.account) : {}),",
        replace: '',
      },
    ],
  },
  {
    name: 'what-expires-first-is-let-go',
    breaks: ['ReleasedRightly'],
    why: 'an AsanaAccount that expires before another grant of the person is released, and the account stays in Asana',
    edits: [
      {
        file: 'provisioning/refusal.ts',
        find: "StillDeclared: { class: 'stalling', ended: 'ReleaseDeleted' }",
        replace: "StillDeclared: { class: 'stalling', ended: 'Release' }",
      },
    ],
  },
  {
    name: 'a-creation-is-recorded-by-its-license',
    breaks: ['WritesFit', 'FoundIsFound'],
    why: 'if the connector is suspended during a creation, the API server rejects the status, and the creation is not recorded',
    edits: [
      {
        file: 'controllers/grants/action-record.ts',
        find: "if (right.type === 'Account') return 'Active';",
        replace: '',
      },
    ],
  },
  {
    name: 'what-is-applied-has-begun',
    breaks: ['AsanaTellsTime', 'AsTheTable'],
    why: 'an edit to another license or to `ensure: Absent` is carried out before `startsAt`',
    edits: [
      {
        file: 'provisioning/time.ts',
        find: "if (applied === null || ensure === 'Absent') return false;",
        replace:
          "if (applied !== null || ensure === 'Absent') return applied !== null; if (applied === null) return false;",
      },
    ],
  },
];
