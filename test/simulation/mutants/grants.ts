import type { Mutant } from './mutant.ts';

/** Faults in the life of a grant: adopted and given rights, contests, ends, memory. */
export const grantMutants: readonly Mutant[] = [
  {
    name: 'setting-back-makes-it-given',
    breaks: ['AppliedStays'],
    why: 'a right that was found, drifted and was set back counts as given',
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
    why: 'the end of a view-only grant deprovisions somebody whom the operator found',
    edits: [
      {
        file: 'provisioning/license/rules.ts',
        find: "if (value !== 'ViewOnly' || created) return null;",
        replace: "if (value !== 'ViewOnly' || created || !adopted) return null;",
      },
    ],
  },
  {
    name: 'plan-inherits-from-apply',
    breaks: ['NothingHangs'],
    why: 'a grant that ends waits for ever for a successor whose connector is in mode Plan',
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
    why: 'two grants that contend take turns in changing one right',
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
    why: 'a grant that stalls on what Asana says has no Warning event',
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
    why: 'an object that is created anew inherits what Asana refused to its namesake',
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
    why: 'requestedAt is marked as handled while the change is only looked for, and sends nothing',
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
    why: 'a grant with deletionPolicy Retain takes the right back',
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
    why: 'a grant of another namespace takes back what it did not give',
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
    why: 'somebody who comes back is deprovisioned again by the same generation of an Absent object',
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
    why: 'a grant that had to wait ends before it has lasted as long as it says',
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
    why: 'an edit is observed only when Asana has answered',
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
    why: 'an action that Asana answers while its connector is stopped is done, and its right is not on record as given',
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
    why: 'an account that expires before another grant of the person is let go for it, and stays for ever',
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
    why: 'the API server refuses the status of an account that was created while its connector is stopped, and the record of it is lost',
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
    why: 'an edit to another license, or to an absence, is carried out before its startsAt',
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
