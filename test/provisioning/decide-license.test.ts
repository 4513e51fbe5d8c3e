import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Account } from '../../src/directory/snapshot.ts';
import { decideLicense } from '../../src/provisioning/decide-license.ts';
import type { Decision } from '../../src/provisioning/decision.ts';
import type { LicenseGrant } from '../../src/provisioning/grant.ts';
import {
  ALICE,
  adopted,
  context,
  deleted,
  expired,
  given,
  grant,
  named,
  type PersonShape,
  person,
} from './small-world.ts';

type Around = Parameters<typeof context>[1];

/** A decision in one line: what is done, or for what reason nothing is. */
function summary(decision: Decision): string {
  switch (decision.kind) {
    case 'Settled':
      return `Settled ${decision.applied.adopted ? 'adopted' : 'given'} ${decision.applied.license}`;
    case 'Act':
      return `${decision.action.type}${decision.action.removal ? ' (removal)' : ''}${decision.drift ? ' (drift)' : ''}`;
    case 'Release':
      return `release ${decision.reason}${decision.warning ? ' (warning)' : ''}`;
    case 'Blocked':
      return `${decision.reason} ${decision.errorClass}${decision.drifted ? ' (drift)' : ''}`;
  }
}

const deprovisions: Around = { policies: { allowDeprovision: true } };
const plan: Around = { policies: { mode: 'Plan' } };
const stopped: Around = { policies: { suspended: true } };
const incomplete: Around = {
  reading: { untrusted: { reason: 'AsanaUnavailable', message: 'not all of it was read' } },
};
const shrunk: Around = { reading: { untrusted: { reason: 'RemovalsPaused', message: 'DirectoryShrunk' } } };

interface Row {
  readonly grant: Partial<LicenseGrant>;
  /** Null: no account. */
  readonly account: PersonShape | null;
  readonly around?: Around;
  readonly expect: string;
  readonly because: string;
}

/** Somebody else of the organization: it shows licenses, as one that has view-only licenses does. */
const colleague = person({ gid: '2', email: 'bob@acme.com' });

function decide({ grant: changes, account, around }: Omit<Row, 'expect' | 'because'>): Decision {
  return decideLicense(grant(changes), context([...(account ? [person(account)] : []), colleague], around));
}

function check(rows: readonly Row[]): void {
  for (const row of rows) {
    test(`${row.because}: ${row.expect}`, () => assert.equal(summary(decide(row)), row.expect, row.because));
  }
}

