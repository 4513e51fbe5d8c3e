import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { UnexpectedShape } from '../../src/asana/fields.ts';
import {
  decodeData,
  decodePage,
  decodeTeam,
  decodeTeamMembership,
  decodeUser,
  decodeWorkspace,
  decodeWorkspaceMembership,
} from '../../src/asana/rest-records.ts';
import { decodeScimPage, decodeScimUser } from '../../src/asana/scim-records.ts';

const membership = {
  gid: '9',
  resource_type: 'workspace_membership',
  user: { gid: '1', resource_type: 'user', name: 'Ann' },
  workspace: { gid: '5' },
  is_active: true,
  is_admin: false,
  is_guest: false,
  is_view_only: true,
};

const scimUser = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  id: '1200000000000001',
  userName: 'Ann@Acme.example',
  name: { formatted: 'Ann A', givenName: 'Ann', familyName: 'A' },
  emails: [
    { value: 'second@acme.example', primary: false },
    { value: 'ann@acme.example', primary: true, type: 'work' },
  ],
  active: true,
  userType: 'view only',
  title: 'Designer',
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': {
    department: 'D',
    manager: { value: '77' },
    costCenter: '',
  },
  somethingNew: [1, 2, 3],
};

suite('ids', () => {
  test('a numeric REST gid is rejected, since digits may already be lost', () => {
    assert.throws(() => decodeUser({ gid: 1200000000000001, name: 'A' }), UnexpectedShape);
  });

  test('a numeric SCIM id becomes a string, and one above 2^53 is rejected', () => {
    assert.equal(decodeScimUser({ ...scimUser, id: 12 }).id, '12');
    assert.throws(
      () => decodeScimUser({ ...scimUser, id: JSON.parse('12345678901234567890') }),
      UnexpectedShape,
    );
  });

  for (const gid of [null, undefined, '', {}, 'x'.repeat(65)]) {
    test(`${JSON.stringify(gid)?.slice(0, 20)} is rejected as a gid`, () => {
      assert.throws(() => decodeTeam({ gid, name: 'T' }), { where: 'team.gid' });
    });
  }
});

suite('REST records', () => {
  test('unknown fields are dropped, and a null name becomes empty', () => {
    assert.deepEqual(decodeUser({ gid: '1', name: null, email: null, surprise: 1 }), {
      gid: '1',
      name: '',
      email: null,
    });
  });

  test('an overlong email becomes null, and an overlong name is truncated', () => {
    const user = decodeUser({ gid: '1', name: 'n'.repeat(5000), email: `${'e'.repeat(400)}@acme.example` });
    assert.equal(user.email, null);
    assert.equal(user.name.length, 1024);
  });

  test('a membership is decoded with its four flags', () => {
    assert.deepEqual(decodeWorkspaceMembership(membership), {
      gid: '9',
      user: { gid: '1', name: 'Ann', email: null },
      active: true,
      admin: false,
      guest: false,
      viewOnly: true,
    });
  });

  for (const flag of ['is_active', 'is_admin', 'is_guest']) {
    test(`a membership without ${flag} is rejected: a default could leave an account unprotected`, () => {
      assert.throws(() => decodeWorkspaceMembership({ ...membership, [flag]: null }), {
        where: `membership.${flag}`,
      });
    });
  }

  test('a missing is_view_only becomes null', () => {
    assert.equal(decodeWorkspaceMembership({ ...membership, is_view_only: undefined }).viewOnly, null);
  });

  test('a workspace without is_organization is rejected', () => {
    assert.throws(() => decodeWorkspace({ gid: '1', name: 'W' }), { where: 'workspace.is_organization' });
  });

  test('the flags of a team membership are decoded separately, and a missing flag is false', () => {
    assert.deepEqual(
      decodeTeamMembership({ gid: '3', user: { gid: '1' }, is_admin: true, is_limited_access: true }),
      {
        gid: '3',
        user: '1',
        admin: true,
        guest: false,
        limitedAccess: true,
      },
    );
  });
});

