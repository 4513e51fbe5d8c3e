import type { FaultEffect } from '../../../src/sandbox/faults.ts';
import { conditionOf } from '../../operator/cluster-objects.ts';
import type { Fault, Seen, Worlds } from '../fault.ts';
import { Story } from '../story.ts';

interface ListingFault {
  readonly name: string;
  readonly what: string;
  readonly operation: string;
  readonly effect: FaultEffect;
  readonly standsFor: readonly string[];
}

/** The listings over REST and SCIM that every decision about a license rests on. */
const USERS = 'getUsers';
const SCIM_USERS = 'scimListUsers';
const MEMBERSHIPS = 'getWorkspaceMembershipsForWorkspace';

/** With this many accounts, every listing has more than one page. */
const ACCOUNTS = 240;

const rows: readonly ListingFault[] = [
  ...[302, 404, 409, 412, 429, 500, 503].map((status) => ({
    name: `listing-${status}`,
    what: `The listing of members is answered with ${status}`,
    operation: MEMBERSHIPS,
    effect: { status, ...(status === 429 ? { retryAfter: 1 } : {}) },
    standsFor: ['R11'],
  })),
  {
    name: 'listing-reset',
    what: 'Connections are reset during the listing of accounts',
    operation: USERS,
    effect: { resetConnection: true },
    standsFor: ['R11'],
  },
  ...(['html', 'truncated', 'error200', 'huge', 'empty'] as const).map((body) => ({
    name: `listing-${body}`,
    what: `The listing of accounts is answered with ${
      {
        html: 'an HTML page',
        truncated: 'truncated JSON',
        error200: 'an error body and status 200',
        huge: 'a body of 64 MiB',
        empty: 'an empty body',
      }[body]
    }`,
    operation: USERS,
    effect: { body },
    standsFor: ['R11'],
  })),
  {
    name: 'listing-cut-short',
    what: 'The listing of accounts ends after its first page',
    operation: USERS,
    effect: { dropNextPage: true },
    standsFor: ['R12', 'R17'],
  },
  {
    name: 'listing-repeats',
    what: 'The listing of accounts returns the same page again and again',
    operation: USERS,
    effect: { repeatOffset: true },
    standsFor: ['R12'],
  },
  {
    name: 'listing-endless',
    what: 'The listing of accounts never ends',
    operation: USERS,
    effect: { endlessOffset: true },
    standsFor: ['R12'],
  },
  {
    name: 'listing-fewer-than-announced',
    what: 'SCIM announces seven more accounts than it lists',
    operation: SCIM_USERS,
    effect: { totalResultsBy: 7 },
    standsFor: ['R12', 'R17'],
  },
  {
    name: 'listing-scim-500',
    what: 'The SCIM listing of accounts is answered with 500',
    operation: SCIM_USERS,
    effect: { status: 500 },
    standsFor: ['R11', 'R17'],
  },
];

/** Several times the requests of the whole listing: a listing without an end must be given up before. */
const MOST_REQUESTS = 400;

async function run(worlds: Worlds, { operation, effect }: ListingFault): Promise<Seen> {
  const world = await worlds.open({ sandbox: { accounts: ACCOUNTS } });
  const story = await Story.begin(world);
  const id = world.strikeAsana({ match: { operation, times: 0 }, effect });
  const from = world.sandbox.requests.last;
  await world.sync();
  await world.expectSoon('the connector says Synced=False and Degraded', async () => {
    const connector = await world.connector();
    return conditionOf(connector, 'Synced')?.status === 'False' && connector?.status?.phase === 'Degraded';
  });
  const asked = world.sandbox.requests.last - from;
  world.expect(`the sync ended, after ${asked} requests`, asked < MOST_REQUESTS);
  await story.edit();
  await world.expectSoon('the deleted grant waits and names the way out', async () =>
    (conditionOf(await world.grant('leaves'), 'Ready')?.message ?? '').includes(
      'asana-connector.dev/abandon',
    ),
  );
  world.expect('nobody lost anything on such a reading', await story.holdsEnterprise('alice'));
  const fired = world.asanaHits;
  world.sandbox.faults.remove(id);
  await world.sync();
  await story.end();
  await world.expectSoon(
    'the connector is Connected',
    async () => (await world.connector())?.status?.phase === 'Connected',
  );
  return { fired, checks: world.checks };
}

export const asanaListingFaults: readonly Fault[] = rows.map((row) => ({
  name: row.name,
  group: 'Asana: listings',
  standsFor: row.standsFor,
  what: row.what,
  holds:
    'The connector reports that the reading is incomplete, and nobody loses access because of it. After the next complete reading, the edits are carried out.',
  run: (worlds) => run(worlds, row),
}));
