import { setTimeout as sleep } from 'node:timers/promises';
import { askControl } from '../../../scripts/sandbox-control.ts';
import { SECOND_WORKSPACE_GID, STRANGER } from '../../../src/sandbox/seed.ts';
import { conditionOf, SERVICE_ACCOUNT } from '../../operator/cluster-objects.ts';
import { addSecondTeam, Teams } from '../../operator/console.ts';
import type { Fault, Worlds } from '../fault.ts';
import type { World, WorldOptions } from '../world.ts';
import { openAsCharted, PATIENCE_MS, times, untilIdle } from './crowd.ts';

/** A person in the simulated Asana. */
interface PersonView {
  readonly email: string;
  readonly license: string | null;
  readonly role: string;
  readonly active: boolean;
}

const PERSONAL = 'canary-personal-token';
const alice = 'alice@acme.example';
const CROWD = 10_000;
const QUIET_EDITS = 60;
const MOST_DELAY_MS = 1_000;
const HANGING = 50;
const HANG_MS = 60_000;
/** The most writes of one token that Asana accepts at once. */
const IN_FLIGHT = 15;

/** Opens a world with two tenants: `acme`, and a neighbour with its own organization, token and team. */
async function openWithNeighbour(
  worlds: Worlds,
  options: Pick<WorldOptions, 'flags'> & { readonly accounts?: number } = {},
): Promise<{ world: World; skunks: string }> {
  const world = await openAsCharted(worlds, {
    neighbour: true,
    flags: options.flags ?? [],
    sandbox: {
      accounts: options.accounts ?? 40,
      secondWorkspace: 'organization',
      tokens: { serviceAccount: SERVICE_ACCOUNT, personalAccessToken: PERSONAL },
    },
  });
  const skunks = addSecondTeam(world.sandbox);
  await world.neighbour.createSecret({ BATON_TOKEN: PERSONAL });
  await world.neighbour.createConnector({ workspaces: [SECOND_WORKSPACE_GID], scim: undefined });
  await world.neighbour.untilPhase('Connected');
  for (const [name, email] of [
    ['stays', alice],
    ['goes', STRANGER],
  ] as const) {
    await world.neighbour.declare(`atg/${name}`, { user: { email }, team: { gid: skunks } });
    await world.neighbour.untilReason(`atg/${name}`, 'Granted');
  }
  return { world, skunks };
}

/** The duration of one edit, in milliseconds. */
interface Edit {
  /** From the API server's answer until the operator has observed it. */
  readonly observed: number;
  /** The API server's own time for the edit. */
  readonly written: number;
}

/** Edits a grant of the neighbour, and waits until the operator has observed it. */
async function edit({ neighbour }: World, suspend: boolean): Promise<Edit> {
  const sent = performance.now();
  await neighbour.patchGrant('atg/stays', { spec: { suspend } });
  const begun = performance.now();
  for (;;) {
    const grant = await neighbour.grant('atg/stays');
    if (grant?.status?.observedGeneration === grant?.metadata.generation)
      return { observed: performance.now() - begun, written: begun - sent };
    await sleep(10);
  }
}

function p99(edits: readonly Edit[], what: keyof Edit): number {
  const ordered = edits.map((one) => one[what]).toSorted((a, b) => a - b);
  return Math.round(ordered[Math.ceil(ordered.length * 0.99) - 1] ?? Number.NaN);
}

const crowd: Fault = {
  name: 'tenant-crowd',
  group: 'tenants',
  standsFor: ['R22'],
  what: `One tenant creates ${CROWD.toLocaleString('en')} grants while another edits one grant`,
  holds: `At the 99th percentile, the edits are observed at most one second later than without this load.`,
  async run(worlds) {
    const { world } = await openWithNeighbour(worlds);
    const quiet: Edit[] = [];
    for (let nth = 0; nth < QUIET_EDITS; nth += 1) quiet.push(await edit(world, nth % 2 === 0));
    const busy: Edit[] = [];
    const over = new AbortController();
    const editing = async () => {
      for (let nth = 0; !over.signal.aborted; nth += 1) {
        busy.push(await edit(world, nth % 2 === 0));
        await sleep(200);
      }
    };
    const crowding = async () => {
      await times(CROWD, (index) => world.createGrant(`crowd-${index}`, `crowd-${index}@acme.example`));
      await untilIdle(world);
      over.abort();
    };
    await Promise.all([crowding(), editing()]);
    await world.expectReason(`crowd-${CROWD - 1}`, 'UserNotFound');
    const [before, meanwhile] = [p99(quiet, 'observed'), p99(busy, 'observed')];
    world.expect(
      `99 of 100 edits were observed within ${before} ms before, and of ${busy.length} meanwhile within ${meanwhile} ms (the API server took ${p99(busy, 'written')} ms for the edit itself)`,
      meanwhile <= before + MOST_DELAY_MS && busy.length > 100,
      () => ({ before, meanwhile, written: p99(busy, 'written'), edits: busy.length }),
    );
    return { fired: CROWD, checks: world.checks };
  },
};

const hanging: Fault = {
  name: 'tenant-hangs',
  group: 'tenants',
  standsFor: ['R22', 'R23'],
  what: `Asana answers ${HANGING} changes of one tenant only after 60 s`,
  holds:
    'A revocation of another tenant is carried out while these changes hang. The changes queued behind them are carried out later.',
  async run(worlds) {
    const { world, skunks } = await openWithNeighbour(worlds, {
      accounts: 400,
      flags: ['--action-timeout', '60s'],
    });
    const { people } = await askControl<{ people: PersonView[] }>(world.sandbox, 'GET', '/state');
    const promoted = people
      .filter(({ license, role, active }) => license === 'view only' && role === 'member' && active)
      .slice(0, HANGING);
    world.strikeAsana({
      match: { method: 'PATCH', token: 'serviceAccount', times: HANGING },
      effect: { delayMs: HANG_MS },
    });
    await times(HANGING, (index) =>
      world.createGrant(`hangs-${index}`, promoted[index]?.email.toLowerCase() ?? ''),
    );
    await world.expectSoon(
      `${IN_FLIGHT} changes hang, and the others stand behind them`,
      () => world.asanaHits >= IN_FLIGHT,
      { detail: () => world.asanaHits },
    );
    const begun = performance.now();
    const mark = world.sandbox.requests.last;
    await world.neighbour.deleteGrant('atg/goes');
    await world.neighbour.untilGone('atg/goes');
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    const answered = world.writesSince(mark).filter(({ method }) => method === 'PATCH').length;
    world.expect(
      `the other tenant's revocation took ${seconds} s, and all of them hang still`,
      answered === 0,
    );
    world.expect('Asana shows the revocation', !new Teams(world.sandbox).has(STRANGER, skunks));
    world.sandbox.faults.clear();
    const reasons = async () => {
      const grants = await Promise.all(promoted.map((_, index) => world.grant(`hangs-${index}`)));
      return grants.map((grant) => conditionOf(grant, 'Ready')?.reason ?? '');
    };
    // A change that hung and was not made is looked for, and not sent again by itself.
    await world.expectSoon(
      'they are Granted later, but for those that hung and say so',
      async () => (await reasons()).every((reason) => ['Granted', 'LicenseNotAccepted'].includes(reason)),
      { patienceMs: PATIENCE_MS, detail: reasons },
    );
    return { fired: HANGING, checks: world.checks };
  },
};

export const neighbourFaults: readonly Fault[] = [crowd, hanging];
