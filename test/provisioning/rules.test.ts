import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { decideGrant } from '../../src/provisioning/decide-grant.ts';
import type { Grant } from '../../src/provisioning/grant.ts';
import type { Reading } from '../../src/provisioning/reading.ts';
import type { Right } from '../../src/provisioning/right.ts';
import { describeTooLong } from '../../src/provisioning/time.ts';
import {
  account,
  adopted,
  type ContextShape,
  context,
  deleted,
  enterprise,
  given,
  grant,
  NOW,
  ORGANIZATION,
  PLAIN,
  person,
  plain,
  reading,
  team,
  told,
  viewOnly,
} from './world.ts';

/** Rules that the table does not show and that go beyond the conformance suite, which tests all rights alike. */
type Row = readonly [what: string, grant: Grant, asana: Reading, expect: string, around?: ContextShape];

function check(rows: readonly Row[]): void {
  for (const [what, subject, asana, expect, around] of rows)
    test(`${what}: ${expect}`, () => {
      const decision = decideGrant(subject, context(asana, around));
      assert.equal(told(decision), expect, decision.message);
    });
}

const bob = person({ gid: '2', email: 'bob@acme.com' });
const holder = reading([person({ license: 'Enterprise' })]);
const viewer = reading([person()]);
const organization: Right = { type: 'Workspace', workspace: ORGANIZATION.gid };

suite('identity', () => {
  check([
    [
      'a license grant creates nobody while an AsanaAccount declares the address',
      grant(enterprise, { recorded: null, mayCreate: true }),
      reading([bob]),
      'Blocked AccountNotFound',
      { accountDeclaredBy: 'AsanaAccount iga/alice' },
    ],
    [
      'the AsanaAccount itself does',
      grant(account, { recorded: null }),
      reading([bob]),
      'Act CreateAccount',
      { accountDeclaredBy: 'AsanaAccount iga/alice' },
    ],
    [
      'a license grant creates nobody a second time',
      grant(enterprise, { recorded: null, mayCreate: true, created: true }),
      reading([bob]),
      'Blocked AccountNotFound',
    ],
    [
      'a license grant without an organization invites nobody',
      grant(enterprise, { recorded: null, mayCreate: true }),
      reading([], { organization: null, workspaces: [PLAIN] }),
      'Blocked LicensesUnavailable',
    ],
    [
      'nobody is created who would not be view-only',
      grant(account, { recorded: null }),
      reading([person({ gid: '2', email: 'bob@acme.com', license: null })]),
      'Blocked LicensesUnavailable',
    ],
    [
      'who left the organization is not taken back by a workspace grant',
      grant(organization, { applied: given(organization, 'Member') }),
      reading([person({ active: false, plain: 'Member' }), bob]),
      'Blocked AccountNotFound ~',
    ],
    [
      'who is recorded from a plain workspace and was never in the organization may join it',
      grant(account, { recorded: { gid: '1', email: null, organization: PLAIN.gid } }),
      reading([person({ role: null, plain: 'Member' }), bob]),
      'Act CreateAccount',
    ],
    [
      'who is recorded from a plain workspace may be created in the organization by a license grant',
      grant(enterprise, { mayCreate: true, recorded: { gid: '1', email: null, organization: null } }),
      reading([person({ role: null, plain: 'Member' }), bob]),
      'Act CreateAccount',
    ],
    [
      'who was seen in the organization and is known in a plain workspace only is a leaver',
      grant(enterprise, {
        mayCreate: true,
        recorded: { gid: '1', email: null, organization: ORGANIZATION.gid },
      }),
      reading([person({ role: null, plain: 'Member' }), bob]),
      'Blocked AccountNotFound',
    ],
    [
      'who held the account, and is known in a plain workspace only, is not created again',
      grant(account, { applied: adopted(account, 'Active') }),
      reading([person({ role: null, plain: 'Member' }), bob]),
      'Blocked AccountNotFound ~',
    ],
    [
      'a workspace that the token may not read any more is no other organization',
      grant(plain, { recorded: { gid: '1', email: null, organization: PLAIN.gid } }),
      leftOut(PLAIN.gid),
      'Blocked WorkspaceNotFound',
    ],
    [
      'an address in composed and in decomposed letters is one for protectedUsers',
      grant(enterprise, { applied: given(enterprise, 'Enterprise'), ending: deleted }),
      reading([person({ license: 'Enterprise', email: 'andre\u0301@acme.com' })]),
      'Release ProtectedUser !',
      { policies: { protectedUsers: ['andr\u00e9@acme.com'] } },
    ],
  ]);
});

