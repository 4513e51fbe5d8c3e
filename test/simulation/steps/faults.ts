import { misleadingLooks } from '../asana/site.ts';
import { between, chance, pick } from '../random.ts';
import type { World } from '../world.ts';
import { attempt } from './objects.ts';
import { type StepKind, stepKind } from './step.ts';

const LISTINGS = [
  'scimListUsers',
  'getUsers',
  'getWorkspaceMembershipsForWorkspace',
  'getTeamsForWorkspace',
  'getTeamMemberships',
];
/** Operations that change something. */
export const WRITES = [
  'scimPatchUser',
  'scimCreateUser',
  'addUserForTeam',
  'removeUserForTeam',
  'addUserForWorkspace',
];

/** Groups of listings that show the same people or teams, and so shrink together. */
export const SAME: readonly (readonly string[])[] = [
  ['scimListUsers'],
  ['getUsers', 'getWorkspaceMembershipsForWorkspace'],
  ['scimListUsers', 'getUsers', 'getWorkspaceMembershipsForWorkspace'],
  ['getTeamsForWorkspace'],
  ['getTeamMemberships'],
];

/** Ends every fault on Asana's side. */
export function mendAsana(world: World): void {
  for (const site of world.sites) {
    site.faults.clear();
    world.judge.facts.tellsTheTruth(site);
    site.lies = [];
    site.misleading = null;
    world.asana.redirect(site, site);
  }
}