suite('a grant in force', () => {
  check([
    {
      grant: {},
      account: { license: 'ViewOnly' },
      expect: 'GrantEnterprise',
      because: 'Enterprise is declared, view-only held',
    },
    {
      grant: {},
      account: { license: 'Enterprise' },
      expect: 'Settled adopted Enterprise',
      because: 'what is found as declared is adopted',
    },
    {
      grant: { applied: given('Enterprise') },
      account: { license: 'Enterprise' },
      expect: 'Settled given Enterprise',
      because: 'a record of the same right is never rewritten',
    },
    {
      grant: { applied: given('ViewOnly') },
      account: { license: 'Enterprise' },
      expect: 'Settled adopted Enterprise',
      because: 'a record of another right is',
    },
    {
      grant: { license: 'ViewOnly' },
      account: { license: 'Enterprise' },
      expect: 'RevokeEnterprise (removal)',
      because: 'view-only is declared, Enterprise held',
    },
    {
      grant: { license: 'ViewOnly' },
      account: { license: 'ViewOnly' },
      expect: 'Settled adopted ViewOnly',
      because: 'view-only is adopted likewise',
    },
    {
      grant: { applied: given('Enterprise') },
      account: { license: 'ViewOnly' },
      expect: 'GrantEnterprise (drift)',
      because: 'what somebody else lowered is set back',
    },
    {
      grant: { license: 'ViewOnly', applied: adopted('ViewOnly') },
      account: { license: 'Enterprise' },
      expect: 'RevokeEnterprise (removal) (drift)',
      because: 'what somebody else raised is set back, as a removal',
    },
    {
      grant: { applied: given('ViewOnly') },
      account: { license: 'ViewOnly' },
      expect: 'GrantEnterprise',
      because: 'an edited grant is no drift',
    },
    { grant: {}, account: null, expect: 'UserNotFound waiting', because: 'no account is waited for' },
    {
      grant: {},
      account: { active: false },
      expect: 'UserNotFound waiting',
      because: 'an account that is not active is none',
    },
    {
      grant: { recorded: null, onMissingAccount: 'Create' },
      account: null,
      expect: 'CreateAccount',
      because: 'a missing account is created when asked for',
    },
    {
      grant: { recorded: null, onMissingAccount: 'Create', license: 'ViewOnly' },
      account: null,
      expect: 'CreateAccount',
      because: 'with view-only declared too',
    },
    {
      grant: { onMissingAccount: 'Create' },
      account: null,
      expect: 'UserNotFound waiting',
      because: 'whose gid is recorded has left, and is not created again',
    },
    {
      grant: { recorded: null, onMissingAccount: 'Create', accountCreated: true },
      account: null,
      expect: 'UserNotFound waiting',
      because: 'whom we created once is not created again',
    },
    {
      grant: { recorded: null, onMissingAccount: 'Create', user: { email: null, gid: '7' } },
      account: null,
      expect: 'UserNotFound waiting',
      because: 'a gid is no address to create an account with',
    },
    {
      grant: { recorded: null, onMissingAccount: 'Create' },
      account: null,
      around: { policies: { defaultWorkspace: null } },
      expect: 'WorkspaceNotSet stalling',
      because: 'a new account needs a workspace',
    },
    {
      grant: { recorded: null, onMissingAccount: 'Create' },
      account: null,
      around: incomplete,
      expect: 'AsanaUnavailable waiting',
      because: 'who is missing in an incomplete reading may be there',
    },
    {
      grant: { recorded: null, onMissingAccount: 'Create' },
      account: null,
      around: shrunk,
      expect: 'RemovalsPaused waiting',
      because: 'who is missing in a shrunken directory may be there',
    },
    {
      grant: {},
      account: { license: null, role: 'Guest', scim: false },
      expect: 'UserIsGuest stalling',
      because: 'guests hold no license',
    },
    {
      grant: {},
      account: { license: null, userType: null },
      expect: 'LicensesUnavailable stalling',
      because: 'a domain without userType has no licenses',
    },
    {
      grant: { license: 'ViewOnly' },
      account: { license: null, userType: 'division' },
      expect: 'LicensesUnavailable stalling',
      because: 'a license the settings do not name is never changed',
    },
    {
      grant: {},
      account: {},
      around: { policies: { scimEnabled: false } },
      expect: 'LicensesUnavailable stalling',
      because: 'licenses need SCIM',
    },
    {
      grant: { sameNamespace: false, namespaceAllowed: false },
      account: {},
      expect: 'NamespaceNotAllowed stalling',
      because: 'a namespace that may not use the connector changes nothing',
    },
    {
      grant: { suspended: true },
      account: {},
      expect: 'Suspended waiting',
      because: 'a suspended grant does nothing',
    },
    {
      grant: {},
      account: {},
      around: stopped,
      expect: 'Suspended waiting',
      because: 'nor does a suspended connector',
    },
    {
      grant: { abandoned: true },
      account: {},
      expect: 'GrantEnterprise',
      because: 'abandon means nothing to a grant that does not end',
    },
    {
      grant: {},
      account: {},
      around: incomplete,
      expect: 'GrantEnterprise',
      because: 'granting goes on while a reading is incomplete',
    },
    {
      grant: { license: 'ViewOnly' },
      account: { license: 'Enterprise' },
      around: incomplete,
      expect: 'AsanaUnavailable waiting',
      because: 'a removal does not',
    },
    {
      grant: { license: 'ViewOnly', applied: given('ViewOnly') },
      account: { license: 'Enterprise' },
      around: shrunk,
      expect: 'RemovalsPaused waiting (drift)',
      because: 'nor while the directory has shrunk, and drift is told',
    },
    {
      grant: { license: 'ViewOnly' },
      account: { license: 'Enterprise' },
      around: { reading: { self: null } },
      expect: 'AsanaUnavailable waiting',
      because: "nor while the token's own account, which is never touched, is unknown",
    },
  ]);

  test('no account is created where Asana shows a license for nobody: it might not be view-only', () => {
    const missing = grant({ recorded: null, onMissingAccount: 'Create' });
    const bob = { gid: '2', email: 'bob@acme.com', license: null };
    const nobodyShows: readonly [accounts: readonly Account[], because: string][] = [
      [[person({ ...bob, userType: null })], 'the organization has no view-only licenses'],
      [[person({ ...bob, scim: false })], 'SCIM lists none of its accounts'],
      [[], 'there is nobody to tell by'],
    ];
    for (const [accounts, because] of nobodyShows)
      assert.equal(
        summary(decideLicense(missing, context(accounts))),
        'LicensesUnavailable stalling',
        because,
      );
    const shown = [person({ ...bob, userType: 'division' })];
    assert.equal(
      summary(decideLicense(missing, context(shown))),
      'CreateAccount',
      'a userType is shown, if an unknown one',
    );
  });

  test('before the first reading it waits for the connector', () => {
    assert.equal(summary(decideLicense(grant(), context(null))), 'ConnectorNotReady waiting');
  });

  test('what stands in the way of the connector stands in its way too, and is named', () => {
    const decision = decideLicense(grant(), context([person()], { notReady: 'The token was refused.' }));
    assert.equal(summary(decision), 'ConnectorNotReady waiting');
    assert.equal(decision.message, 'The token was refused.');
  });
});

