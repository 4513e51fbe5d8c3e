import type { Mutant } from './mutant.ts';

/** Faults in what permits an action: switches, policies, declarations of other grants. */
export const permissionMutants: readonly Mutant[] = [
  {
    name: 'plan-acts',
    breaks: ['ApplyOnly'],
    why: 'a connector in mode Plan changes Asana',
    edits: [
      {
        file: 'controllers/grants/grant-steps.ts',
        find: "return subject.context.policies.mode === 'Plan'\n",
        replace: "return subject.context.policies.mode === 'Plan' && subject.view.suspended\n",
      },
      {
        file: 'controllers/grants/action-hooks.ts',
        find: "connector.spec.provisioning.mode !== 'Apply')",
        replace: 'connector.spec.suspend)',
      },
    ],
  },
  {
    name: 'deprovisions-without-permission',
    breaks: ['DeprovisionAllowed'],
    why: 'a person is deprovisioned although `allowDeprovision` is off',
    edits: [
      {
        file: 'provisioning/shared-rules.ts',
        find: 'if (subject.policies.allowDeprovision) return null;',
        replace: 'if (subject.policies) return null;',
      },
    ],
  },
  {
    name: 'protected-users-are-not-protected',
    breaks: ['Protected'],
    why: 'a user in `protectedUsers` loses access',
    edits: [
      {
        file: 'provisioning/shared-rules.ts',
        find: "if (addresses.some((address) => address && names.has(foldAddress(address)))) return 'protectedUsers';",
        replace: "if (addresses.length === 0 && names.has(foldAddress(''))) return 'protectedUsers';",
      },
    ],
  },
  {
    name: 'administrators-are-not-protected',
    breaks: ['Protected'],
    why: 'an administrator loses access although `protectAdmins` is on',
    edits: [
      {
        file: 'provisioning/shared-rules.ts',
        find: "return isAdminWhereItCounts(subject) ? 'an Asana admin' : null;",
        replace: 'return null;',
      },
    ],
  },
  {
    name: 'still-declared-is-not-asked',
    breaks: ['StillDeclared', 'TwoMasters'],
    why: 'a person is deprovisioned while another grant declares a right for them',
    edits: [
      {
        file: 'provisioning/shared-rules.ts',
        find: 'const declared = findDeclaredIn(subject.declared, place);',
        replace: 'const declared = findDeclaredIn([], place);',
      },
    ],
  },
  {
    name: 'a-task-takes-what-git-declares',
    breaks: ['TwoMasters'],
    why: 'a task removes a right that a live grant declares, and the two overwrite each other in turn',
    edits: [
      {
        file: 'provisioning/shared-rules.ts',
        find: 'findDeclared(subject.declared, subject.right, place)',
        replace: 'findDeclared([], subject.right, place)',
      },
    ],
  },
  {
    name: 'two-connectors-apply',
    breaks: ['OrganizationTaken'],
    why: 'two connectors in mode Apply overwrite each other in one organization',
    edits: [
      {
        file: 'controllers/connectors/connector-obstacle.ts',
        find: 'refusal ?? findTaker(connector, session, connectors);',
        replace: 'refusal ?? findTaker(connector, session, []);',
      },
    ],
  },
  {
    name: 'every-namespace-is-allowed',
    breaks: ['NamespaceAllowed'],
    why: 'a grant is applied although its connector does not allow its namespace',
    edits: [
      {
        file: 'controllers/grants/grant-view.ts',
        find: "return allowed.includes('*') || allowed.includes(namespace);",
        replace: "return allowed.includes('*') || namespace !== '';",
      },
    ],
  },
  {
    name: 'the-license-limit-is-not-kept',
    breaks: ['SeatLimit'],
    why: 'upgrades exceed `maxEnterpriseLicenses`',
    edits: [
      {
        file: 'provisioning/license/rules.ts',
        find: 'if (used < limit) return null;',
        replace: 'if (used < limit || limit >= 0) return null;',
      },
    ],
  },
  {
    name: 'licenses-under-way-do-not-count',
    breaks: ['SeatLimit'],
    why: 'several upgrades at the same time exceed `maxEnterpriseLicenses`',
    edits: [
      {
        file: 'controllers/connectors/session-reading.ts',
        find: 'directory.counts().enterpriseLicenses + seatsBeside()',
        replace: 'directory.counts().enterpriseLicenses',
      },
    ],
  },
];
