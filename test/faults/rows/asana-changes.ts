import type { FaultEffect } from '../../../src/sandbox/faults.ts';
import { conditionOf } from '../../operator/cluster-objects.ts';
import type { Fault, Seen, Worlds } from '../fault.ts';
import { Story } from '../story.ts';
import type { World } from '../world.ts';

/** The operation that changes a license, which is what a story is about. */
const CHANGES = 'scimPatchUser';

interface PassingFault {
  readonly name: string;
  readonly what: string;
  readonly effect: FaultEffect;
  readonly standsFor: readonly string[];
  readonly isShort?: boolean;
  readonly isLong?: boolean;
  /** True if a struck change ends without an error status, and so counts as taken besides its repetition. */
  readonly isUnheard?: boolean;
}

/** Faults that pass by themselves, or that a look finds out. Each strikes the first two changes. */
const passing: readonly PassingFault[] = [
  ...[500, 502, 503, 504].map((status) => ({
    name: `change-${status}`,
    what: `Two changes are answered with ${status}`,
    effect: { status },
    standsFor: ['R11'],
  })),
  {
    name: 'change-reset',
    what: 'Two change requests are reset before Asana has read them',
    effect: { resetConnection: true },
    standsFor: ['R11'],
    isUnheard: true,
  },
  {
    name: 'change-answer-lost',
    what: 'Asana makes two changes, but the answers are lost',
    effect: { loseResponse: true },
    standsFor: ['R13'],
    isShort: true,
    // A license is set to a value, so it may be set again: Asana accepts that, and nothing changes.
    isUnheard: true,
  },
  {
    name: 'change-delayed',
    what: 'Two changes take 3 s',
    effect: { delayMs: 3_000 },
    standsFor: ['R11'],
  },
  ...(['html', 'error200', 'huge'] as const).map((body) => ({
    name: `change-answered-${body}`,
    what: `Two changes are not made and are answered with ${
      {
        html: 'an HTML page and 502',
        error200: 'an error body and status 200',
        huge: 'a body of 64 MiB and status 200',
      }[body]
    }`,
    effect: { body },
    standsFor: ['R11'],
    isUnheard: body !== 'html',
  })),
  {
    name: 'change-answered-truncated',
    what: 'Asana makes two changes, but the bodies of the answers are truncated',
    effect: { body: 'truncated' },
    standsFor: ['R11'],
    isUnheard: true,
  },
  {
    name: 'change-shown-late',
    what: 'Asana accepts two changes but shows them only after 50 s',
    effect: { staleForMs: 50_000 },
    standsFor: ['R13'],
    isLong: true,
  },
];

async function runPassing(worlds: Worlds, { effect, isUnheard }: PassingFault): Promise<Seen> {
  const world = await worlds.open();
  const story = await Story.begin(world);
  world.strikeAsana({ match: { operation: CHANGES, times: 2 }, effect });
  await story.edit();
  await world.expectSoon('the fault hit 2 requests', () => world.asanaHits >= 2, {
    detail: () => world.asanaHits,
  });
  await story.end({ unheard: isUnheard ? world.asanaHits : 0, patienceMs: 150_000 });
  return { fired: world.asanaHits, checks: world.checks };
}

/** Refusals: the operator tries nothing again before a user requests it. */
const refusals = (
  [
    [400, 'AsanaRefused'],
    [402, 'AsanaRefused'],
    [403, 'AsanaRefused'],
    [409, 'AsanaRefused'],
    [412, 'AsanaRefused'],
  ] as const
).map(
  ([status, reason]): Fault => ({
    name: `change-${status}`,
    group: 'Asana: changes',
    standsFor: ['R11'],
    what: `A change is refused with ${status}`,
    holds: `The grant stalls with \`${reason}\` and a Warning event, and the change is not sent again until it is requested.`,
    async run(worlds) {
      const world = await worlds.open();
      const story = await Story.begin(world);
      world.strikeAsana({ match: { operation: CHANGES, times: 1 }, effect: { status } });
      await world.createGrant('comes', 'carol@acme.example');
      await world.expectReason('comes', reason);
      await world.untilEvent('comes', reason, 'Warning');
      await world.sync();
      world.expect('it was sent once, also after another sync', story.sent().length === 1, () =>
        story.sent(),
      );
      await world.askAgain('comes');
      await world.expectReason('comes', 'Granted');
      world.expect('it is so in Asana', await story.holdsEnterprise('carol'));
      world.expect('it was taken once', story.taken().length === 1, () => story.sent());
      return { fired: world.asanaHits, checks: world.checks };
    },
  }),
);

const SECOND = 1_000;

