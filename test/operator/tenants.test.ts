import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { API_VERSION, asanaConnectors } from '../../src/api/resources.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { SECOND_WORKSPACE_GID, STRANGER } from '../../src/sandbox/seed.ts';
import { addSecondTeam, Teams } from './console.ts';
import { OperatorRig, PERSONAL } from './rig.ts';

const ACTIONS = 50;
/** How many actions of one connector the rig lets run at once; the others wait behind these. */
const IN_WORK = 10;
const HANG_MS = 60_000;
const SECRETS = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret' };
const alice = 'alice@acme.example';

/** A clock for an Asana that hangs until it is released, however long that takes on this machine. */
class HangingTime {
  readonly #released = Promise.withResolvers<void>();
  hanging = 0;
  readonly clock: Clock = {
    ...systemClock,
    sleep: async (ms, signal) => {
      if (ms !== HANG_MS) return systemClock.sleep(ms, signal);
      this.hanging += 1;
      await this.#released.promise;
      this.hanging -= 1;
    },
  };

  release(): void {
    this.#released.resolve();
  }
}

suite('two tenants of one operator', () => {
  const time = new HangingTime();
  let rig: OperatorRig;
  let skunks = '';
  before(async () => {
    rig = await OperatorRig.start('tenants', {
      neighbour: true,
      accounts: 400,
      secondWorkspace: 'organization',
      clock: time.clock,
    });
    await rig.createSecret();
    await rig.createConnector({ workspaces: [rig.sandbox.workspace] });
    await rig.untilPhase('Connected');
    await rig.client.create(SECRETS, rig.neighbour, {
      metadata: { name: 'token' },
      // Only personal tokens see a second workspace; the connector declares this one as a service account's.
      stringData: { BATON_TOKEN: PERSONAL },
    });
    await rig.client.create(asanaConnectors, rig.neighbour, {
      apiVersion: API_VERSION,
      kind: 'AsanaConnector',
      metadata: { name: 'beta' },
      spec: {
        credentials: { type: 'ServiceAccount', secretRef: { name: 'token' } },
        workspaces: [SECOND_WORKSPACE_GID],
        provisioning: { mode: 'Apply', removalDelay: '0s' },
      },
    });
    skunks = addSecondTeam(rig.sandbox);
  });
  after(async () => {
    time.release();
    await rig.close();
  });

  test('do not wait for each other: fifty hanging actions do not delay a removal of the other', async () => {
    const teams = new Teams(rig.sandbox);
    const refs = { stays: `${rig.neighbour}/atg/stays`, goes: `${rig.neighbour}/atg/goes` };
    for (const [ref, email] of [
      [refs.stays, alice],
      [refs.goes, STRANGER],
    ] as const) {
      await rig.declare(ref, {
        connectorRef: { name: 'beta' },
        user: { email },
        team: { gid: skunks },
      });
      await rig.untilReason(ref, 'Granted');
    }
    const people = (await rig.peopleInAsana())
      .filter(({ license, role, active }) => license === 'view only' && role === 'member' && active)
      .slice(0, ACTIONS);
    assert.equal(people.length, ACTIONS);
    rig.sandbox.faults.add({
      match: { method: 'PATCH', token: 'serviceAccount', times: ACTIONS },
      effect: { delayMs: HANG_MS },
    });
    for (const [index, { email }] of people.entries())
      await rig.createGrant(`hangs-${index}`, email.toLowerCase());
    await rig.until('as many actions hang as are allowed at once', async () => time.hanging === IN_WORK);
    await rig.deleteGrant(refs.goes);
    await rig.untilGone(refs.goes);
    assert.equal(teams.has(STRANGER, skunks), false);
    assert.equal(time.hanging, IN_WORK, 'all of them still hang');
    time.release();
    for (let index = 0; index < ACTIONS; index += 1) await rig.untilReason(`hangs-${index}`, 'Granted');
  });
});
