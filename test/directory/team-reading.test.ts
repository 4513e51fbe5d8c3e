import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Faults } from '../../src/directory/faults.ts';
import type { TeamMembership } from '../../src/directory/snapshot.ts';
import { readTeams, type TeamSource } from '../../src/directory/team-reading.ts';

const memberships = (count: number): TeamMembership[] =>
  Array.from({ length: count }, (_, index) => ({
    gid: `tm${index}`,
    user: String(index),
    admin: false,
    guest: false,
    limitedAccess: false,
  }));

async function read(source: TeamSource) {
  const faults = new Faults();
  const teams = await readTeams({
    source,
    organization: '500',
    faults,
    previous: null,
    onTeam: () => {},
  });
  return { teams, faults };
}

suite('a reading of teams', () => {
  test('accepts 150,000 members of a team at once, as SCIM returns them', async () => {
    const { teams, faults } = await read({
      list: async (onTeams) => onTeams([{ gid: '70', name: 'All' }]),
      members: async (_, onMembers) => onMembers(memberships(150_000)),
    });
    assert.ok(faults.isEmpty());
    assert.equal(teams.get('70')?.memberships.length, 150_000);
  });

  test('joins the pages of members of a team', async () => {
    const [first, second, third] = memberships(3);
    assert.ok(first && second && third);
    const { teams } = await read({
      list: async (onTeams) => onTeams([{ gid: '70', name: 'All' }]),
      members: async (_, onMembers) => {
        onMembers([first, second]);
        onMembers([third]);
      },
    });
    assert.deepEqual(
      teams.get('70')?.memberships.map(({ user }) => user),
      ['0', '1', '2'],
    );
  });
});
