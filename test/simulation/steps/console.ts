import type { Random } from '../../../src/core/clock.ts';
import type { Person } from '../../../src/sandbox/records.ts';
import type { Site } from '../asana/site.ts';
import { ANNOTATIONS, CONNECTOR_KIND, connectorKeyOf } from '../model/objects.ts';
import { between, chance, pick } from '../random.ts';
import type { World } from '../world.ts';
import { attempt, grantsOf } from './objects.ts';
import { type StepKind, stepKind } from './step.ts';

interface Subject {
  readonly site: number;
  readonly gid: string;
  readonly [key: string]: unknown;
}

function drawPerson(world: World, random: Random): Subject | null {
  const index = chance(random, 0.85) ? 0 : world.sites.length - 1;
  const people = (world.sites[index]?.organization.people ?? []).filter(
    ({ kind }) => kind !== 'serviceAccount',
  );
  return people.length === 0 ? null : { site: index, gid: pick(random, people).gid };
}

/** Draws a person whom a grant names by address, and has found. */
function drawFound(world: World, random: Random): Subject | null {
  const gids = grantsOf(world).flatMap(({ spec, status }) =>
    spec.user?.email !== undefined && status?.user?.gid !== undefined ? [status.user.gid] : [],
  );
  if (gids.length === 0) return null;
  const gid = pick(random, gids);
  return { site: siteOfPerson(world, gid), gid };
}

function siteOfPerson(world: World, gid: string): number {
  return world.sites.findIndex(({ directory }) => directory.person(gid) !== undefined);
}

function find(
  world: World,
  { site, gid }: Pick<Subject, 'site' | 'gid'>,
): { site: Site; person: Person } | null {
  const place = world.sites[site];
  const person = place?.directory.person(gid);
  return place && person ? { site: place, person } : null;
}

/** Makes a change in Asana's own console, and reports it to the judge. */
function change(
  world: World,
  subject: Pick<Subject, 'site' | 'gid'>,
  work: (site: Site, person: Person) => void,
): void {
  const found = find(world, subject);
  if (!found) return;
  const had = hasSeat(found.person);
  work(found.site, found.person);
  world.judge.facts.touch(found.site, subject.gid);
  if (had && !hasSeat(found.person)) world.judge.readings.freeSeat(found.site);
}

function hasSeat({ kind, profile }: Person): boolean {
  return kind === 'member' && profile.active && profile.license === 'enterprise';
}

/** Puts a person into a team, or takes them out. People who have left the organization enter no team. */
export function setTeam(
  world: World,
  subject: { readonly site: number; readonly gid: string },
  gid: string,
  joins: (isIn: boolean) => boolean,
): void {
  change(world, subject, ({ directory }, person) => {
    const team = directory.team(gid);
    const membership = person.teamMemberships.find((candidate) => candidate.team === team);
    if (joins(membership !== undefined) === (membership !== undefined)) return;
    if (membership) directory.leaveTeam(membership);
    else if (team && person.profile.active) directory.joinTeam(person, team);
  });
}

