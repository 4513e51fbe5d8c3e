import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { resolveWish } from '../../src/provisioning/rights.ts';
import { check, ends, inTeam, leaver, nobody, unknown, viewer } from './table.ts';
import { adopted, given, grant, person, reading, TEAM, team } from './world.ts';

const leaverInTeam = reading([person({ active: false })], { members: { 1: {} } });

suite('a team', () => {
  check([
    { row: 'they are not in it, and active', grant: grant(team), asana: viewer, expect: 'Act AddToTeam' },
    { row: 'they are in it', grant: grant(team), asana: inTeam, expect: 'Settled Granted adopted' },
    {
      row: 'they are in it, in whatever role',
      grant: grant(team),
      asana: reading([person()], { members: { 1: { admin: true } } }),
      expect: 'Settled Granted adopted',
    },
    {
      row: 'there is no such account',
      grant: grant(team, unknown),
      asana: nobody,
      expect: 'Blocked AccountNotFound',
    },
    {
      row: 'the account is not active',
      grant: grant(team),
      asana: leaver,
      expect: 'Blocked AccountNotFound',
    },
    {
      row: 'the account is not active, and Asana lists it in the team all the same',
      grant: grant(team),
      asana: leaverInTeam,
      expect: 'Blocked AccountNotFound',
    },
    {
      row: 'there is no such team',
      grant: grant(team),
      asana: reading([person()], { teams: [] }),
      expect: 'Blocked TeamNotFound',
    },
    {
      row: 'no team has that name',
      grant: grant(team, { wish: { type: 'Team', team: { name: 'Sales' } } }),
      asana: viewer,
      expect: 'Blocked TeamNotFound',
    },
    {
      row: 'one team has that name',
      grant: grant(team, { wish: { type: 'Team', team: { name: 'Design' } } }),
      asana: viewer,
      expect: 'Act AddToTeam',
    },
    {
      row: 'two teams have that name',
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
      row: 'one team of that name was read, and not all teams were',
      grant: grant(team, { wish: { type: 'Team', team: { name: 'Design' } } }),
      asana: reading([person()], { doubted: ['teams'] }),
      expect: 'Blocked ReadingIncomplete',
    },
    {
      row: 'it ends, it was given',
      grant: grant(team, { ...ends, applied: given(team, 'Member') }),
      asana: inTeam,
      expect: 'Act RemoveFromTeam',
    },
    {
      row: 'it ends, and Asana lists somebody in the team who has left the organization',
      grant: grant(team, { ...ends, applied: given(team, 'Member') }),
      asana: leaverInTeam,
      expect: 'Release NoLongerHeld',
    },
    {
      row: 'it ends, they were found as a member',
      grant: grant(team, { ...ends, applied: adopted(team, 'Member') }),
      asana: inTeam,
      expect: 'Act RemoveFromTeam',
    },
    {
      row: 'it ends, they were found in another role',
      grant: grant(team, { ...ends, applied: adopted(team, 'Admin') }),
      asana: reading([person()], { members: { 1: { admin: true } } }),
      expect: 'Release Adopted',
    },
    {
      row: 'it ends, and it is the last team of a guest',
      grant: grant(team, { ...ends, applied: given(team, 'Member') }),
      asana: reading([person({ role: 'Guest' })], { members: { 1: { guest: true } } }),
      expect: 'Release GuestsLastTeam !',
    },
    {
      row: 'it ends, and the guest is in another team too',
      grant: grant(team, { ...ends, applied: given(team, 'Member') }),
      asana: reading([person({ role: 'Guest' })], { members: { 1: { guest: true } }, teamsOfEach: 2 }),
      expect: 'Act RemoveFromTeam',
    },
  ]);
});

test('two teams of one name are told in the same words, in whatever order they were read', () => {
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
