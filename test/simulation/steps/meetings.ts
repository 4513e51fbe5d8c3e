import type { Random } from '../../../src/core/clock.ts';
import type { Person } from '../../../src/sandbox/records.ts';
import { addressOf, type Site } from '../asana/site.ts';
import { ANNOTATIONS, CONNECTOR_KIND, type Grant, keyOf } from '../model/objects.ts';
import { between, chance, pick } from '../random.ts';
import type { World } from '../world.ts';
import { setTeam } from './console.ts';
import { create } from './grants.ts';
import { addressIn, attempt, connectorsOf, grantsOf, instant, placeOf, siteOf } from './objects.ts';
import { type StepKind, stepKind } from './step.ts';

/** A connector as grants refer to it, with what it reads. */
interface Reader {
  readonly ref: Grant['spec']['connectorRef'];
  readonly namespace: string;
  readonly site: Site;
  /** Index of the site. */
  readonly index: number;
}

export function drawReader(world: World, random: Random): Reader | null {
  const connectors = connectorsOf(world);
  if (connectors.length === 0) return null;
  const connector = pick(random, connectors);
  const { namespace, name } = connector.metadata;
  const site = siteOf(world, connector);
  return { ref: { namespace, name }, namespace, site, index: world.sites.indexOf(site) };
}

function drawGuest({ organization }: Site, random: Random): Person | null {
  const guests = organization.people.filter(({ kind, profile }) => kind === 'guest' && profile.active);
  return guests.length === 0 ? null : pick(random, guests);
}

/** Returns the active members with this license. */
export function listHolders({ organization }: Site, license: 'enterprise' | 'view only'): Person[] {
  return organization.people.filter(
    ({ kind, profile }) => kind === 'member' && profile.active && profile.license === license,
  );
}

/** Returns the members with a view-only license, starting with a random one. */
function drawViewers(site: Site, random: Random): Person[] {
  const viewers = listHolders(site, 'view only');
  const from = viewers.length === 0 ? 0 : between(random, 0, viewers.length - 1);
  return [...viewers.slice(from), ...viewers.slice(0, from)];
}

