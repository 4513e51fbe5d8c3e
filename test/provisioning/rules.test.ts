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
      'a license grant creates no account while an AsanaAccount declares the address',
      grant(enterprise, { recorded: null, mayCreate: true }),
      reading([bob]),
      'Blocked AccountNotFound',
      { accountDeclaredBy: 'AsanaAccount iga/alice' },
    ],
    [
      'the AsanaAccount that declares the address creates the account',
      grant(account, { recorded: null }),
      reading([bob]),
      'Act CreateAccount',
      { accountDeclaredBy: 'AsanaAccount iga/alice' },
    ],
    [
      'a license grant creates an account only once',
      grant(enterprise, { recorded: null, mayCreate: true, created: true }),
      reading([bob]),
      'Blocked AccountNotFound',
    ],
    [
      'a license grant invites nobody if there is no organization',
      grant(enterprise, { recorded: null, mayCreate: true }),
      reading([], { organization: null, workspaces: [PLAIN] }),
      'Blocked LicensesUnavailable',
    ],
    [
      'an AsanaAccount creates no account while the organization shows no license type',
      grant(account, { recorded: null }),
      reading([person({ gid: '2', email: 'bob@acme.com', license: null })]),
      'Blocked LicensesUnavailable',
    ],
    [
      'a workspace grant does not re-add a person who left the organization',
      grant(organization, { applied: given(organization, 'Member') }),
      reading([person({ active: false, plain: 'Member' }), bob]),
      'Blocked AccountNotFound ~',
    ],
    [
      'an AsanaAccount creates an account for a person who was only ever in a plain workspace',
      grant(account, { recorded: { gid: '1', email: null, organization: PLAIN.gid } }),
      reading([person({ role: null, plain: 'Member' }), bob]),
      'Act CreateAccount',
    ],
    [
      'a license grant creates an account for a person who was only ever in a plain workspace',
      grant(enterprise, { mayCreate: true, recorded: { gid: '1', email: null, organization: null } }),
      reading([person({ role: null, plain: 'Member' }), bob]),
      'Act CreateAccount',
    ],
    [
      'a license grant does not re-create an account that left the organization for a plain workspace',
      grant(enterprise, {
        mayCreate: true,
        recorded: { gid: '1', email: null, organization: ORGANIZATION.gid },
      }),
      reading([person({ role: null, plain: 'Member' }), bob]),
      'Blocked AccountNotFound',
    ],
    [
      'an AsanaAccount does not re-create an account that left the organization for a plain workspace',
      grant(account, { applied: adopted(account, 'Active') }),
      reading([person({ role: null, plain: 'Member' }), bob]),
      'Blocked AccountNotFound ~',
    ],
    [
      'a workspace that the token can no longer read does not count as another organization',
      grant(plain, { recorded: { gid: '1', email: null, organization: PLAIN.gid } }),
      leftOut(PLAIN.gid),
      'Blocked WorkspaceNotFound',
    ],
    [
      'protectedUsers matches an address in composed and in decomposed Unicode',
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

suite('the applied right', () => {
  test('is not rewritten for the same right, even after an action of the grant restored it', () => {
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

  const lowering = {
    id: 'a',
    type: 'RevokeEnterprise',
    at: NOW,
    to: 'ViewOnly',
    result: 'Pending',
  } as const;
  check([
    [
      'an adopted view-only license that was restored after drift is released when the grant is deleted',
      grant(viewOnly, {
        applied: adopted(viewOnly, 'ViewOnly'),
        attempt: { ...lowering, result: 'Succeeded' },
        setBacks: 1,
        ending: deleted,
      }),
      viewer,
      'Release Adopted',
    ],
    [
      'an adopted Enterprise license that an edit lowered is recorded as a given view-only license',
      grant(viewOnly, { applied: adopted(enterprise, 'Enterprise'), attempt: lowering }),
      viewer,
      'Settled Granted given',
    ],
    [
      'a given view-only license is released, not deprovisioned, if the grant did not create the account',
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
      'a grant in another namespace does not revoke an enterprise license that it did not give',
      grant(viewOnly, elsewhere),
      holder,
      'Blocked NamespaceNotAllowed',
    ],
    [
      'a grant in another namespace revokes the enterprise license that it gave',
      grant(viewOnly, { ...elsewhere, applied: given(enterprise, 'Enterprise') }),
      holder,
      'Act RevokeEnterprise',
    ],
    [
      'a grant in another namespace that gave view-only does not revoke the Enterprise of others',
      grant(viewOnly, { ...elsewhere, applied: given(viewOnly, 'ViewOnly') }),
      holder,
      'Blocked NamespaceNotAllowed ~',
    ],
    [
      'an AsanaAccount in another namespace cannot declare an absence',
      grant(account, { ...elsewhere, ensure: 'Absent' }),
      viewer,
      'Blocked NamespaceNotAllowed',
    ],
  ]);
});

suite('a deleted grant whose right cannot be read any more', () => {
  const inTeam = { applied: given(team, 'Member'), ending: deleted };
  check([
    [
      'is released with a Warning if a complete reading lacks its team',
      grant(team, inTeam),
      reading([person()], { teams: [] }),
      'Release TeamNotFound !',
    ],
    [
      'waits if a reading in doubt lacks its team',
      grant(team, inTeam),
      reading([person()], { teams: [], doubted: ['teams'] }),
      'Blocked ReadingIncomplete',
    ],
    [
      'waits if its workspace is out of scope',
      grant(plain, { applied: given(plain, 'Member'), ending: deleted }),
      reading([person()], { workspaces: [ORGANIZATION] }),
      'Blocked WorkspaceNotFound',
    ],
    [
      'waits if it gave a license and SCIM was turned off',
      grant(enterprise, { applied: given(enterprise, 'Enterprise'), ending: deleted }),
      reading([person({ scim: false })], { doubted: ['licenses'] }),
      'Blocked LicensesUnavailable',
      { policies: { scimEnabled: false } },
    ],
    [
      'is released with a Warning if it gave an account that is now a guest',
      grant(account, { applied: given(account, 'Active'), ending: deleted }),
      reading([person({ role: 'Guest' })]),
      'Release UserIsGuest !',
    ],
  ]);
});

suite('a removal by a live grant', () => {
  check([
    [
      'of a license is not carried out after it was discarded',
      grant(viewOnly, { discarded: true }),
      holder,
      'Blocked RemovalDiscarded',
    ],
    [
      'of an account is not carried out after it was discarded',
      grant(account, { ensure: 'Absent', discarded: true }),
      viewer,
      'Blocked RemovalDiscarded',
    ],
    [
      'of an account is refused while another right is declared in the organization',
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
      'of an account is carried out if another right is declared only in another workspace',
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
      'of an account is refused while another right is declared in an unknown place',
      grant(account, { ensure: 'Absent' }),
      viewer,
      'Blocked StillDeclared',
      { declared: [{ ensure: 'Present', right: team, place: null, object: 'AsanaTeamGrant iga/alice' }] },
    ],
  ]);
});

suite('maxEnterpriseLicenses', () => {
  const limited = (maxEnterpriseLicenses: number) => ({ policies: { maxEnterpriseLicenses } });
  check([
    [
      'allows a license one below the limit',
      grant(enterprise),
      reading([person()], { used: 4 }),
      'Act GrantEnterprise',
      limited(5),
    ],
    [
      'refuses a license at the limit',
      grant(enterprise),
      reading([person()], { used: 5 }),
      'Blocked LicenseLimitReached',
      limited(5),
    ],
    [
      'refuses to restore a lost license above the limit',
      grant(enterprise, { applied: given(enterprise, 'Enterprise') }),
      reading([person()], { used: 6 }),
      'Blocked LicenseLimitReached ~',
      limited(5),
    ],
    [
      'does not affect a license that is already held',
      grant(enterprise),
      reading([person({ license: 'Enterprise' })], { used: 9 }),
      'Settled Granted adopted',
      limited(5),
    ],
    [
      'refuses a license while the number of licenses is in doubt',
      grant(enterprise),
      reading([person()], { used: 0, doubted: ['licenses'] }),
      'Blocked ReadingIncomplete',
      limited(5),
    ],
  ]);
});

suite('maxDuration', () => {
  const hour = 3_600_000;
  const applied = { ...given(enterprise, 'Enterprise'), at: new Date(NOW - hour).toISOString() };
  const rows: readonly [changes: Partial<Grant>, tooLong: boolean, because: string][] = [
    [{}, true, 'that does not end'],
    [{ durationMs: hour }, false, 'whose duration equals the limit'],
    [{ durationMs: hour + 1 }, true, 'whose duration exceeds the limit'],
    [{ endsAt: NOW + hour }, false, 'that ends at the limit, counted from now'],
    [{ endsAt: NOW + hour + 1 }, true, 'that ends after the limit, counted from now'],
    [
      { endsAt: NOW + hour, applied },
      true,
      'that ends after the limit, counted from when it was first applied',
    ],
    [{ endsAt: NOW, applied }, false, 'that ends at the limit, counted from when it was first applied'],
    [
      { endsAt: NOW + 3 * hour, startsAt: NOW + 2 * hour },
      false,
      'that ends at the limit, counted from startsAt',
    ],
    [
      { endsAt: NOW + 3 * hour, startsAt: NOW + hour },
      true,
      'that ends after the limit, counted from startsAt',
    ],
    [
      { endsAt: NOW + 3 * hour, startsAt: NOW + 2 * hour, applied },
      true,
      'that ends after the limit, counted from when it was applied before startsAt',
    ],
    [
      { durationMs: hour, deletionPolicy: 'Retain' },
      true,
      'with deletionPolicy Retain, which revokes nothing at the end',
    ],
    [{ ensure: 'Absent' }, false, 'that declares an absence'],
  ];
  for (const [changes, tooLong, because] of rows)
    test(`${tooLong ? 'rejects' : 'allows'} a grant ${because}`, () => {
      assert.equal(describeTooLong(grant(enterprise, changes), hour, NOW) !== null, tooLong, because);
    });

  test('allows a grant that does not end if the connector sets no limit', () => {
    assert.equal(describeTooLong(grant(enterprise), null, NOW), null);
  });

  check([
    [
      'blocks an applied grant that does not end, and leaves the license that it holds',
      grant(enterprise, { applied }),
      holder,
      'Blocked DurationTooLong',
      { policies: { maxDurationMs: hour } },
    ],
  ]);
});
