import { readHolding } from '../asana/holding.ts';
import { keyOf } from '../model/objects.ts';
import { between, chance, pick } from '../random.ts';
import type { TaskRight, TaskWish } from '../tasks.ts';
import { drawExisting, drawWorkspace, siteOf } from './objects.ts';
import { type StepKind, stepKind } from './step.ts';

/** Steps about the operator's processes and clocks, and tasks from ConductorOne. */
export const processSteps: readonly StepKind[] = [
  stepKind({
    name: 'Kill',
    weight: 3,
    draw: (_world, random) => ({ calls: chance(random, 0.2) ? 0 : between(random, 1, 40) }),
    run: (world, { calls }) => world.killLeader(calls),
    tell: ({ calls }) => (calls === 0 ? 'kill the leader' : `kill the leader at call ${calls} from now`),
  }),
  stepKind({
    name: 'Restart',
    weight: 2,
    draw: () => ({}),
    run: (world) => world.restartLeader(),
    tell: () => 'restart the leader',
  }),
  stepKind({
    name: 'LoseLease',
    weight: 2,
    draw: (_world, random) => ({ gapMs: between(random, 0, 8_000) }),
    run: (world, { gapMs }) => world.loseLease(gapMs),
    tell: ({ gapMs }) => `the leader loses its lease, and another process takes it over ${gapMs} ms later`,
  }),
  stepKind({
    name: 'StopAll',
    weight: 0.6,
    draw: (_world, random) => ({ forMs: between(random, 60_000, 600_000) }),
    run: (world, { forMs }) => {
      world.lease.stoppedUntil = world.clock.now() + forMs;
    },
    tell: ({ forMs }) => `an uninstallation stops all actions for ${Math.round(forMs / 1000)} s`,
  }),
  stepKind({
    name: 'Task',
    weight: 9,
    draw: (world, random) => {
      const connector = drawExisting(world, random);
      if (!connector) return null;
      const site = siteOf(world, connector);
      const person = pick(random, site.organization.people);
      const { gid } = readHolding(site, person);
      const right = pick<TaskRight>(random, [
        { type: 'License', license: 'Enterprise' },
        { type: 'License', license: 'Enterprise' },
        { type: 'License', license: 'ViewOnly' },
        { type: 'Account', workspace: null },
        { type: 'Workspace', workspace: drawWorkspace(world, connector, random) },
        ...site.teams.map((team) => ({ type: 'Team', team: team.gid }) as const),
      ]);
      const creates = right.type === 'Account';
      const user = creates ? `new${between(random, 0, 9)}@${site.plan.domain}` : gid;
      return {
        want: creates || chance(random, 0.5) ? 'Give' : 'Take',
        right,
        user,
        connector: keyOf(connector),
      } as const;
    },
    run: (world, wish: TaskWish & Record<string, unknown>) => {
      if (!world.give(wish)) world.tally.count('task', 'NotServed');
    },
    tell: ({ want, right, user, connector }) =>
      `task for ${connector}: ${want} ${JSON.stringify(right)} ${want === 'Give' ? 'to' : 'from'} ${user}`,
  }),
  stepKind({
    name: 'TasksTogether',
    weight: 0.8,
    draw: (world, random) => {
      const connector = drawExisting(world, random);
      if (!connector) return null;
      const { organization, teams } = siteOf(world, connector);
      const members = organization.people.filter(({ kind, profile }) => kind === 'member' && profile.active);
      if (members.length === 0) return null;
      const right = pick<TaskRight>(random, [
        { type: 'License', license: 'Enterprise' },
        ...teams.slice(0, 1).map((team) => ({ type: 'Team', team: team.gid }) as const),
      ]);
      const user = pick(random, members).gid;
      const wants = chance(random, 0.5) ? (['Take', 'Give'] as const) : (['Give', 'Take'] as const);
      const of = keyOf(connector);
      return {
        tasks: wants.map((want) => ({ want, right, user, connector: of })),
        afterMs: pick(random, [0, 100, 1_000]),
      };
    },
    run: async (world, { tasks, afterMs }) => {
      for (const task of tasks) {
        if (!world.give(task)) world.tally.count('task', 'NotServed');
        await world.advance(afterMs);
      }
    },
    tell: ({ tasks, afterMs }) =>
      `tasks, ${afterMs} ms apart: ${tasks.map(({ want, right, user }) => `${want} ${JSON.stringify(right)} ${want === 'Give' ? 'to' : 'from'} ${user}`).join(', ')}`,
  }),
  stepKind({
    name: 'Offboarding',
    weight: 0.8,
    draw: (world, random) => {
      const connector = drawExisting(world, random);
      if (!connector) return null;
      const { people } = siteOf(world, connector).organization;
      const right = { type: 'License', license: 'ViewOnly' } as const;
      const leavers = people.filter(({ profile }) => profile.license === 'view only' && chance(random, 0.6));
      const of = keyOf(connector);
      return {
        tasks: leavers.map(({ gid }) => ({ want: 'Take', right, user: gid, connector: of }) as const),
      };
    },
    run: (world, { tasks }) => {
      for (const task of tasks) if (!world.give(task)) world.tally.count('task', 'NotServed');
    },
    tell: ({ tasks }) => `tasks remove the view-only licenses of ${tasks.map(({ user }) => user).join(', ')}`,
  }),
  stepKind({
    name: 'TimePasses',
    weight: 4,
    draw: (_world, random) => ({ ms: between(random, 60_000, 5_400_000) }),
    run: (world, { ms }) => world.advance(ms),
    tell: ({ ms }) => `${Math.round(ms / 60_000)} min pass`,
  }),
  stepKind({
    name: 'ClockJumps',
    weight: 1.2,
    draw: (_world, random) => {
      const most = chance(random, 0.2) ? 3_600_000 : 90_000;
      return { ms: between(random, -most, most) };
    },
    run: (world, { ms }) => {
      for (const site of world.sites) {
        site.time.skewMs = ms;
        world.judge.facts.moveClocks(site);
      }
    },
    tell: ({ ms }) => `Asana's clock is ${Math.round(ms / 1000)} s off`,
  }),
];