/** Stories of several moves, which single steps combine too seldom. */
export const meetingSteps: readonly StepKind[] = [
  stepKind({
    name: 'GuestsLastTeam',
    weight: 0.7,
    draw: (world, random) => {
      const reader = drawReader(world, random);
      const guest = reader && drawGuest(reader.site, random);
      if (!guest || reader.site.teams.length < 2) return null;
      const [own, other] = reader.site.teams;
      return {
        site: reader.index,
        gid: guest.gid,
        other: other?.gid ?? '',
        kind: 'AsanaTeamGrant',
        namespace: reader.namespace,
        name: `g${between(random, 0, 39)}`,
        spec: { connectorRef: reader.ref, user: { gid: guest.gid }, team: { gid: own?.gid ?? '' } },
      };
    },
    run: async (world, { site, gid, other, kind, namespace, name, spec }) => {
      const guest = { site, gid };
      setTeam(world, guest, spec.team.gid, () => false);
      setTeam(world, guest, other, () => true);
      await create(world, { kind, namespace, name, spec });
      await attempt(() =>
        world.cluster.edit(CONNECTOR_KIND, namespace, spec.connectorRef.name, {
          metadata: { annotations: { [ANNOTATIONS.requestedAt]: `guest ${world.clock.monotonic()}` } },
        }),
      );
      await world.advance(60_000);
      setTeam(world, guest, other, () => false);
      // Longer than the look before an action may be old.
      await world.advance(200_000);
      await attempt(() => world.cluster.remove(kind, namespace, name));
    },
    tell: ({ gid, other, namespace, name, spec }) =>
      `move guest ${gid} from team ${spec.team.gid} to ${other}, create AsanaTeamGrant ${namespace}/${name} for ${spec.team.gid}, take the guest out of ${other}, and delete the grant`,
  }),
  stepKind({
    name: 'EndByOneClock',
    weight: 0.7,
    draw: (world, random) => {
      const live = grantsOf(world).filter(
        (grant) => grant.status?.applied && addressIn(grant) && !grant.metadata.deletionTimestamp,
      );
      if (live.length === 0) return null;
      const grant = pick(random, live);
      const ref = grant.spec.connectorRef;
      const namespace = ref.namespace ?? grant.metadata.namespace;
      const connector = connectorsOf(world).find((one) => keyOf(one) === `${namespace}/${ref.name}`);
      if (!connector) return null;
      return {
        grant: placeOf(grant),
        site: world.sites.indexOf(siteOf(world, connector)),
        behindMs: between(random, 300_000, 3_600_000),
        namespace,
        name: `g${between(random, 0, 39)}`,
        spec: { connectorRef: { name: ref.name }, email: addressIn(grant), ensure: 'Absent' },
      };
    },
    run: async (world, { grant, site: index, behindMs, namespace, name, spec }) => {
      const site = world.sites[index];
      if (!site) return;
      const { kind, namespace: where, name: which } = grant;
      const expiresAt = instant(world.clock.monotonic() + 90_000);
      const ends = { expiresAt, duration: null, deletionPolicy: 'Revoke' };
      await attempt(() => world.cluster.edit(kind, where, which, { spec: ends }));
      site.time.skewMs = -behindMs;
      world.judge.facts.moveClocks(site);
      await create(world, { kind: 'AsanaAccount', namespace, name, spec });
      await world.advance(120_000);
    },
    tell: ({ grant, behindMs, namespace, name, spec }) =>
      `edit ${grant.namespace}/${grant.name} to expire in 90 s, set Asana's clock ${Math.round(behindMs / 1000)} s back, and create AsanaAccount ${namespace}/${name} ${JSON.stringify(spec)}`,
  }),
  stepKind({
    name: 'EndTogether',
    weight: 1,
    draw: (world, random) => {
      const reader = drawReader(world, random);
      if (!reader) return null;
      const number = between(random, 0, 38);
      return {
        namespace: reader.namespace,
        account: `g${number}`,
        license: `g${number + 1}`,
        connectorRef: reader.ref,
        email: `new${between(random, 0, 3)}@${reader.site.plan.domain}`,
        by: pick(random, ['Deletion', 'Expiry']),
        afterMs: pick(random, [0, 300, 3_000]),
      };
    },
    run: async (world, { namespace, account, license, connectorRef, email, by, afterMs }) => {
      const ofAccount = { kind: 'AsanaAccount', namespace, name: account };
      const ofLicense = { kind: 'AsanaLicenseGrant', namespace, name: license };
      // Enough time to create the account and to see it.
      const endMs = world.clock.monotonic() + 90_000;
      const ends = (at: number) => ({
        deletionPolicy: 'Revoke',
        ...(by === 'Expiry' ? { expiresAt: instant(at) } : {}),
      });
      const user = { connectorRef, user: { email }, license: 'ViewOnly', ...ends(endMs + afterMs) };
      await create(world, { ...ofAccount, spec: { connectorRef, email, ...ends(endMs) } });
      await create(world, { ...ofLicense, spec: user });
      await world.advance(90_000);
      if (by === 'Expiry') return;
      await attempt(() => world.cluster.remove(ofAccount.kind, namespace, account));
      await world.advance(afterMs);
      await attempt(() => world.cluster.remove(ofLicense.kind, namespace, license));
    },
    tell: ({ namespace, account, license, email, by, afterMs }) =>
      `create AsanaAccount ${namespace}/${account} and AsanaLicenseGrant ${namespace}/${license} for ${email}; 90 s later they end by ${by.toLowerCase()}, the account ${afterMs} ms before the license`,
  }),
  stepKind({
    name: 'EndsAdvanced',
    weight: 0.7,
    draw: (world, random) => {
      const reader = drawReader(world, random);
      const [team] = reader?.site.teams ?? [];
      if (!reader || !team) return null;
      const first = between(random, 0, 32);
      return {
        namespace: reader.namespace,
        connectorRef: reader.ref,
        team: team.gid,
        grants: Array.from({ length: Math.min(7, reader.site.plan.people) }, (_, index) => ({
          name: `g${first + index}`,
          email: addressOf(reader.site.plan, index),
        })),
      };
    },
    run: async (world, { namespace, connectorRef, team, grants }) => {
      const kind = 'AsanaTeamGrant';
      // Without a delay, all of them are decided before any status shows when they end.
      const provisioning = { removalDelay: '0s' };
      await attempt(() =>
        world.cluster.edit(CONNECTOR_KIND, namespace, connectorRef.name, { spec: { provisioning } }),
      );
      const ends = (afterMs: number) => ({
        expiresAt: instant(world.clock.monotonic() + afterMs),
        deletionPolicy: 'Revoke',
      });
      for (const { name, email } of grants) {
        const spec = { connectorRef, user: { email }, team: { gid: team }, ...ends(7_200_000) };
        await create(world, { kind, namespace, name, spec });
      }
      await world.advance(90_000);
      const spec = ends(-1_000);
      for (const { name } of grants) await attempt(() => world.cluster.edit(kind, namespace, name, { spec }));
    },
    tell: ({ namespace, team, grants }) =>
      `create AsanaTeamGrants ${grants.map(({ name }) => `${namespace}/${name}`).join(', ')} for team ${team}, which expire in two hours, with a connector without removalDelay; 90 s later, edit them to have expired one second ago`,
  }),
  stepKind({
    name: 'StopWhileGiving',
    weight: 0.7,
    draw: (world, random) => {
      const reader = drawReader(world, random);
      const [person] = reader ? drawViewers(reader.site, random) : [];
      if (!reader || !person) return null;
      const creates = chance(random, 0.4);
      return {
        site: reader.index,
        kind: creates ? 'AsanaAccount' : 'AsanaLicenseGrant',
        namespace: reader.namespace,
        name: `g${between(random, 0, 39)}`,
        afterMs: between(random, 500, 3_000),
        operation: creates ? 'scimCreateUser' : 'scimPatchUser',
        spec: {
          connectorRef: reader.ref,
          ...(creates
            ? { email: `new${between(random, 0, 9)}@${reader.site.plan.domain}` }
            : { user: { gid: person.gid }, license: 'Enterprise' }),
        },
      };
    },
    run: async (world, { site, kind, namespace, name, afterMs, operation, spec }) => {
      const suspend = (value: boolean) =>
        attempt(() =>
          world.cluster.edit(CONNECTOR_KIND, namespace, spec.connectorRef.name, { spec: { suspend: value } }),
        );
      world.sites[site]?.faults.add({
        match: { operation, times: 1 },
        effect: { delayMs: 10_000 },
      });
      await create(world, { kind, namespace, name, spec });
      await world.advance(afterMs);
      await suspend(true);
      await world.advance(60_000);
      await suspend(false);
    },
    tell: ({ kind, namespace, name, spec, operation, afterMs }) =>
      `Asana's next answer to ${operation} takes 10 s; create ${kind} ${namespace}/${name} ${JSON.stringify(spec)}, suspend its connector ${afterMs} ms later, and resume it after one minute`,
  }),
  stepKind({
    name: 'OutageWhileGiving',
    weight: 0.7,
    draw: (world, random) => {
      const reader = drawReader(world, random);
      const [person] = reader ? drawViewers(reader.site, random) : [];
      if (!reader || !person) return null;
      return {
        site: reader.index,
        namespace: reader.namespace,
        name: `g${between(random, 0, 39)}`,
        how: pick(random, ['Unavailable', 'LostThenThrottled']),
        spec: { connectorRef: reader.ref, user: { gid: person.gid }, license: 'Enterprise' },
      };
    },
    run: async (world, { site, namespace, name, how, spec }) => {
      const fail = (match: object, effect: object) =>
        world.sites[site]?.faults.add({ match: { operation: 'scimPatchUser', ...match }, effect });
      if (how === 'Unavailable') fail({ times: 9 }, { status: 503 });
      else {
        fail({}, { loseResponse: true });
        fail({ after: 1 }, { status: 429, retryAfter: 20 });
      }
      await create(world, { kind: 'AsanaLicenseGrant', namespace, name, spec });
      await world.advance(60_000);
    },
    tell: ({ namespace, name, how, spec }) =>
      `${how === 'Unavailable' ? 'scimPatchUser fails with 503, 9 times' : 'the next answer to scimPatchUser is lost, and the one after that is 429'}; create AsanaLicenseGrant ${namespace}/${name} ${JSON.stringify(spec)}`,
  }),
  stepKind({
    name: 'LastSeat',
    weight: 0.6,
    draw: (world, random) => {
      const reader = drawReader(world, random);
      const people = reader ? drawViewers(reader.site, random).slice(0, 3) : [];
      if (!reader || people.length < 2) return null;
      const first = between(random, 0, 36);
      return {
        namespace: reader.namespace,
        connectorRef: reader.ref,
        seats: listHolders(reader.site, 'enterprise').length + 1,
        grants: people.map(({ gid }, index) => ({ name: `g${first + index}`, gid })),
      };
    },
    run: async (world, { namespace, connectorRef, seats, grants }) => {
      const provisioning = { maxEnterpriseLicenses: seats };
      await attempt(() =>
        world.cluster.edit(CONNECTOR_KIND, namespace, connectorRef.name, { spec: { provisioning } }),
      );
      await world.advance(6_000);
      for (const { name, gid } of grants) {
        const spec = { connectorRef, user: { gid }, license: 'Enterprise' };
        await create(world, { kind: 'AsanaLicenseGrant', namespace, name, spec });
      }
      await world.advance(30_000);
    },
    tell: ({ namespace, seats, grants }) =>
      `set maxEnterpriseLicenses to ${seats}, one more than in use, and create AsanaLicenseGrants ${grants.map(({ name, gid }) => `${namespace}/${name} for ${gid}`).join(', ')}`,
  }),
];
