import type { Mutant } from './mutant.ts';

/** Faults in how far a reading is trusted. */
export const readingMutants: readonly Mutant[] = [
  {
    name: 'an-unknown-workspace-has-nobody',
    breaks: ['ReleasedRightly', 'GrantedIsSo'],
    why: 'a 404 for the workspace is taken for a person who is gone, and a grant that ends lets go of what they keep',
    edits: [
      {
        file: 'asana/classification.ts',
        find: "code: 'WorkspaceNotFound',",
        replace: "code: 'NotFound',",
      },
      // Otherwise SCIM contradicts the 404, which hides the fault.
      {
        file: 'directory/reader.ts',
        find: 'if (scimUser) return scimUser.active && place === null;',
        replace: 'if (scimUser) return false;',
      },
    ],
  },
  {
    name: 'what-scim-hides-has-no-license',
    breaks: ['DriftIsSo', 'GrantedIsSo'],
    why: 'somebody whom SCIM does not show for once has lost the license, although REST calls them an active member',
    edits: [
      {
        file: 'directory/reader.ts',
        find: "place.role !== 'Guest' && known?.scim?.active === true",
        replace: "place.role === 'Guest' && known?.scim?.active === true && scimUser !== null",
      },
    ],
  },
  {
    name: 'what-one-surface-shows-is-enough',
    breaks: ['ReleasedRightly', 'GrantedIsSo'],
    why: 'somebody whom REST does not show is gone, although SCIM calls them active',
    edits: [
      {
        file: 'directory/reader.ts',
        find: 'if (scimUser) return scimUser.active && place === null;',
        replace: 'if (scimUser) return false;',
      },
    ],
  },
  {
    name: 'what-a-doubtful-reading-lacks-is-lost',
    breaks: ['DriftIsSo'],
    why: 'after a restart in front of a listing that fails, grants say that somebody changed what is as it was',
    edits: [
      {
        file: 'provisioning/grant-case.ts',
        find: 'subject.context.lookedUp || doubtIn(subject) === null',
        replace: 'true',
      },
    ],
  },
  {
    name: 'a-license-that-is-not-shown-is-lost',
    breaks: ['DriftIsSo'],
    why: 'somebody switches SCIM off, and grants say that the licenses were taken',
    edits: [
      {
        file: 'provisioning/license/rules.ts',
        find: 'isGuest(account, organization) ? null : undefined',
        replace: 'null',
      },
    ],
  },
  {
    name: 'another-organization-hides-a-refused-token',
    breaks: ['HoldsEnd'],
    why: 'people are asked to acknowledge an organization that a refused token cannot read, and nothing follows',
    edits: [
      {
        file: 'controllers/connectors/connector-obstacle.ts',
        find: 'if (refusal && isOfCredentials(refusal)) return refusal;',
        replace: '',
      },
    ],
  },
  {
    name: 'another-organization-needs-a-whole-reading',
    breaks: ['OrganizationKept', 'OrganizationKnown'],
    why: 'another organization behind the token goes unnoticed while a part of the reading is missing',
    edits: [
      {
        file: 'directory/judgement.ts',
        find: 'if (recorded.length === 0 || recorded.some((gid) => shown.includes(gid))) return null;',
        replace: 'if (shown) return null;',
      },
      {
        file: 'directory/judgement.ts',
        find: '    doubtOrganization(measure, snapshot, reading, organizations) ?? keepForeign',
        replace:
          '    (partNames.every((name) => reading.parts[name]?.whole ?? true) ? doubtOrganization(measure, snapshot, reading, organizations) : null) ?? keepForeign',
      },
    ],
  },
  {
    name: 'a-foreign-reading-is-adopted',
    breaks: ['OrganizationKept', 'OrganizationKnown'],
    why: 'another organization behind the token takes the place of the one recorded',
    edits: [
      {
        file: 'directory/judgement.ts',
        find: 'if (recorded.length === 0 || recorded.some((gid) => shown.includes(gid))) return null;',
        replace: 'if (shown) return null;',
      },
      {
        file: 'directory/judgement.ts',
        find: 'if (seen && recorded.length > 0 && !recorded.some((gid) => seen.includes(gid)))',
        replace: 'if (!seen && organizations)',
      },
    ],
  },
  {
    name: 'a-restart-forgets-the-measure',
    breaks: ['ReadingWhole'],
    why: 'a new process takes a suddenly small directory for all there is',
    edits: [
      {
        file: 'controllers/connectors/reading-judge.ts',
        find: 'this.#measure = readMeasure(status);',
        replace: 'this.#measure = readMeasure(undefined);',
      },
    ],
  },
  {
    name: 'teams-are-not-measured',
    breaks: ['MeasureKept'],
    why: 'nobody asks when most teams vanish from the reading',
    edits: [
      {
        file: 'directory/judgement.ts',
        find: '  for (const name of partNames) {\n    const part = parts[name];\n    if (part?.whole && part.fresh) {',
        replace:
          "  for (const name of ['accounts', 'licenses'] as const) {\n    const part = parts[name];\n    if (part?.whole && part.fresh) {",
      },
    ],
  },
  {
    name: 'a-shrunken-reading-becomes-the-measure',
    breaks: ['ReadingWhole', 'MeasureKept'],
    why: 'a small reading is believed once it comes a second time',
    edits: [
      {
        file: 'directory/judgement.ts',
        find: '&& !isDoubted(name, doubts);',
        replace: '&& !isDoubted(name, []);',
      },
    ],
  },
  {
    name: 'a-partial-reading-is-trusted',
    breaks: ['ReadingWhole'],
    why: 'somebody loses access because a page of a listing failed',
    edits: [
      {
        file: 'provisioning/shared-rules.ts',
        find: 'const doubt = reading.doubtAbout(parts);',
        replace: 'const doubt = parts.length === 0 ? reading.doubtAbout(parts) : null;',
      },
      {
        file: 'provisioning/ending-policies.ts',
        find: 'if (!doubt) return null;',
        replace: 'if (doubt || !doubt) return null;',
      },
    ],
  },
  {
    name: 'only-members-take-seats',
    breaks: ['SeatLimit'],
    why: 'a license does not count while the listing of members leaves out who holds it',
    edits: [
      {
        file: 'directory/directory.ts',
        find: 'if (!takesSeat(account)) return;',
        replace: 'if (!takesSeat(account) || !isActive(account, organization)) return;',
      },
    ],
  },
  {
    name: 'the-last-team-is-that-of-the-listing',
    breaks: ['GuestKeepsLastTeam'],
    why: 'a guest who left their other teams since the last reading is taken out of the last one',
    edits: [
      {
        file: 'directory/reader.ts',
        find: 'if (teams && fresh.account && isGuest(fresh.account, workspace ?? null))',
        replace: 'if (teams && fresh.account && isGuest(fresh.account, null) && begunAt < 0)',
      },
    ],
  },
];