function leftOut(gid: string): Reading {
  const read = reading([person()], { workspaces: [ORGANIZATION] });
  const place = { gid, name: 'Friends', organization: false, leftOut: 'Guest' } as const;
  return { ...read, snapshot: { ...read.snapshot, leftOut: [place] } };
}

suite('applied', () => {
  test('is never rewritten where it names the same right, not by setting a change back either', () => {
    const applied = adopted(enterprise, 'Enterprise');
    const attempt = {
      id: 'a',
      type: 'GrantEnterprise',
      at: NOW,
      to: 'Enterprise',
      result: 'Pending',
    } as const;
    const decision = decideGrant(grant(enterprise, { applied, attempt }), context(holder));
    assert.equal(decision.kind === 'Settled' && decision.applied, applied);
  });

  check([
    [
      'a found view-only license that was set back after drift is still found',
      grant(viewOnly, { applied: adopted(viewOnly, 'ViewOnly'), ending: deleted }),
      viewer,
      'Release Adopted',
    ],
    [
      'a found Enterprise license that an edit lowered is given as view-only, and never deprovisioned',
      grant(viewOnly, { applied: given(viewOnly, 'ViewOnly'), ending: deleted }),
      viewer,
      'Release Adopted',
    ],
  ]);
});

suite('namespaces', () => {
  const elsewhere = { sameNamespace: false };
  check([
    [
      'a grant of another namespace does not lower what it found',
      grant(viewOnly, elsewhere),
      holder,
      'Blocked NamespaceNotAllowed',
    ],
    [
      'a grant of another namespace lowers the license it gave',
      grant(viewOnly, { ...elsewhere, applied: given(enterprise, 'Enterprise') }),
      holder,
      'Act RevokeEnterprise',
    ],
    [
      'a grant of another namespace that gave view-only does not take the Enterprise of somebody else',
      grant(viewOnly, { ...elsewhere, applied: given(viewOnly, 'ViewOnly') }),
      holder,
      'Blocked NamespaceNotAllowed ~',
    ],
    [
      'an absence is declared in the namespace of the connector only',
      grant(account, { ...elsewhere, ensure: 'Absent' }),
      viewer,
      'Blocked NamespaceNotAllowed',
    ],
  ]);
});

suite('the end of a grant whose place is not there', () => {
  const inTeam = { applied: given(team, 'Member'), ending: deleted };
  check([
    [
      'a team that a complete reading lacks: released with a Warning',
      grant(team, inTeam),
      reading([person()], { teams: [] }),
      'Release TeamNotFound !',
    ],
    [
      'a team that a doubtful reading lacks: waits',
      grant(team, inTeam),
      reading([person()], { teams: [], doubted: ['teams'] }),
      'Blocked ReadingIncomplete',
    ],
    [
      'a workspace that is out of scope: waits',
      grant(plain, { applied: given(plain, 'Member'), ending: deleted }),
      reading([person()], { workspaces: [ORGANIZATION] }),
      'Blocked WorkspaceNotFound',
    ],
    [
      'SCIM that was turned off: waits',
      grant(enterprise, { applied: given(enterprise, 'Enterprise'), ending: deleted }),
      reading([person({ scim: false })], { doubted: ['licenses'] }),
      'Blocked LicensesUnavailable',
      { policies: { scimEnabled: false } },
    ],
    [
      'a guest by now, whose account was given: released',
      grant(account, { applied: given(account, 'Active'), ending: deleted }),
      reading([person({ role: 'Guest' })]),
      'Release UserIsGuest !',
    ],
  ]);
});