suite('the identity of an account', () => {
  const renamed = person({ email: 'alice.smith@acme.com' });
  const other = person({ gid: '2', email: ALICE });

  test('is the recorded gid: a renamed account is followed', () => {
    const decision = decideLicense(grant({ license: 'ViewOnly' }), context([renamed]));
    assert.equal(summary(decision), 'Settled adopted ViewOnly');
    assert.equal(decision.account?.email, 'alice.smith@acme.com');
  });

  test('is in question once the email means another account, whatever is declared', () => {
    for (const accounts of [[renamed, other], [other]]) {
      const decision = decideLicense(grant(), context(accounts));
      assert.equal(summary(decision), 'IdentityChanged stalling');
      assert.match(decision.message, /delete the grant and create it anew/);
    }
  });

  test('in question, a deleted grant is released with a warning and touches neither account', () => {
    const ending = grant({ ending: deleted, applied: given('Enterprise') });
    const accounts = [
      person({ email: 'a2@acme.com', license: 'Enterprise' }),
      { ...other, license: 'Enterprise' as const },
    ];
    assert.equal(summary(decideLicense(ending, context(accounts))), 'release IdentityChanged (warning)');
  });

  test('is not judged on a doubtful reading: a deleted grant waits', () => {
    const ending = grant({ ending: deleted, applied: given('Enterprise') });
    assert.equal(summary(decideLicense(ending, context([other], shrunk))), 'RemovalsPaused waiting');
  });

  test('before it is recorded is what the spec says: the gid, or the email', () => {
    const byGid = grant({ recorded: null, user: { email: null, gid: '2' } });
    for (const [subject, gid] of [
      [byGid, '2'],
      [grant({ recorded: null }), '1'],
    ] as const) {
      const decision = decideLicense(
        subject,
        context([person(), person({ gid: '2', email: 'bob@acme.com' })]),
      );
      assert.equal(decision.account?.gid, gid);
    }
  });
});