suite('pages', () => {
  test('a page without next_page is rejected, since it would truncate the listing silently', () => {
    assert.throws(() => decodePage({ data: [] }, decodeTeam), { where: 'next_page' });
  });

  test('next_page is null on the last page, and otherwise requires a non-empty offset', () => {
    assert.equal(decodePage({ data: [], next_page: null }, decodeTeam).next, null);
    assert.equal(
      decodePage({ data: [], next_page: { offset: 'o', path: '/', uri: '' } }, decodeTeam).next,
      'o',
    );
    assert.throws(() => decodePage({ data: [], next_page: { offset: '' } }, decodeTeam), {
      where: 'next_page.offset',
    });
  });

  test('a page a thousand times larger than requested is rejected', () => {
    const data = Array.from({ length: 100_000 }, (_, index) => ({ gid: String(index), name: '' }));
    assert.throws(() => decodePage({ data, next_page: null }, decodeTeam), { where: 'data' });
  });

  test('a successful answer without data is rejected', () => {
    assert.throws(() => decodeData({ errors: [{ message: 'x' }] }, () => {}), { where: 'data' });
  });

  test('a SCIM page requires a valid totalResults, and Resources unless it is empty', () => {
    assert.throws(() => decodeScimPage({ Resources: [] }, decodeScimUser), { where: 'totalResults' });
    assert.throws(() => decodeScimPage({ totalResults: -1, Resources: [] }, decodeScimUser), {
      where: 'totalResults',
    });
    assert.throws(() => decodeScimPage({ totalResults: 4 }, decodeScimUser), { where: 'Resources' });
    for (const Resources of [undefined, null, []])
      assert.deepEqual(decodeScimPage({ totalResults: 0, Resources }, decodeScimUser).items, []);
    assert.deepEqual(decodeScimPage({ totalResults: 0 }, decodeScimUser), { items: [], totalResults: 0 });
  });
});

suite('text with incomplete characters', () => {
  const emoji = '👩';

  test('truncation never leaves half a character at the end', () => {
    const { name } = decodeTeam({ gid: '1', name: `${'x'.repeat(1023)}${emoji}` });
    assert.ok(name.isWellFormed());
    assert.equal(name.length, 1024);
    const title = `${'x'.repeat(255)}${emoji}`;
    const { attributes, userName, userType } = decodeScimUser({
      id: '1',
      userName: `${'x'.repeat(319)}${emoji}`,
      userType: title,
      title,
    });
    for (const text of [attributes['title'], userName, userType]) assert.ok(text?.isWellFormed(), text ?? '');
  });

  test('half a character is replaced in a name, makes an email null, and is rejected in an id', () => {
    assert.equal(decodeTeam({ gid: '1', name: 'a\ud800b' }).name, 'a\ufffdb');
    assert.equal(decodeUser({ gid: '1', name: '', email: 'a\ud800@acme.example' }).email, null);
    assert.throws(() => decodeTeam({ gid: '\ud800', name: '' }), { where: 'team.gid' });
  });
});

suite('SCIM users', () => {
  test('the primary email is used, the license is kept unchanged, and empty attributes are omitted', () => {
    assert.deepEqual(decodeScimUser(scimUser), {
      id: '1200000000000001',
      userName: 'Ann@Acme.example',
      email: 'ann@acme.example',
      name: 'Ann A',
      active: true,
      userType: 'view only',
      attributes: { title: 'Designer', givenName: 'Ann', familyName: 'A', department: 'D', managerId: '77' },
    });
  });

  test('the userName replaces missing emails, and a missing userType means no license', () => {
    const user = decodeScimUser({ id: '1', userName: 'b@acme.example' });
    assert.deepEqual([user.email, user.userType, user.active, user.name], ['b@acme.example', null, true, '']);
  });

  test('an unknown license type is kept as text', () => {
    assert.equal(decodeScimUser({ ...scimUser, userType: 'Starter' }).userType, 'Starter');
  });

  test('a non-boolean active is rejected: "false" must not count as true', () => {
    assert.throws(() => decodeScimUser({ ...scimUser, active: 'false' }), { where: 'user.active' });
  });
});

test('a decoder throws nothing but UnexpectedShape, whatever the document', () => {
  const decoders = [
    decodeUser,
    decodeWorkspace,
    decodeWorkspaceMembership,
    decodeTeam,
    decodeTeamMembership,
    decodeScimUser,
  ];
  const keys = fc.constantFrom(
    'gid',
    'id',
    'user',
    'name',
    'userName',
    'emails',
    'active',
    'addresses',
    'is_admin',
    '__proto__',
  );
  const document = fc.oneof(fc.jsonValue(), fc.dictionary(keys, fc.jsonValue({ maxDepth: 3 })));
  fc.assert(
    fc.property(document, fc.constantFrom(...decoders), (value, decode) => {
      try {
        decode(value);
      } catch (error) {
        assert.ok(error instanceof UnexpectedShape, String(error));
      }
    }),
    { numRuns: 500 },
  );
});