suite('a removal by a live grant', () => {
  check([
    [
      'that a person discarded stays undone until an edit',
      grant(viewOnly, { discarded: true }),
      holder,
      'Blocked RemovalDiscarded',
    ],
    [
      'that a person discarded stays undone until an edit, of an absence too',
      grant(account, { ensure: 'Absent', discarded: true }),
      viewer,
      'Blocked RemovalDiscarded',
    ],
    [
      'is not made while something is declared for the account',
      grant(account, { ensure: 'Absent' }),
      viewer,
      'Blocked StillDeclared',
      {
        declared: [
          {
            ensure: 'Present',
            right: enterprise,
            place: ORGANIZATION.gid,
            object: 'AsanaLicenseGrant iga/alice',
          },
        ],
      },
    ],
    [
      'is made while something is declared elsewhere only',
      grant(account, { ensure: 'Absent' }),
      viewer,
      'Act Deprovision',
      {
        declared: [
          { ensure: 'Present', right: plain, place: PLAIN.gid, object: 'AsanaWorkspaceGrant iga/alice' },
        ],
      },
    ],
    [
      'is not made while what is declared may be there',
      grant(account, { ensure: 'Absent' }),
      viewer,
      'Blocked StillDeclared',
      { declared: [{ ensure: 'Present', right: team, place: null, object: 'AsanaTeamGrant iga/alice' }] },
    ],
  ]);
});

suite('the license limit', () => {
  const limited = (maxEnterpriseLicenses: number) => ({ policies: { maxEnterpriseLicenses } });
  check([
    [
      'one below the limit',
      grant(enterprise),
      reading([person()], { used: 4 }),
      'Act GrantEnterprise',
      limited(5),
    ],
    [
      'at the limit',
      grant(enterprise),
      reading([person()], { used: 5 }),
      'Blocked LicenseLimitReached',
      limited(5),
    ],
    [
      'drift above it is not set back',
      grant(enterprise, { applied: given(enterprise, 'Enterprise') }),
      reading([person()], { used: 6 }),
      'Blocked LicenseLimitReached ~',
      limited(5),
    ],
    [
      'who holds one keeps it',
      grant(enterprise),
      reading([person({ license: 'Enterprise' })], { used: 9 }),
      'Settled Granted adopted',
      limited(5),
    ],
    [
      'on a doubtful count',
      grant(enterprise),
      reading([person()], { used: 0, doubted: ['licenses'] }),
      'Blocked ReadingIncomplete',
      limited(5),
    ],
  ]);
});

suite('how long a grant may last', () => {
  const hour = 3_600_000;
  const applied = { ...given(enterprise, 'Enterprise'), at: new Date(NOW - hour).toISOString() };
  const rows: readonly [changes: Partial<Grant>, tooLong: boolean, because: string][] = [
    [{}, true, 'it does not end'],
    [{ durationMs: hour }, false, 'it ends in time'],
    [{ durationMs: hour + 1 }, true, 'its duration is above the limit'],
    [{ endsAt: NOW + hour }, false, 'it ends so long from now'],
    [{ endsAt: NOW + hour + 1 }, true, 'it ends later than so long from now'],
    [{ endsAt: NOW + hour, applied }, true, 'it began when it was first applied'],
    [{ endsAt: NOW, applied }, false, 'it ends so long after it was first applied'],
    [{ endsAt: NOW + 3 * hour, startsAt: NOW + 2 * hour }, false, 'it begins when startsAt says'],
    [{ endsAt: NOW + 3 * hour, startsAt: NOW + hour }, true, 'it lasts too long from startsAt on'],
    [{ endsAt: NOW + 3 * hour, startsAt: NOW + 2 * hour, applied }, true, 'what is applied has begun'],
    [{ durationMs: hour, deletionPolicy: 'Retain' }, true, 'Retain is no end'],
    [{ ensure: 'Absent' }, false, 'an absence has no length'],
  ];
  for (const [changes, tooLong, because] of rows)
    test(`${tooLong ? 'too long' : 'allowed'}: ${because}`, () => {
      assert.equal(describeTooLong(grant(enterprise, changes), hour, NOW) !== null, tooLong, because);
    });

  test('is nobody’s concern where the connector says nothing', () => {
    assert.equal(describeTooLong(grant(enterprise), null, NOW), null);
  });

  check([
    [
      'what is applied stays where it lasts too long',
      grant(enterprise, { applied }),
      viewer,
      'Blocked DurationTooLong',
      { policies: { maxDurationMs: hour } },
    ],
  ]);
});