suite('a contested grant', () => {
  const lost: Around = { contest: { kind: 'Lost', winner: 'iga/older' } };
  const taken: Around = { contest: { kind: 'Succeeded', successor: 'iga/next', sameLicense: true } };
  check([
    {
      grant: { license: 'ViewOnly' },
      account: { license: 'Enterprise' },
      around: lost,
      expect: 'ConflictingGrant stalling',
      because: 'the older one decides',
    },
    {
      grant: {},
      account: { license: 'Enterprise' },
      around: lost,
      expect: 'ConflictingGrant stalling',
      because: 'even if both say the same',
    },
    {
      grant: { recorded: null, onMissingAccount: 'Create' },
      account: null,
      around: lost,
      expect: 'ConflictingGrant stalling',
      because: 'an account is not created twice',
    },
    {
      grant: { ending: deleted, applied: given('Enterprise') },
      account: { license: 'Enterprise' },
      around: taken,
      expect: 'release Superseded',
      because: 'a successor takes the right over',
    },
    {
      grant: { ending: expired, applied: given('Enterprise') },
      account: { license: 'Enterprise' },
      around: { ...taken, ...incomplete },
      expect: 'release Superseded',
      because: 'which needs no whole reading',
    },
    {
      grant: { ending: deleted, applied: given('ViewOnly') },
      account: { license: 'ViewOnly' },
      around: { ...deprovisions, contest: { kind: 'Succeeded', successor: 'iga/next', sameLicense: false } },
      expect: 'release Superseded',
      because: 'one that declares another license keeps the account too',
    },
    {
      grant: { ending: deleted, applied: given('Enterprise') },
      account: null,
      around: taken,
      expect: 'release UserNotFound',
      because: 'of an account that is gone nobody takes anything over, and nothing waits for it',
    },
    {
      grant: { ending: deleted, applied: given('Enterprise') },
      account: { license: null, role: 'Guest', scim: false },
      around: taken,
      expect: 'release UserIsGuest',
      because: 'nor of a guest',
    },
    {
      grant: { ending: deleted, applied: given('Enterprise') },
      account: { license: 'ViewOnly' },
      around: taken,
      expect: 'release ChangedElsewhere',
      because: 'nor a right that is not held any more',
    },
  ]);
});

