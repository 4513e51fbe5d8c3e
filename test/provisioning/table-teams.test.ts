import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { resolveWish } from '../../src/provisioning/rights.ts';
import { check, ends, inTeam, leaver, nobody, unknown, viewer } from './table.ts';
import { adopted, given, grant, person, reading, TEAM, team } from './world.ts';

const leaverInTeam = reading([person({ active: false })], { members: { 1: {} } });

suite('a team grant', () => {
  check([
    {
      row: 'the person is active and not in the team',
      grant: grant(team),
      asana: viewer,
      expect: 'Act AddToTeam',
    },
    {
      row: 'the person is in the team',
      grant: grant(team),
      asana: inTeam,
      expect: 'Settled Granted adopted',
    },
    {
      row: 'the person is in the team in another role',
      grant: grant(team),
      asana: reading([person()], { members: { 1: { admin: true } } }),
      expect: 'Settled Granted adopted',
    },
    {
      row: 'the account does not exist',
      grant: grant(team, unknown),
      asana: nobody,
      expect: 'Blocked AccountNotFound',
    },
    {
      row: 'the account is inactive',
      grant: grant(team),
      asana: leaver,
      expect: 'Blocked AccountNotFound',
    },
    {
      row: 'the account is inactive, and Asana still lists it in the team',
      grant: grant(team),
      asana: leaverInTeam,
      expect: 'Blocked AccountNotFound',
    },
    {
      row: 'the team does not exist',
      grant: grant(team),
      asana: reading([person()], { teams: [] }),
      expect: 'Blocked TeamNotFound',
    },
    {
      row: 'no team has the declared name',
      grant: grant(team, { wish: { type: 'Team', team: { name: 'Sales' } } }),
      asana: viewer,
      expect: 'Blocked TeamNotFound',
    },
    {
      row: 'one team has the declared name',
      grant: grant(team, { wish: { type: 'Team', team: { name: 'Design' } } }),
      asana: viewer,
      expect: 'Act AddToTeam',
    },
    {
      row: 'two teams have the declared name',
      grant: grant(team, { wish: { type: 'Team', team: { name: 'Design' } } }),
      asana: reading([person()], {
        teams: [
          { gid: TEAM, name: 'Design' },
          { gid: '701', name: 'Design' },
        ],
      }),
      expect: 'Blocked TeamAmbiguous',
    },
    {
      row: 'one team has the declared name, and not all teams were read',
      grant: grant(team, { wish: { type: 'Team', team: { name: 'Design' } } }),
      asana: reading([person()], { doubted: ['teams'] }),
      expect: 'Blocked ReadingIncomplete',
    },
    {
      row: 'the grant ends and the membership was given',
      grant: grant(team, { ...ends, applied: given(team, 'Member') }),
      asana: inTeam,
      expect: 'Act RemoveFromTeam',
    },
    {
      row: 'the grant ends and the member has left the organization, but not the team',
      grant: grant(team, { ...ends, applied: given(team, 'Member') }),
      asana: leaverInTeam,
      expect: 'Release NoLongerHeld',
    },
    {
      row: 'the grant ends and the membership was adopted as Member',
      grant: grant(team, { ...ends, applied: adopted(team, 'Member') }),
      asana: inTeam,
      expect: 'Act RemoveFromTeam',
    },
    {
      row: 'the grant ends and the membership was adopted in another role',
      grant: grant(team, { ...ends, applied: adopted(team, 'Admin') }),
      asana: reading([person()], { members: { 1: { admin: true } } }),
      expect: 'Release Adopted',
    },
    {
      row: 'the grant ends and the team is the last one of a guest',
      grant: grant(team, { ...ends, applied: given(team, 'Member') }),
      asana: reading([person({ role: 'Guest' })], { members: { 1: { guest: true } } }),
      expect: 'Release GuestsLastTeam !',
    },
    {
      row: 'the grant ends and the guest is in another team too',
      grant: grant(team, { ...ends, applied: given(team, 'Member') }),
      asana: reading([person({ role: 'Guest' })], { members: { 1: { guest: true } }, teamsOfEach: 2 }),
      expect: 'Act RemoveFromTeam',
    },
  ]);
});

test('the message about two teams of the same name does not depend on the order of the reading', () => {
  const teams = [
    { gid: TEAM, name: 'Design' },
    { gid: '701', name: 'Design' },
  ];
  const told = [teams, teams.toReversed()].map((read) =>
    resolveWish({ type: 'Team', team: { name: 'Design' } }, reading([person()], { teams: read }), {
      defaultWorkspace: null,
    }),
  );
  assert.ok(told[0] && 'refusal' in told[0]);
  assert.match(told[0].refusal.message, /701/);
  assert.deepEqual(told[1], told[0]);
});
