import { CONNECTOR_KIND, keyOf } from '../model/objects.ts';
import { between, pick } from '../random.ts';
import { create } from './grants.ts';
import { drawReader, listHolders } from './meetings.ts';
import { attempt, connectorsOf, siteOf } from './objects.ts';
import { type StepKind, stepKind } from './step.ts';

/** Steps in which grants replace others. */
export const successorSteps: readonly StepKind[] = [
  stepKind({
    name: 'RefusedNamesake',
    weight: 0.6,
    draw: (world, random) => {
      const reader = drawReader(world, random);
      if (!reader) return null;
      return {
        site: reader.index,
        namespace: reader.namespace,
        name: `g${between(random, 0, 39)}`,
        spec: { connectorRef: reader.ref, email: `new${between(random, 0, 9)}@${reader.site.plan.domain}` },
      };
    },
    run: async (world, { site, namespace, name, spec }) => {
      const kind = 'AsanaAccount';
      world.sites[site]?.faults.add({
        match: { operation: 'scimCreateUser', times: 1 },
        effect: { status: 409 },
      });
      await create(world, { kind, namespace, name, spec });
      await world.advance(20_000);
      await attempt(() => world.cluster.remove(kind, namespace, name));
      await world.advance(10_000);
      await create(world, { kind, namespace, name, spec });
      await world.advance(20_000);
    },
    tell: ({ namespace, name, spec }) =>
      `Asana refuses the next account creation with 409; create AsanaAccount ${namespace}/${name} for ${spec.email}, delete it, and create it again`,
  }),
  stepKind({
    name: 'SuccessorInPlan',
    weight: 0.6,
    draw: (world, random) => {
      const connectors = connectorsOf(world).filter(({ spec }) => spec.scim?.enabled);
      const pairs = connectors.flatMap((one) =>
        connectors
          .filter((other) => keyOf(other) !== keyOf(one) && siteOf(world, other) === siteOf(world, one))
          .map((other) => [one, other] as const),
      );
      if (pairs.length === 0) return null;
      const pair = pick(random, pairs);
      const viewers = listHolders(siteOf(world, pair[0]), 'view only');
      if (viewers.length === 0) return null;
      const first = between(random, 0, 38);
      return {
        gid: pick(random, viewers).gid,
        grants: pair.map(({ metadata: { namespace, name } }, index) => ({
          namespace,
          name: `g${first + index}`,
          connectorRef: { namespace, name },
          mode: index === 0 ? 'Apply' : 'Plan',
        })),
      };
    },
    run: async (world, { gid, grants }) => {
      const kind = 'AsanaLicenseGrant';
      // The connector in Plan first: two in mode Apply would fight over the organization.
      for (const { connectorRef, mode } of grants.toReversed())
        await attempt(() =>
          world.cluster.edit(CONNECTOR_KIND, connectorRef.namespace, connectorRef.name, {
            spec: { suspend: false, provisioning: { mode } },
          }),
        );
      await world.advance(10_000);
      for (const { namespace, name, connectorRef } of grants) {
        const spec = { connectorRef, user: { gid }, license: 'Enterprise', deletionPolicy: 'Revoke' };
        await create(world, { kind, namespace, name, spec });
      }
      await world.advance(60_000);
      const [applied] = grants;
      if (applied) await attempt(() => world.cluster.remove(kind, applied.namespace, applied.name));
    },
    tell: ({ gid, grants }) =>
      `${grants.map(({ connectorRef, mode }) => `put connector ${connectorRef.namespace}/${connectorRef.name} into mode ${mode}`).join(', ')}, create AsanaLicenseGrants ${grants.map(({ namespace, name }) => `${namespace}/${name}`).join(' and ')} for ${gid} there, and delete the first one`,
  }),
];