suite('a grant that was deleted in mode Apply', () => {
  const ends = (applied: LicenseGrant['applied']) => ({ ending: deleted, applied });
  check([
    {
      grant: ends(given('Enterprise')),
      account: { license: 'Enterprise' },
      expect: 'RevokeEnterprise (removal)',
      because: 'given Enterprise is taken back to view-only',
    },
    {
      grant: ends(adopted('Enterprise')),
      account: { license: 'Enterprise' },
      expect: 'RevokeEnterprise (removal)',
      because: 'and so is adopted Enterprise',
    },
    {
      grant: ends(given('ViewOnly')),
      account: { license: 'ViewOnly' },
      around: deprovisions,
      expect: 'Deprovision (removal)',
      because: 'given view-only is deprovisioned where the connector allows it',
    },
    {
      grant: ends(given('ViewOnly')),
      account: { license: 'ViewOnly' },
      expect: 'release DeprovisionNotAllowed (warning)',
      because: 'and released where it does not',
    },
    {
      grant: ends(adopted('ViewOnly')),
      account: { license: 'ViewOnly' },
      around: deprovisions,
      expect: 'release Adopted',
      because: 'what was found is never deprovisioned',
    },
    {
      grant: { ...ends(given('Enterprise')), deletionPolicy: 'Retain' },
      account: { license: 'Enterprise' },
      expect: 'release Retained',
      because: 'Retain leaves Asana as it is',
    },
    {
      grant: ends(null),
      account: { license: 'Enterprise' },
      expect: 'release Deleted',
      because: 'nothing was applied',
    },
    {
      grant: ends(given('Enterprise')),
      account: { license: 'ViewOnly' },
      around: deprovisions,
      expect: 'release ChangedElsewhere',
      because: 'another license than the applied one is somebody else’s',
    },
    {
      grant: { ...ends(given('Enterprise')), upgrading: true },
      account: { license: 'ViewOnly' },
      expect: 'Progressing waiting',
      because: 'an upgrade sent moments ago may still come to show, and nobody would take it back',
    },
    {
      grant: { ...ends(given('Enterprise')), upgrading: true },
      account: { license: 'Enterprise' },
      expect: 'RevokeEnterprise (removal)',
      because: 'once it shows it is taken back',
    },
    {
      grant: ends(given('ViewOnly')),
      account: { license: 'Enterprise' },
      around: deprovisions,
      expect: 'release ChangedElsewhere',
      because: 'who was raised meanwhile is not deprovisioned',
    },
    {
      grant: ends(given('Enterprise')),
      account: { license: null, userType: 'division' },
      expect: 'release ChangedElsewhere',
      because: 'a license that nobody knows is another one',
    },
    {
      grant: ends(given('Enterprise')),
      account: null,
      expect: 'release UserNotFound',
      because: 'the account is gone',
    },
    {
      grant: ends(given('Enterprise')),
      account: { license: null, role: 'Guest', scim: false },
      expect: 'release UserIsGuest',
      because: 'a guest, whom SCIM hides, holds nothing',
    },
    {
      grant: ends(given('Enterprise')),
      account: { license: null, userType: null },
      expect: 'LicensesUnavailable waiting',
      because: 'a license that cannot be read may return',
    },
    {
      grant: ends(given('Enterprise')),
      account: { license: 'Enterprise', role: 'Admin' },
      expect: 'release ProtectedUser (warning)',
      because: 'admins are protected',
    },
    {
      grant: { ...ends(given('Enterprise')), setBacks: 3 },
      account: { license: 'ViewOnly' },
      expect: 'release Contended (warning)',
      because: 'what others fight for is left to them',
    },
    {
      grant: { ...ends(given('Enterprise')), sameNamespace: false, namespaceAllowed: false },
      account: { license: 'Enterprise' },
      expect: 'release NamespaceNotAllowed (warning)',
      because: 'a namespace that lost its permission takes nothing back',
    },
    {
      grant: { ...ends(given('Enterprise')), sameNamespace: false },
      account: { license: 'Enterprise' },
      expect: 'RevokeEnterprise (removal)',
      because: 'another namespace takes back what it gave',
    },
    {
      grant: { ...ends(adopted('Enterprise')), sameNamespace: false },
      account: { license: 'Enterprise' },
      expect: 'release Adopted',
      because: 'and nothing that it found',
    },
    {
      grant: { ...ends(given('ViewOnly')), sameNamespace: false },
      account: { license: 'ViewOnly' },
      around: deprovisions,
      expect: 'release DeprovisionNotAllowed (warning)',
      because: 'and never deprovisions',
    },
    {
      grant: ends(given('Enterprise')),
      account: { license: 'Enterprise' },
      around: incomplete,
      expect: 'AsanaUnavailable waiting',
      because: 'an incomplete reading returns whole',
    },
    {
      grant: ends(given('Enterprise')),
      account: null,
      around: incomplete,
      expect: 'AsanaUnavailable waiting',
      because: 'who is missing in it may be there',
    },
    {
      grant: ends(given('Enterprise')),
      account: { license: 'Enterprise' },
      around: { policies: { scimEnabled: false } },
      expect: 'LicensesUnavailable waiting',
      because: 'SCIM may be turned on again',
    },
    {
      grant: ends(given('Enterprise')),
      account: { license: 'Enterprise' },
      around: stopped,
      expect: 'Suspended waiting',
      because: 'suspending the connector loses nothing',
    },
    {
      grant: { ...ends(given('Enterprise')), suspended: true },
      account: { license: 'Enterprise' },
      expect: 'release Suspended',
      because: 'its own suspend lets it go',
    },
    {
      grant: { ...ends(given('Enterprise')), abandoned: true },
      account: { license: 'Enterprise' },
      around: { ...stopped, ...shrunk },
      expect: 'release Abandoned',
      because: 'abandon lets it go whatever stands in the way',
    },
    {
      grant: { ...ends(given('Enterprise')), discarded: true },
      account: { license: 'Enterprise' },
      expect: 'RevokeEnterprise (removal)',
      because: 'a deletion is an edit, so that what was discarded before it is decided anew',
    },
  ]);

  test('while it waits its message names the way out', () => {
    const ending = grant({ ending: deleted, applied: given('Enterprise') });
    for (const waiting of [
      context(null),
      context([person({ license: 'Enterprise' })], incomplete),
      context([person({ license: 'Enterprise' })], stopped),
      context([person({ license: 'Enterprise' })], { policies: { scimEnabled: false } }),
      context([person({ license: null, userType: null })]),
    ]) {
      const decision = decideLicense(ending, waiting);
      assert.equal(decision.kind, 'Blocked');
      assert.match(decision.message, /asana-connector\.dev\/abandon="true"/);
    }
  });

  test('the action names the account, what it holds and what is left of it', () => {
    const revoke = decide({
      grant: { ending: deleted, applied: given('Enterprise') },
      account: { license: 'Enterprise' },
    });
    assert.ok(revoke.kind === 'Act');
    assert.deepEqual(revoke.action, {
      type: 'RevokeEnterprise',
      gid: '1',
      email: ALICE,
      from: 'Enterprise',
      to: 'ViewOnly',
      removal: true,
    });
    const deprovision = decide({
      grant: { ending: deleted, applied: given('ViewOnly') },
      account: {},
      around: deprovisions,
    });
    assert.ok(deprovision.kind === 'Act');
    assert.deepEqual(deprovision.action, {
      ...revoke.action,
      type: 'Deprovision',
      from: 'ViewOnly',
      to: null,
    });
  });
});