/** Steps in which people change Asana behind the operator's back. */
export const consoleSteps: readonly StepKind[] = [
  stepKind({
    name: 'LicenseChanged',
    weight: 7,
    draw: (world, random) => {
      const subject = drawPerson(world, random);
      return subject && { ...subject, license: chance(random, 0.5) ? 'enterprise' : 'view only' };
    },
    run: (world, data) =>
      change(world, data, ({ directory }, person) => directory.change(person, { license: data.license })),
    tell: ({ gid, license }) => `in Asana, the license of ${gid} becomes ${license}`,
  }),
  stepKind({
    name: 'SetBackAgain',
    weight: 0.8,
    draw: (world, random) => {
      const held = grantsOf(world).filter(
        ({ kind, status }) => kind === 'AsanaLicenseGrant' && status?.applied !== undefined,
      );
      if (held.length === 0) return null;
      const grant = pick(random, held);
      const gid = grant.status?.user?.gid ?? '';
      const license = grant.spec.license === 'ViewOnly' ? 'enterprise' : 'view only';
      const [namespace = '', name = ''] = connectorKeyOf(grant).split('/');
      return { site: siteOfPerson(world, gid), gid, license, namespace, name, times: between(random, 3, 5) };
    },
    run: async (world, { times, namespace, name, ...data }) => {
      for (let time = 0; time < times; time += 1) {
        change(world, data, ({ directory }, person) => directory.change(person, { license: data.license }));
        const annotations = { [ANNOTATIONS.requestedAt]: `again-${world.clock.monotonic()}` };
        await attempt(() =>
          world.cluster.edit(CONNECTOR_KIND, namespace, name, { metadata: { annotations } }),
        );
        await world.advance(75_000);
      }
    },
    tell: ({ gid, license, times, namespace, name }) =>
      `${times} times: in Asana, the license of ${gid} becomes ${license}, and connector ${namespace}/${name} syncs`,
  }),
  stepKind({
    name: 'Leaver',
    weight: 2,
    draw: drawPerson,
    run: (world, data) =>
      change(world, data, ({ directory }, person) => {
        if (person.profile.active) directory.deprovision(person, null);
      }),
    tell: ({ gid }) => `in Asana, ${gid} is deprovisioned`,
  }),
  stepKind({
    name: 'Return',
    weight: 1,
    draw: (world, random) => {
      const [site] = world.sites;
      const out = (site?.organization.people ?? []).filter(({ profile }) => !profile.active);
      return out.length === 0 ? null : { site: 0, gid: pick(random, out).gid };
    },
    run: (world, data) =>
      change(world, data, ({ directory }, person) => directory.change(person, { active: true })),
    tell: ({ gid }) => `in Asana, ${gid} becomes active again`,
  }),
  stepKind({
    name: 'Rename',
    weight: 1.5,
    draw: (world, random) => {
      const subject = drawPerson(world, random);
      return subject && { ...subject, local: pick(random, ['renamed', 'p1', 'p2', 'new0']) };
    },
    run: (world, data) =>
      change(world, data, ({ directory, plan }, person) => {
        const email = `${data.local}@${plan.domain}`;
        if (!directory.personByEmail(email)) directory.change(person, { email });
      }),
    tell: ({ gid, local }) => `in Asana, the address of ${gid} becomes ${local}@…`,
  }),
  stepKind({
    name: 'AddressPassedOn',
    weight: 1,
    draw: (world, random) => {
      const [from, to] = [drawFound(world, random), drawPerson(world, random)];
      if (!from || !to || from.site !== to.site || from.gid === to.gid) return null;
      // A person who gets a guest's address would become a guest, and have no license.
      const kindOf = (gid: string) => world.sites[from.site]?.directory.person(gid)?.kind;
      return kindOf(from.gid) === kindOf(to.gid) ? { ...from, to: to.gid } : null;
    },
    run: (world, data) => {
      let address = '';
      change(world, data, ({ directory, plan }, person) => {
        address = person.profile.email;
        const kept = `former-${person.gid}@${plan.domain}`;
        if (!directory.personByEmail(kept)) directory.change(person, { email: kept });
      });
      change(world, { site: data.site, gid: data.to }, ({ directory }, person) => {
        if (address !== '' && !directory.personByEmail(address)) directory.change(person, { email: address });
      });
    },
    tell: ({ gid, to }) => `in Asana, the address of ${gid} is given to ${to}`,
  }),
  stepKind({
    name: 'AdminChanged',
    weight: 1.5,
    draw: (world, random) => {
      const subject = drawPerson(world, random);
      return subject && { ...subject, admin: chance(random, 0.6) };
    },
    run: (world, data) =>
      change(world, data, ({ directory }, person) => directory.change(person, { admin: data.admin })),
    tell: ({ gid, admin }) =>
      `in Asana, ${gid} ${admin ? 'becomes an administrator' : 'is no longer an administrator'}`,
  }),
  stepKind({
    name: 'TeamChanged',
    weight: 2,
    draw: (world, random) => {
      const subject = drawPerson(world, random);
      const teams = subject === null ? [] : (world.sites[subject.site]?.teams ?? []);
      return subject && teams.length > 0 ? { ...subject, team: pick(random, teams).gid } : null;
    },
    run: (world, data) => setTeam(world, data, data.team, (isIn) => !isIn),
    tell: ({ gid, team }) => `in Asana, ${gid} joins or leaves team ${team}`,
  }),
  stepKind({
    name: 'WorkspaceChanged',
    weight: 1,
    draw: (world, random) => {
      const [site] = world.sites;
      const people = (site?.organization.people ?? []).slice(1);
      return site?.plain && people.length > 0 ? { site: 0, gid: pick(random, people).gid } : null;
    },
    run: (world, data) =>
      change(world, data, ({ directory, plain }, person) => {
        const standing = person.memberships.find(({ workspace, ended }) => workspace === plain && !ended);
        if (standing) directory.endMembership(standing);
        else if (plain) directory.joinWorkspace(person, plain);
      }),
    tell: ({ gid }) => `in Asana, ${gid} joins or leaves the workspace beside the organization`,
  }),
  stepKind({
    name: 'Joiner',
    weight: 1.5,
    draw: (_world, random) => ({
      site: 0,
      number: between(random, 0, 9),
      license: chance(random, 0.5) ? 'enterprise' : 'view only',
    }),
    run: (world, { site, number, license }) => {
      const place = world.sites[site];
      const email = `new${number}@${place?.plan.domain ?? ''}`;
      if (!place || place.directory.personByEmail(email)) return;
      const person = place.directory.addPerson('member', { email, name: email, license });
      place.directory.joinWorkspace(person, place.organization);
      world.judge.facts.touch(place, person.gid);
    },
    tell: ({ number, license }) => `in Asana, new${number} joins with license ${license}`,
  }),
];
