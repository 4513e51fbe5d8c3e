import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { SECOND_WORKSPACE_GID } from '../../src/sandbox/seed.ts';
import { isInWorkspace, Teams } from './console.ts';
import { OperatorRig, PERSONAL, SERVICE_ACCOUNT } from './rig.ts';

const alice = 'alice@acme.example';
const bob = 'bob@acme.example';
const carol = 'carol@acme.example';

suite('grants outside the namespace of the connector', () => {
  let rig: OperatorRig;
  let teams: Teams;
  let design = '';
  before(async () => {
    rig = await OperatorRig.start('elsewhere', {
      neighbour: true,
      membersPerTeam: 0,
      secondWorkspace: 'workspace',
    });
    teams = new Teams(rig.sandbox);
    design = await teams.create('Design guild', ['root@acme.example', bob]);
    // Only personal tokens see a second workspace; the connector declares this one as a service account's.
    await rig.createSecret({ BATON_TOKEN: PERSONAL, SCIM_TOKEN: SERVICE_ACCOUNT });
    await rig.createConnector({
      credentials: { type: 'ServiceAccount', secretRef: { name: 'token', scimTokenKey: 'SCIM_TOKEN' } },
      defaultWorkspace: rig.sandbox.workspace,
      provisioning: { allowDeprovision: true },
    });
    await rig.untilPhase('Connected');
    await rig.declareSomebodyWhoStays();
  });
  after(() => rig.close());

  const kinds: readonly { ref: string; spec: () => Record<string, unknown>; has: () => Promise<boolean> }[] =
    [
      {
        ref: 'alg/given',
        spec: () => ({ user: { email: alice } }),
        has: async () => (await rig.licenseInAsana(alice)) === 'enterprise',
      },
      {
        ref: 'atg/given',
        spec: () => ({ user: { email: alice }, team: { gid: design } }),
        has: () => Promise.resolve(teams.has(alice, design)),
      },
      {
        ref: 'awg/given',
        spec: () => ({ user: { email: carol }, workspace: SECOND_WORKSPACE_GID, deletionPolicy: 'Revoke' }),
        has: () => Promise.resolve(isInWorkspace(rig.sandbox, carol, SECOND_WORKSPACE_GID)),
      },
      {
        ref: 'aac/given',
        spec: () => ({ email: 'given@acme.example', deletionPolicy: 'Revoke' }),
        has: () => Promise.resolve(isInWorkspace(rig.sandbox, 'given@acme.example', rig.sandbox.workspace)),
      },
    ];

  test('of every kind give nothing while the connector does not allow the namespace', async () => {
    for (const { ref, spec, has } of kinds) {
      await rig.declare(`${rig.neighbour}/${ref}`, spec());
      await rig.untilReason(`${rig.neighbour}/${ref}`, 'NamespaceNotAllowed');
      assert.equal(await has(), false, ref);
    }
    assert.deepEqual(rig.writesInAsana(), []);
  });

  test('of every kind give their right once the connector allows the namespace', async () => {
    await rig.patchConnector({ spec: { provisioning: { allowedNamespaces: [rig.neighbour] } } });
    for (const { ref, has } of kinds) {
      await rig.untilReason(`${rig.neighbour}/${ref}`, 'Granted');
      assert.equal(await has(), true, ref);
    }
  });

  test('revoke the license and the team that they gave, and deprovision nobody', async () => {
    for (const { ref } of kinds) await rig.deleteGrant(`${rig.neighbour}/${ref}`);
    for (const { ref } of kinds) await rig.untilGone(`${rig.neighbour}/${ref}`);
    const left = await Promise.all(kinds.map(async ({ ref, has }) => [ref, await has()] as const));
    assert.deepEqual(Object.fromEntries(left), {
      'alg/given': false,
      'atg/given': false,
      // Taking either back would be a deprovision.
      'awg/given': true,
      'aac/given': true,
    });
  });

  test('keep adopted rights on deletion', async () => {
    const found = { license: `${rig.neighbour}/alg/found`, team: `${rig.neighbour}/atg/found` };
    await rig.declare(found.license, { user: { email: bob } });
    await rig.declare(found.team, { user: { email: bob }, team: { gid: design } });
    for (const ref of Object.values(found)) {
      assert.equal((await rig.untilReason(ref, 'Granted')).status?.applied?.adopted, true);
      await rig.deleteGrant(ref);
      await rig.untilGone(ref);
    }
    assert.equal(await rig.licenseInAsana(bob), 'enterprise');
    assert.equal(teams.has(bob, design), true);
  });

  test('do not downgrade a license that they did not give', async () => {
    const ref = `${rig.neighbour}/alg/lower`;
    await rig.declare(ref, { user: { email: bob }, license: 'ViewOnly' });
    await rig.untilReason(ref, 'NamespaceNotAllowed');
    assert.equal(await rig.licenseInAsana(bob), 'enterprise');
  });

  test('are released with a Warning on deletion if the namespace is no longer allowed', async () => {
    const ref = `${rig.neighbour}/alg/withdrawn`;
    await rig.declare(ref, { user: { email: alice } });
    await rig.untilReason(ref, 'Granted');
    await rig.patchConnector({ spec: { provisioning: { allowedNamespaces: [] } } });
    await rig.untilReason(ref, 'NamespaceNotAllowed');
    await rig.deleteGrant(ref);
    await rig.untilGone(ref);
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
    await rig.untilEvent(ref, 'Released', 'Warning');
  });
});
