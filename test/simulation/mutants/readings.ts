import type { Mutant } from './mutant.ts';

/** Faults in how far a reading is trusted. */
export const readingMutants: readonly Mutant[] = [
  {
    name: 'an-unknown-workspace-has-nobody',
    breaks: ['ReleasedRightly', 'GrantedIsSo'],
    why: 'a 404 for the workspace is treated as a missing person, and a grant that ends is released although the person keeps the right',
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
    breaks: ['LicenseIsUnknown', 'DriftIsSo', 'GrantedIsSo'],
    why: 'a person whom SCIM omits once is treated as without a license, although REST shows an active member',
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
    why: 'a person whom REST does not show is treated as gone, although SCIM shows them as active',
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
    breaks: ['LicenseIsUnknown', 'DriftIsSo'],
    why: 'after a restart during a failing listing, grants report drift or an unknown license although nothing changed',
    edits: [
      {
        file: 'provisioning/grant-case.ts',
        find: 'subject.context.lookedUp || doubtIn(subject) === null',
        replace: 'true',
      },
      // Otherwise the doubt is reported instead of the drift, which hides the fault.
      {
        file: 'provisioning/live-policies.ts',
        find: 'subject.context.lookedUp ? null : doubtIn(subject)',
        replace: 'null',
      },
    ],
  },
  {
    name: 'a-license-that-is-not-shown-is-lost',
    breaks: ['DriftIsSo'],
    why: 'when SCIM is switched off, grants report that the licenses were removed',
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
    why: 'people are asked to acknowledge an organization that a refused token cannot read, and the acknowledgement has no effect',
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
    why: 'another organization behind the token goes unnoticed while part of the reading is missing',
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
    why: 'another organization behind the token replaces the recorded one without an acknowledgement',
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
    why: 'after a restart, a suddenly smaller directory is accepted without a hold',
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
    why: 'no hold begins when most teams disappear from the reading',
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
    why: 'a suddenly smaller reading is accepted when it occurs a second time',
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
    why: 'a person loses access because a page of a listing failed',
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
    why: 'a license does not count while the listing of members omits its holder',
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
    why: 'a guest who left their other teams since the last reading is removed from their last team',
    edits: [
      {
        file: 'directory/reader.ts',
        find: 'if (teams && fresh.account && isGuest(fresh.account, workspace ?? null))',
        replace: 'if (teams && fresh.account && isGuest(fresh.account, null) && begunAt < 0)',
      },
    ],
  },
];
