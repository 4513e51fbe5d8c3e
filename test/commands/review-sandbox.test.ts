import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { buildReview } from '../../src/commands/review/build-review.ts';
import { parseFault } from '../../src/sandbox/faults.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts';
import { connectorObject } from '../controllers/objects.ts';
import { readSandbox, rightsIn } from './review-world.ts';

const NOW = Date.parse('2026-06-01T12:00:00Z');

async function start(t: TestContext, options: SandboxOptions): Promise<Sandbox> {
  const sandbox = await startSandbox({ requestsPerMinute: 0, ...options });
  t.after(() => sandbox.close());
  return sandbox;
}

/** Returns sizes that depend on the seed: from a nearly empty directory to one of several pages, with every option. */
function randomSizes(seed: number): SandboxOptions {
  const pick = (most: number, salt: number) => (seed * 7919 + salt * 104_729) % (most + 1);
  return {
    seed,
    accounts: 5 + pick(220, 1),
    teams: pick(12, 2),
    membersPerTeam: pick(130, 3),
    deprovisioned: pick(9, 4),
    rejoined: pick(4, 5),
    secondWorkspace: pick(1, 6) === 0 ? 'none' : 'workspace',
    keepDeprovisioned: pick(1, 7) === 0,
    inactiveMemberships: pick(1, 8) === 0,
  };
}

suite('a review of the sandbox', () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    const as = seed % 3 === 0 ? 'personalAccessToken' : 'serviceAccount';
    test(`lists every right of directory ${seed} exactly once, and nothing else (${as})`, async (t) => {
      const sandbox = await start(t, randomSizes(seed));
      const connector = connectorObject();
      const reading = await readSandbox(sandbox, connector, as);
      const { rows, summary } = buildReview({ connector, grants: [], reading, audit: [], now: NOW });
      const found = rows.map(({ account, right, place, value }) => `${account} ${right} ${place} ${value}`);
      const expected = rightsIn(sandbox, as);
      assert.ok(expected.length >= 5);
      assert.deepEqual(found.toSorted(), expected);
      assert.equal(summary.people, new Set(expected.map((line) => line.split(' ')[0])).size);
    });
  }

  test('lists no licenses if SCIM is off', async (t) => {
    const sandbox = await start(t, { accounts: 20 });
    const connector = connectorObject({
      spec: { scim: { enabled: false, userTypes: { enterprise: 'enterprise', viewOnly: 'view only' } } },
    });
    const reading = await readSandbox(sandbox, connector);
    const review = buildReview({ connector, grants: [], reading, audit: [], now: NOW });
    assert.equal(review.readAt.licenses, null);
    assert.deepEqual(
      review.rows.filter(({ right }) => right === 'License'),
      [],
    );
  });
});

suite('an incomplete or doubtful reading', () => {
  for (const { why, fault, code } of [
    {
      why: 'a page of accounts cannot be read',
      fault: {
        match: { operation: 'getWorkspaceMembershipsForWorkspace', nth: 2, times: 0 },
        effect: { status: 500 },
      },
      code: 'DirectoryUnreadable',
    },
    {
      why: 'the members of a team cannot be read',
      fault: { match: { operation: 'getTeamMemberships', nth: 2, times: 0 }, effect: { status: 500 } },
      code: 'DirectoryUnreadable',
    },
  ]) {
    test(`is an error if ${why}`, async (t) => {
      const sandbox = await start(t, { accounts: 150, teams: 6 });
      sandbox.faults.add(parseFault(fault));
      await assert.rejects(readSandbox(sandbox, connectorObject()), { code });
    });
  }

  test('is an error if the token sees no user types, because seats would be missing', async (t) => {
    const sandbox = await start(t, { accounts: 20, viewOnlyDomain: false });
    await assert.rejects(readSandbox(sandbox, connectorObject()), {
      code: 'DirectoryUnreadable',
      message: /userType|licenses/,
    });
  });

  test('is an error if only SCIM accepts the token, because guests would be missing', async (t) => {
    const sandbox = await start(t, { accounts: 20 });
    const scimOnly = { ...sandbox, tokens: { ...sandbox.tokens, serviceAccount: sandbox.tokens.scimOnly } };
    const connector = connectorObject({ spec: { defaultWorkspace: sandbox.workspace } });
    await assert.rejects(readSandbox(scimOnly, connector), { code: 'DirectoryUnreadable', message: /SCIM/ });
  });

  test('is an error if the directory is much smaller than the measure of the connector', async (t) => {
    const sandbox = await start(t, { accounts: 40 });
    const at = '2026-06-01T11:00:00Z';
    const connector = connectorObject({
      status: {
        organizations: [sandbox.workspace],
        measure: {
          scope: [sandbox.workspace],
          accounts: { at, count: 90 },
          licenses: { at, count: 85 },
          teams: { at, count: 6 },
          teamMemberships: { at, count: 48 },
        },
      },
    });
    await assert.rejects(readSandbox(sandbox, connector), {
      code: 'DirectoryDoubtful',
      message: /DirectoryShrunk/,
    });
  });

  test('is an error if Asana rejects the token', async (t) => {
    const sandbox = await start(t, { accounts: 5 });
    const refused = { ...sandbox, tokens: { ...sandbox.tokens, serviceAccount: 'wrong' } };
    await assert.rejects(readSandbox(refused, connectorObject()), {
      code: 'DirectoryUnreadable',
      message: /token/,
    });
  });
});