suite('a grant that has expired', () => {
  const ends = (applied: LicenseGrant['applied']) => ({ ending: expired, applied });
  check([
    {
      grant: ends(given('Enterprise')),
      account: { license: 'Enterprise' },
      expect: 'RevokeEnterprise (removal)',
      because: 'is taken back like a deleted one',
    },
    {
      grant: { ...ends(given('Enterprise')), suspended: true },
      account: { license: 'Enterprise' },
      expect: 'Suspended waiting',
      because: 'while suspended nothing happens yet',
    },
    {
      grant: ends(given('Enterprise')),
      account: { license: 'Enterprise' },
      around: stopped,
      expect: 'Suspended waiting',
      because: 'nor while its connector is',
    },
    {
      grant: { ...ends(given('Enterprise')), discarded: true },
      account: { license: 'Enterprise' },
      expect: 'RemovalDiscarded stalling',
      because: 'and was discarded is left alone until it is edited',
    },
    {
      grant: { ...ends(given('Enterprise')), abandoned: true },
      account: { license: 'Enterprise' },
      expect: 'release Abandoned',
      because: 'and is abandoned acts no more',
    },
    {
      grant: ends(given('Enterprise')),
      account: { license: 'Enterprise' },
      around: plan,
      expect: 'RevokeEnterprise (removal)',
      because: 'in mode Plan the same is decided',
    },
    {
      grant: { ...ends(given('Enterprise')), deletionPolicy: 'Retain' },
      account: { license: 'Enterprise' },
      around: plan,
      expect: 'Expired waiting',
      because: 'in mode Plan a release is not made, and Retain plans no removal',
    },
    {
      grant: { ...ends(given('Enterprise')), namespaceAllowed: false, sameNamespace: false },
      account: { license: 'Enterprise' },
      around: plan,
      expect: 'Expired waiting',
      because: 'in mode Plan the record stays, whatever would let it go',
    },
    {
      grant: ends(adopted('ViewOnly')),
      account: { license: 'ViewOnly' },
      around: plan,
      expect: 'Expired waiting',
      because: 'in mode Plan what was adopted is not forgotten',
    },
  ]);
});

