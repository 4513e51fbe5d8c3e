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

suite('ids are strings', () => {
  test('a REST gid that is a number is refused: digits may be lost already', () => {
    assert.throws(() => decodeUser({ gid: 1200000000000001, name: 'A' }), UnexpectedShape);
  });

  test('a SCIM id that is a number becomes a string, one above 2^53 is refused', () => {
    assert.equal(decodeScimUser({ ...scimUser, id: 12 }).id, '12');
    assert.throws(
      () => decodeScimUser({ ...scimUser, id: JSON.parse('12345678901234567890') }),
      UnexpectedShape,
    );
  });

  for (const gid of [null, undefined, '', {}, 'x'.repeat(65)]) {
    test(`${JSON.stringify(gid)?.slice(0, 20)} is no gid`, () => {
      assert.throws(() => decodeTeam({ gid, name: 'T' }), { where: 'team.gid' });
    });
  }
});

suite('records of REST', () => {
  test('unknown fields are dropped and null names are empty', () => {
    assert.deepEqual(decodeUser({ gid: '1', name: null, email: null, surprise: 1 }), {
      gid: '1',
      name: '',
      email: null,
    });
  });

  test('an email too long to be one is no email, a long name is cut', () => {
    const user = decodeUser({ gid: '1', name: 'n'.repeat(5000), email: `${'e'.repeat(400)}@acme.example` });
    assert.equal(user.email, null);
    assert.equal(user.name.length, 1024);
  });

  test('a membership is read with its four flags', () => {
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
    test(`a membership without ${flag} is refused: it would leave somebody unprotected`, () => {
      assert.throws(() => decodeWorkspaceMembership({ ...membership, [flag]: null }), {
        where: `membership.${flag}`,
      });
    });
  }

  test('is_view_only may be missing', () => {
    assert.equal(decodeWorkspaceMembership({ ...membership, is_view_only: undefined }).viewOnly, null);
  });

  test('a workspace must say whether it is an organization', () => {
    assert.throws(() => decodeWorkspace({ gid: '1', name: 'W' }), { where: 'workspace.is_organization' });
  });

  test('the flags of a team membership are kept apart, and missing ones are false', () => {
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
  test('a page without next_page is refused: it would cut the listing short without a word', () => {
    assert.throws(() => decodePage({ data: [] }, decodeTeam), { where: 'next_page' });
  });

  test('next_page is null on the last page and has an offset otherwise', () => {
    assert.equal(decodePage({ data: [], next_page: null }, decodeTeam).next, null);
    assert.equal(
      decodePage({ data: [], next_page: { offset: 'o', path: '/', uri: '' } }, decodeTeam).next,
      'o',
    );
    assert.throws(() => decodePage({ data: [], next_page: { offset: '' } }, decodeTeam), {
      where: 'next_page.offset',
    });
  });

  test('a page of a thousand times the size asked for is refused', () => {
    const data = Array.from({ length: 100_000 }, (_, index) => ({ gid: String(index), name: '' }));
    assert.throws(() => decodePage({ data, next_page: null }, decodeTeam), { where: 'data' });
  });

  test('a success without data is refused', () => {
    assert.throws(() => decodeData({ errors: [{ message: 'x' }] }, () => {}), { where: 'data' });
  });

  test('a SCIM page needs totalResults, and Resources unless it is empty', () => {
    assert.throws(() => decodeScimPage({ Resources: [] }, decodeScimUser), { where: 'totalResults' });
    assert.throws(() => decodeScimPage({ totalResults: -1, Resources: [] }, decodeScimUser), {
      where: 'totalResults',
    });
    assert.throws(() => decodeScimPage({ totalResults: 4 }, decodeScimUser), { where: 'Resources' });
    assert.deepEqual(decodeScimPage({ totalResults: 0 }, decodeScimUser), { items: [], totalResults: 0 });
  });
});

suite('text that is cut to its bound', () => {
  const emoji = '👩';

  test('never ends in half a character', () => {
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

  test('half a character in the middle is replaced, in an email or an id it is refused', () => {
    assert.equal(decodeTeam({ gid: '1', name: 'a\ud800b' }).name, 'a\ufffdb');
    assert.equal(decodeUser({ gid: '1', name: '', email: 'a\ud800@acme.example' }).email, null);
    assert.throws(() => decodeTeam({ gid: '\ud800', name: '' }), { where: 'team.gid' });
  });
});

suite('SCIM users', () => {
  test('the primary email counts, the license stays as Asana wrote it, empty attributes are left out', () => {
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

  test('without emails the userName is the email, without userType there is no license', () => {
    const user = decodeScimUser({ id: '1', userName: 'b@acme.example' });
    assert.deepEqual([user.email, user.userType, user.active, user.name], ['b@acme.example', null, true, '']);
  });

  test('an unknown license type is kept as text', () => {
    assert.equal(decodeScimUser({ ...scimUser, userType: 'Starter' }).userType, 'Starter');
  });

  test('active must be a flag if it is there: "false" must not pass for true', () => {
    assert.throws(() => decodeScimUser({ ...scimUser, active: 'false' }), { where: 'user.active' });
  });
});

test('no document makes a decoder fail with anything but UnexpectedShape', () => {
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
