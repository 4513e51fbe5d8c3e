import { addressOf } from '../asana/site.ts';
import { ANNOTATIONS, CONNECTOR_KIND } from '../model/objects.ts';
import { between, pick } from '../random.ts';
import { SAME } from './faults.ts';
import { create } from './grants.ts';
import { drawReader, listHolders } from './meetings.ts';
import { attempt } from './objects.ts';
import { type StepKind, stepKind } from './step.ts';

/** Steps about what a leader must know of its predecessor. */
export const takeoverSteps: readonly StepKind[] = [
  stepKind({
    name: 'RemovalsAcrossRestart',
    weight: 0.6,
    draw: (world, random) => {
      const reader = drawReader(world, random);
      const [team] = reader?.site.teams ?? [];
      if (!reader || !team || reader.site.plan.people < 6) return null;
      const first = between(random, 0, 33);
      return {
        namespace: reader.namespace,
        connectorRef: reader.ref,
        team: team.gid,
        grants: Array.from({ length: 6 }, (_, index) => ({
          name: `g${first + index}`,
          email: addressOf(reader.site.plan, index),
        })),
      };
    },
    run: async (world, { namespace, connectorRef, team, grants }) => {
      const kind = 'AsanaTeamGrant';
      const maxRemovals = { percent: 0, atLeast: 2, window: '1h' };
      await attempt(() =>
        world.cluster.edit(CONNECTOR_KIND, namespace, connectorRef.name, {
          spec: { provisioning: { removalDelay: '2s', maxRemovals } },
        }),
      );
      for (const { name, email } of grants) {
        const spec = { connectorRef, user: { email }, team: { gid: team }, deletionPolicy: 'Revoke' };
        await create(world, { kind, namespace, name, spec });
      }
      await world.advance(60_000);
      const remove = async (some: typeof grants) => {
        for (const { name } of some) await attempt(() => world.cluster.remove(kind, namespace, name));
      };
      await remove(grants.slice(0, 2));
      await world.advance(90_000);
      world.killLeader(0);
      await world.advance(90_000);
      await remove(grants.slice(2, 4));
      await world.advance(120_000);
    },
    tell: ({ namespace, team, grants }) =>
      `limit a connector to two removals per hour, create AsanaTeamGrants ${grants.map(({ name }) => `${namespace}/${name}`).join(', ')} for team ${team}, delete two of them, kill the leader, and delete two more`,
  }),
  stepKind({
    name: 'ShrunkenAtRestart',
    weight: 0.6,
    draw: (world, random) => {
      const reader = drawReader(world, random);
      if (!reader) return null;
      return {
        site: reader.index,
        namespace: reader.namespace,
        connectorRef: reader.ref,
        operations: pick(random, SAME),
        name: `g${between(random, 0, 39)}`,
        email: addressOf(reader.site.plan, between(random, 0, reader.site.plan.people - 1)),
      };
    },
    run: async (world, { site, namespace, connectorRef, operations, name, email }) => {
      const kind = 'AsanaLicenseGrant';
      const spec = { connectorRef, user: { email }, license: 'Enterprise', deletionPolicy: 'Revoke' };
      await create(world, { kind, namespace, name, spec });
      await world.advance(60_000);
      world.sites[site]?.lies.push({ operations, keep: 0.3 });
      world.killLeader(0);
      await world.advance(60_000);
      await attempt(() =>
        world.cluster.edit(CONNECTOR_KIND, namespace, connectorRef.name, {
          metadata: { annotations: { [ANNOTATIONS.requestedAt]: `new leader ${world.clock.monotonic()}` } },
        }),
      );
      await attempt(() => world.cluster.remove(kind, namespace, name));
      await world.advance(180_000);
    },
    tell: ({ namespace, operations, name, email }) =>
      `create AsanaLicenseGrant ${namespace}/${name} for ${email}; ${operations.join(', ')} list only 30 % of their entries, as if complete; kill the leader, set requestedAt on the connector, and delete the grant`,
  }),
  stepKind({
    name: 'SeatAcrossRestart',
    weight: 0.5,
    draw: (world, random) => {
      const reader = drawReader(world, random);
      const people = reader ? listHolders(reader.site, 'view only').slice(0, 2) : [];
      if (!reader || people.length < 2) return null;
      const number = between(random, 0, 38);
      return {
        site: reader.index,
        namespace: reader.namespace,
        connectorRef: reader.ref,
        seats: listHolders(reader.site, 'enterprise').length + 1,
        grants: people.map(({ gid }, index) => ({ name: `g${number + index}`, gid })),
        meanwhile: pick(random, ['Suspend', 'Delete', 'Nothing']),
      };
    },
    run: async (world, { site, namespace, connectorRef, seats, grants, meanwhile }) => {
      const kind = 'AsanaLicenseGrant';
      const [first, second] = grants;
      if (!first || !second) return;
      const give = ({ name, gid }: typeof first) =>
        create(world, {
          kind,
          namespace,
          name,
          spec: { connectorRef, user: { gid }, license: 'Enterprise' },
        });
      const provisioning = { mode: 'Apply', maxDuration: null, maxEnterpriseLicenses: seats };
      await attempt(() =>
        world.cluster.edit(CONNECTOR_KIND, namespace, connectorRef.name, { spec: { provisioning } }),
      );
      await world.advance(6_000);
      world.sites[site]?.faults.add({
        match: { operation: 'scimPatchUser', times: 1 },
        effect: { staleForMs: 170_000 },
      });
      await give(first);
      await world.advance(3_000);
      world.killLeader(0);
      if (meanwhile === 'Suspend')
        await attempt(() => world.cluster.edit(kind, namespace, first.name, { spec: { suspend: true } }));
      if (meanwhile === 'Delete') await attempt(() => world.cluster.remove(kind, namespace, first.name));
      await world.advance(45_000);
      await give(second);
      await world.advance(60_000);
    },
    tell: ({ namespace, seats, grants, meanwhile }) =>
      `set maxEnterpriseLicenses to ${seats}, one more than in use, create AsanaLicenseGrant ${namespace}/${grants[0]?.name}, whose license Asana shows late, kill the leader (done to the grant meanwhile: ${meanwhile.toLowerCase()}), and create ${namespace}/${grants[1]?.name}`,
  }),
];