/** The values of Retry-After, and how long nothing may leave after each. */
const pauses = (
  [
    ['seconds', 'is 4 s', () => 4, 4],
    ['date', 'is a date 5 s in the future', () => new Date(Date.now() + 5 * SECOND).toUTCString(), 4],
    ['negative', 'is -5 s, which is invalid and counts as one minute', () => '-5', 60],
    ['nonsense', 'is `soon`, which is invalid and counts as one minute', () => 'soon', 60],
    ['absent', 'is missing, which counts as one minute', () => undefined, 60],
  ] as const
).map(
  ([word, says, retryAfter, seconds]): Fault => ({
    name: `retry-after-${word}`,
    group: 'Asana: changes',
    standsFor: ['R11'],
    isLong: seconds >= 60,
    what: `A change is answered with 429, and \`Retry-After\` ${says}`,
    holds: 'No request is sent with that token before the pause is over. Then each edit is carried out once.',
    async run(worlds) {
      const world = await worlds.open();
      const story = await Story.begin(world);
      const value = retryAfter();
      world.strikeAsana({
        match: { operation: CHANGES, times: 1 },
        effect: { status: 429, ...(value === undefined ? {} : { retryAfter: value }) },
      });
      // A change that leaves beside the refused one, before its answer has arrived, is allowed.
      await story.edit(() =>
        world.expectSoon('the first change is refused', async () => world.asanaHits > 0),
      );
      await story.end({ patienceMs: 150_000 });
      expectSilence(world, seconds);
      return { fired: world.asanaHits, checks: world.checks };
    },
  }),
);

const hugePause: Fault = {
  name: 'retry-after-huge',
  group: 'Asana: changes',
  standsFor: ['R11'],
  what: 'A change is answered with 429 and a `Retry-After` of ten years',
  holds:
    'Grants show `Throttled`, and nothing is sent even if a person requests it. A pause lasts one day at most.',
  async run(worlds) {
    const world = await worlds.open();
    const story = await Story.begin(world);
    world.strikeAsana({
      match: { operation: CHANGES, times: 1 },
      effect: { status: 429, retryAfter: 315_360_000 },
    });
    await world.createGrant('comes', 'carol@acme.example');
    await world.expectReason('comes', 'Throttled');
    await world.deleteGrant('leaves');
    await world.askAgain('comes');
    await world.expectReason('leaves', 'Throttled');
    world.expect('nothing was sent after the 429', sentAfter429(world).length === 0, () =>
      sentAfter429(world),
    );
    world.expect('nobody was given anything', story.taken().length === 0);
    const paused = await world.operator.metric('asana_budget_available');
    world.expect('the metric says that nothing may be sent', paused === 0, () => paused);
    world.expect('/livez agrees', (await world.operator.probe('/livez'))?.status === 200);
    return { fired: world.asanaHits, checks: world.checks };
  },
};

/** Asana accepts a change and does not make it: after the looks at 5, 15, 60 and 180 s, a person must act. */
const notAccepted: Fault = {
  name: 'change-not-applied',
  group: 'Asana: changes',
  standsFor: ['R13'],
  isLong: true,
  what: 'Asana accepts a license change but does not apply it',
  holds:
    'The operator looks for the change five times in three minutes and does not send it again. Then the grant stalls with `LicenseNotAccepted`.',
  async run(worlds) {
    const world = await worlds.open();
    const story = await Story.begin(world);
    world.strikeAsana({ match: { operation: CHANGES, times: 0 }, effect: { ignoreWrite: true } });
    await world.createGrant('comes', 'carol@acme.example');
    const reasons = new Set<string>();
    await world.expectSoon(
      'the grant stalls with LicenseNotAccepted',
      async () => {
        const reason = conditionOf(await world.grant('comes'), 'Ready')?.reason ?? '';
        reasons.add(reason);
        return reason === 'LicenseNotAccepted';
      },
      { patienceMs: 270_000, detail: () => [...reasons] },
    );
    world.expect('it never said Granted', !reasons.has('Granted'), () => [...reasons]);
    world.expect('it was sent once', story.sent().length === 1, () => story.sent());
    await world.untilEvent('comes', 'LicenseNotAccepted', 'Warning');
    return { fired: world.asanaHits, checks: world.checks };
  },
};

function expectSilence(world: World, seconds: number): void {
  const requests = world.sandbox.requests.since(0);
  const refused = requests.find(({ status }) => status === 429);
  const next = requests.find(({ sequence }) => sequence > (refused?.sequence ?? Number.POSITIVE_INFINITY));
  const silence = (next?.at ?? 0) - (refused?.at ?? 0);
  world.expect(
    `nothing left for ${seconds} s after the 429 (${(silence / SECOND).toFixed(1)} s)`,
    refused !== undefined && silence >= seconds * SECOND,
    () => ({ refused, next }),
  );
}

function sentAfter429(world: World): readonly unknown[] {
  const requests = world.sandbox.requests.since(0);
  const refused = requests.find(({ status }) => status === 429);
  return world.sandbox.requests.since(refused?.sequence ?? 0);
}

export const asanaChangeFaults: readonly Fault[] = [
  ...passing.map(
    (row): Fault => ({
      name: row.name,
      group: 'Asana: changes',
      standsFor: row.standsFor,
      isShort: row.isShort ?? false,
      isLong: row.isLong ?? false,
      what: row.what,
      holds: 'The change is repeated, or found by reading the account. Each edit takes effect once.',
      run: (worlds) => runPassing(worlds, row),
    }),
  ),
  ...refusals,
  ...pauses,
  hugePause,
  notAccepted,
];