/** Steps in which Asana, the API server or the connection to them fails. */
export const faultSteps: readonly StepKind[] = [
  stepKind({
    name: 'Throttled',
    weight: 5,
    draw: (_world, random) => ({
      operation: chance(random, 0.5) ? pick(random, WRITES) : null,
      retryAfter: pick(random, [2, 10, 40, 90, 400]),
      times: between(random, 1, 4),
    }),
    run: (world, { operation, retryAfter, times }) => {
      const match = operation === null ? { times } : { operation, times };
      world.sites[0]?.faults.add({ match, effect: { status: 429, retryAfter } });
    },
    tell: ({ operation, retryAfter, times }) =>
      `${operation ?? 'any request'} is answered with 429 and Retry-After ${retryAfter} s, ${times} times`,
  }),
  stepKind({
    name: 'ServerErrors',
    weight: 3,
    draw: (_world, random) => ({
      operation: pick(random, [...LISTINGS, ...WRITES]),
      status: pick(random, [500, 502, 503]),
      times: pick(random, [1, 3, 10, 40]),
    }),
    run: (world, { operation, status, times }) => {
      world.sites[0]?.faults.add({ match: { operation, times }, effect: { status } });
    },
    tell: ({ operation, status, times }) => `${operation} fails with ${status}, ${times} times`,
  }),
  stepKind({
    name: 'Refused',
    weight: 3,
    draw: (_world, random) => ({
      operation: pick(random, [...WRITES, 'getWorkspaces', 'scimListUsers']),
      status: pick(random, [400, 401, 403, 403]),
      times: pick(random, [1, 5]),
    }),
    run: (world, { operation, status, times }) => {
      world.sites[0]?.faults.add({ match: { operation, times }, effect: { status } });
    },
    tell: ({ operation, status, times }) => `${operation} is refused with ${status}, ${times} times`,
  }),
  stepKind({
    name: 'LostAnswer',
    weight: 4,
    draw: (_world, random) => ({ operation: pick(random, WRITES), times: between(random, 1, 2) }),
    run: (world, { operation, times }) => {
      world.sites[0]?.faults.add({ match: { operation, times }, effect: { loseResponse: true } });
    },
    tell: ({ operation, times }) => `the answer to ${operation} is lost, ${times} times`,
  }),
  stepKind({
    name: 'LateVisibility',
    weight: 4,
    draw: (_world, random) => ({
      operation: pick(random, WRITES),
      staleForMs: pick(random, [2_000, 30_000, 100_000, 400_000]),
    }),
    run: (world, { operation, staleForMs }) => {
      world.sites[0]?.faults.add({ match: { operation, times: 1 }, effect: { staleForMs } });
    },
    tell: ({ operation, staleForMs }) =>
      `Asana shows the result of the next ${operation} ${staleForMs / 1000} s late`,
  }),
  stepKind({
    name: 'ShortListing',
    weight: 1.5,
    draw: (_world, random) => ({ times: pick(random, [1, 2, 8]), by: between(random, 1, 4) }),
    run: (world, { times, by }) => {
      world.sites[0]?.faults.add({
        match: { operation: 'scimListUsers', times },
        effect: { totalResultsBy: by },
      });
    },
    tell: ({ times, by }) => `SCIM announces ${by} more accounts than it lists, ${times} times`,
  }),
  stepKind({
    name: 'Shrunken',
    weight: 2,
    draw: (_world, random) => ({ operations: pick(random, SAME), keep: pick(random, [0, 0.3, 0.5]) }),
    run: (world, { operations, keep }) => {
      world.sites[0]?.lies.push({ operations, keep });
    },
    tell: ({ operations, keep }) =>
      `${operations.join(', ')} list only ${keep * 100} % of their entries, as if complete`,
  }),
  stepKind({
    name: 'MisleadingLook',
    weight: 1.5,
    draw: (_world, random) => ({ how: pick(random, misleadingLooks) }),
    run: (world, { how }) => {
      const [site] = world.sites;
      if (site) site.misleading = how;
    },
    tell: ({ how }) => `a fresh read of one person returns wrong data (${how})`,
  }),
  stepKind({
    name: 'Foreign',
    weight: 0.8,
    draw: (_world, random) => ({ partly: chance(random, 0.4) }),
    run: (world, { partly }) => {
      const [own, other] = world.sites;
      if (!own || !other) return;
      world.asana.redirect(own, other);
      if (partly)
        other.faults.add({ match: { operation: 'scimListUsers', times: 40 }, effect: { status: 503 } });
    },
    tell: ({ partly }) =>
      `the token of the first organization now reads the second one${partly ? ', whose license listing fails' : ''}`,
  }),
  stepKind({
    name: 'SeatsShort',
    weight: 0.7,
    draw: (_world, random) => ({ seats: chance(random, 0.5) ? between(random, 3, 12) : null }),
    run: (world, { seats }) => {
      const [site] = world.sites;
      if (site) site.settings.enterpriseSeats = seats;
    },
    tell: ({ seats }) => `the organization has ${seats ?? 'an unlimited number of'} enterprise licenses`,
  }),
  stepKind({
    name: 'Mend',
    weight: 6,
    draw: () => ({}),
    run: async (world) => {
      mendAsana(world);
      // A namespace may be gone, or terminating.
      for (const namespace of world.plan.namespaces)
        await attempt(() => Promise.resolve(world.restoreSecrets(namespace)));
    },
    tell: () => 'all faults of Asana end, and the Secrets are restored',
  }),
  stepKind({
    name: 'WatchFault',
    weight: 2,
    draw: (_world, random) => ({ type: pick(random, ['Ended', 'Reset', 'Expired'] as const) }),
    run: (world, { type }) => world.disturb((faults) => faults.watches({ type })),
    tell: ({ type }) => `the watches end (${type})`,
  }),
  stepKind({
    name: 'ApiServerFault',
    weight: 3,
    draw: (_world, random) => ({
      operation: pick(random, ['applyStatus', 'mergePatch', 'get'] as const),
      type: pick(random, ['RequestLost', 'AnswerLost'] as const),
      times: between(random, 1, 3),
    }),
    run: (world, { operation, type, times }) =>
      world.disturb((faults) => faults.plan({ type }, { operations: [operation], times })),
    tell: ({ operation, type, times }) =>
      `the next ${times} calls of ${operation} to the API server fail: ${type}`,
  }),
];