suite('a grant in mode Plan', () => {
  check([
    { grant: {}, account: {}, around: plan, expect: 'GrantEnterprise', because: 'decides the same' },
    {
      grant: { license: 'ViewOnly' },
      account: { license: 'Enterprise', role: 'Admin' },
      around: plan,
      expect: 'ProtectedUser stalling',
      because: 'is blocked for the same reasons',
    },
    {
      grant: { ending: deleted, applied: given('Enterprise') },
      account: { license: 'Enterprise' },
      around: plan,
      expect: 'release Planned',
      because: 'goes at once when it is deleted',
    },
    {
      grant: { ending: deleted, applied: given('Enterprise') },
      account: { license: 'Enterprise' },
      around: { policies: { mode: 'Plan', suspended: true } },
      expect: 'release Planned',
      because: 'even while the connector is suspended',
    },
  ]);
});

suite('a protected user', () => {
  const raised: PersonShape = { license: 'Enterprise' };
  const lowering: Partial<LicenseGrant> = { license: 'ViewOnly', applied: given('ViewOnly') };
  const protects = (user: string): Around => ({ policies: { protectedUsers: [user] } });
  check([
    {
      grant: lowering,
      account: raised,
      around: protects(ALICE),
      expect: 'ProtectedUser stalling (drift)',
      because: 'is known by the address of the spec',
    },
    {
      grant: { ...lowering, user: { email: null, gid: '1' }, recorded: { gid: '1', email: 'old@acme.com' } },
      account: raised,
      around: protects('old@acme.com'),
      expect: 'ProtectedUser stalling (drift)',
      because: 'by the recorded address',
    },
    {
      grant: lowering,
      account: { ...raised, email: 'new@acme.com' },
      around: protects('new@acme.com'),
      expect: 'ProtectedUser stalling (drift)',
      because: "by today's address",
    },
    {
      grant: lowering,
      account: raised,
      around: protects('Alice@ACME.com'),
      expect: 'ProtectedUser stalling (drift)',
      because: 'without case',
    },
    {
      grant: lowering,
      account: { ...raised, role: 'Admin' },
      expect: 'ProtectedUser stalling (drift)',
      because: 'is an admin',
    },
    {
      grant: lowering,
      account: { ...raised, role: 'Admin' },
      around: { policies: { protectAdmins: false } },
      expect: 'RevokeEnterprise (removal) (drift)',
      because: 'unless admins are not protected',
    },
    {
      grant: lowering,
      account: raised,
      around: { policies: { protectAdmins: false }, reading: { self: '1' } },
      expect: 'ProtectedUser stalling (drift)',
      because: "is the token's own account, always",
    },
    {
      grant: {},
      account: { role: 'Admin' },
      around: protects(ALICE),
      expect: 'GrantEnterprise',
      because: 'may be given more',
    },
  ]);

  test('is known by the name SCIM has, if that differs from the address', () => {
    const account = person({ license: 'Enterprise', email: 'alias@acme.com' });
    const scim = account.scim && { ...account.scim, userName: 'Root@acme.com' };
    const around = context([{ ...account, scim }], protects('root@acme.com'));
    assert.equal(summary(decideLicense(grant({ license: 'ViewOnly' }), around)), 'ProtectedUser stalling');
  });
});

