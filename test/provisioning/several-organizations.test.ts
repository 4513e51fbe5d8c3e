import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readingOf } from '../../src/controllers/connectors/session-reading.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Directory } from '../../src/directory/directory.ts';
import { refresh } from '../../src/directory/reader.ts';
import type { Account, Snapshot } from '../../src/directory/snapshot.ts';
import { decideGrant } from '../../src/provisioning/decide-grant.ts';
import { wordFor } from '../../src/provisioning/decision.ts';
import {
  account,
  context,
  deleted,
  given,
  grant,
  NOW,
  ORGANIZATION,
  person,
  reading,
  TEAM,
  team,
} from './world.ts';

/** A connector with two organizations, so without SCIM; a guest of the first organization is a member of the second. */
const PARTNER = { gid: '550', name: 'Partner', organization: true };
const BETA = '800';
const withoutScim = { policies: { scimEnabled: false } };
const shape = { organization: null, workspaces: [ORGANIZATION, PARTNER] };
const inBeta = { gid: 'm-beta', user: '1', admin: false, guest: false, limitedAccess: false };

function guestOfOne(): Account {
  const guest = person({ role: 'Guest' });
  const place = {
    gid: 'm550',
    workspace: PARTNER.gid,
    active: true,
    role: 'Member',
    viewOnly: null,
  } as const;
  return { ...guest, memberships: [...guest.memberships, place] };
}

/** Returns a directory of both, in which the guest is in one team of each. */
function openDirectory(): { readonly directory: Directory; readonly snapshot: Snapshot } {
  const { snapshot: before } = reading([guestOfOne()], { ...shape, members: { 1: { guest: true } } });
  const beta = { gid: BETA, name: 'Beta', organization: PARTNER.gid, memberships: [inBeta] };
  const snapshot = { ...before, teams: new Map([...before.teams, [BETA, beta]]) };
  const directory = new Directory(systemClock);
  directory.adopt(snapshot);
  return { directory, snapshot };
}

suite('a guest of one of two organizations', () => {
  for (const ensure of ['Present', 'Absent'] as const) {
    test(`is refused as UserIsGuest if an AsanaAccount declares ${ensure}`, () => {
      const decision = decideGrant(
        grant(account, { ensure }),
        context(reading([person({ role: 'Guest' })], shape), withoutScim),
      );
      assert.equal(wordFor(decision), 'UserIsGuest');
    });
  }

  test('keeps their last team there, although they are in a team of the other organization', () => {
    const { directory, snapshot } = openDirectory();
    const read = readingOf({
      directory,
      snapshot,
      intervals: { intervalMs: 3_600_000, teamIntervalMs: 3_600_000 },
      doubts: [],
      lastFailed: false,
      seatsBeside: () => 0,
      isLeaving: () => false,
      now: NOW,
    });
    const ends = grant(team, { ending: deleted, applied: given(team, 'Member') });
    assert.equal(wordFor(decideGrant(ends, context(read, withoutScim))), 'GuestsLastTeam');
  });

  test('keeps their team in the other organization when their teams in the first one are read', async () => {
    const { directory } = openDirectory();
    const membership = {
      gid: 'm500-1',
      user: { gid: '1', email: 'alice@acme.com', name: 'Alice' },
      active: true,
      admin: false,
      guest: true,
      viewOnly: null,
    };
    const answer = <T>(value: T) => Promise.resolve({ value, date: NOW, requestId: null });
    const rest = {
      workspaceMembershipsOf: () => answer([membership]),
      teamMembershipsOf: () => Promise.resolve(new Map([[TEAM, { ...inBeta, gid: 'tm-1', guest: true }]])),
    };
    const subject = { gid: '1', email: null, workspace: ORGANIZATION.gid, team: TEAM };
    const options = {
      membership: true,
      userTypes: { enterprise: 'e', viewOnly: 'v' },
      priority: 'action',
    } as const;
    await refresh({ rest, scim: null } as never, directory, subject, options);
    assert.notEqual(directory.teamMembership(BETA, '1'), null);
    assert.equal(directory.effective()?.teams.get(BETA)?.memberships.length, 1);
  });
});