suite('a grant in force of another namespace', () => {
  const foreign: Partial<LicenseGrant> = { license: 'ViewOnly', sameNamespace: false };
  const enterprise: PersonShape = { license: 'Enterprise' };
  check([
    {
      grant: foreign,
      account: enterprise,
      expect: 'NamespaceNotAllowed stalling',
      because: 'takes nothing away that it never gave',
    },
    {
      grant: { ...foreign, applied: adopted('Enterprise') },
      account: enterprise,
      expect: 'NamespaceNotAllowed stalling',
      because: 'nor what it found',
    },
    {
      grant: { ...foreign, applied: given('Enterprise') },
      account: enterprise,
      expect: 'RevokeEnterprise (removal)',
      because: 'takes back what it gave, once edited',
    },
    {
      grant: { ...foreign, applied: given('ViewOnly') },
      account: enterprise,
      expect: 'NamespaceNotAllowed stalling (drift)',
      because: 'does not set back what somebody else gave, and tells the drift',
    },
    {
      grant: { sameNamespace: false },
      account: {},
      expect: 'GrantEnterprise',
      because: 'may give more',
    },
    {
      grant: { sameNamespace: false, applied: given('Enterprise') },
      account: {},
      expect: 'GrantEnterprise (drift)',
      because: 'and give it again',
    },
    {
      grant: foreign,
      account: {},
      expect: 'Settled adopted ViewOnly',
      because: 'may find what it declares',
    },
  ]);
});

suite('limits and fights', () => {
  const limited = (used: number, limit: number): Around => ({
    policies: { maxEnterpriseLicenses: limit },
    reading: { used },
  });
  check([
    {
      grant: {},
      account: {},
      around: limited(9, 10),
      expect: 'GrantEnterprise',
      because: 'one license is left',
    },
    {
      grant: {},
      account: {},
      around: limited(10, 10),
      expect: 'LicenseLimitReached waiting',
      because: 'none is left',
    },
    {
      grant: {},
      account: {},
      around: limited(0, 0),
      expect: 'LicenseLimitReached waiting',
      because: 'a limit of none is a limit',
    },
    {
      grant: { applied: given('Enterprise') },
      account: {},
      around: limited(12, 10),
      expect: 'LicenseLimitReached waiting (drift)',
      because: 'drift above the limit is not set back',
    },
    {
      grant: {},
      account: { license: 'Enterprise' },
      around: limited(12, 10),
      expect: 'Settled adopted Enterprise',
      because: 'lowering the limit revokes nobody',
    },
    {
      grant: { license: 'ViewOnly' },
      account: { license: 'Enterprise' },
      around: limited(12, 10),
      expect: 'RevokeEnterprise (removal)',
      because: 'the limit does not keep a license from being freed',
    },
    {
      grant: { applied: given('Enterprise'), setBacks: 2 },
      account: {},
      expect: 'GrantEnterprise (drift)',
      because: 'two set-backs are no fight',
    },
    {
      grant: { applied: given('Enterprise'), setBacks: 3 },
      account: {},
      expect: 'Contended stalling (drift)',
      because: 'three are',
    },
    {
      grant: { applied: given('Enterprise'), setBacks: 3 },
      account: { license: 'Enterprise' },
      expect: 'Settled given Enterprise',
      because: 'a fight that is over needs nobody',
    },
    {
      grant: { license: 'ViewOnly', discarded: true },
      account: { license: 'Enterprise' },
      expect: 'RemovalDiscarded stalling',
      because: 'a discarded removal is left alone',
    },
    {
      grant: { discarded: true },
      account: {},
      expect: 'GrantEnterprise',
      because: 'and keeps nobody from being given more',
    },
  ]);
});

test('every message of a decision that needs a person says what to do or what stands in the way', () => {
  const subjects: readonly [LicenseGrant, readonly Account[]][] = [
    [grant(), []],
    [grant({ setBacks: 5, applied: given('Enterprise') }), [person()]],
    [grant({ namespaceAllowed: false }), [person()]],
    [named('other/bob', { license: 'ViewOnly' }), [person({ license: 'Enterprise', role: 'Admin' })]],
  ];
  for (const [subject, accounts] of subjects) {
    const { kind, message } = decideLicense(subject, context(accounts));
    assert.equal(kind, 'Blocked');
    assert.match(message, /^[A-Z"a-z].{20,}\.$/s);
  }
});
