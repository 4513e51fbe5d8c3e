import { ANNOTATIONS, CONNECTOR_KIND, type Connector } from '../model/objects.ts';
import { between } from '../random.ts';
import { create } from './grants.ts';
import { drawReader, listHolders } from './meetings.ts';
import { attempt } from './objects.ts';
import { type StepKind, stepKind } from './step.ts';

/** Steps about held removals, and what happens to them meanwhile. */
export const holdSteps: readonly StepKind[] = [
  stepKind({
    name: 'EditedWithoutConnector',
    weight: 0.5,
    draw: (world, random) => {
      const reader = drawReader(world, random);
      const people = reader ? listHolders(reader.site, 'enterprise').slice(0, 3) : [];
      if (!reader || people.length < 2) return null;
      const number = between(random, 0, 36);
      return {
        namespace: reader.namespace,
        connectorRef: reader.ref,
        grants: people.map(({ gid }, index) => ({ name: `g${number + index}`, gid })),
      };
    },
    run: async (world, { namespace, connectorRef, grants }) => {
      const kind = 'AsanaLicenseGrant';
      const { name: connector } = connectorRef;
      const maxRemovals = { percent: 0, atLeast: 1, window: '1h' };
      const editConnector = (patch: Parameters<typeof world.cluster.edit>[3]) =>
        attempt(() => world.cluster.edit(CONNECTOR_KIND, namespace, connector, patch));
      const known = () => world.cluster.object(CONNECTOR_KIND, namespace, connector) as Connector | null;
      const freely = { mode: 'Apply', maxDuration: null, protectAdmins: false, protectedUsers: null };
      await editConnector({ spec: { provisioning: { ...freely, removalDelay: '10m', maxRemovals } } });
      const edit = async (spec: Record<string, string>) => {
        for (const { name } of grants)
          await attempt(() => world.cluster.edit(kind, namespace, name, { spec }));
      };
      for (const { name, gid } of grants) {
        const spec = { connectorRef, user: { gid }, license: 'Enterprise' };
        await create(world, { kind, namespace, name, spec });
      }
      await world.advance(60_000);
      await edit({ license: 'ViewOnly' });
      await world.advance(30_000);
      const token = known()?.status?.holds?.find(({ reason }) => reason === 'TooManyRemovals')?.token;
      if (token !== undefined)
        await editConnector({ metadata: { annotations: { [ANNOTATIONS.acknowledge]: token } } });
      await world.advance(30_000);
      const spec = known()?.spec;
      await attempt(() => world.cluster.remove(CONNECTOR_KIND, namespace, connector));
      await world.advance(5_000);
      await edit({ reason: 'once more' });
      await world.advance(10_000);
      if (spec) await attempt(() => world.apply(CONNECTOR_KIND, namespace, connector, { ...spec }));
      await world.advance(900_000);
    },
    tell: ({ namespace, grants }) =>
      `limit a connector to one removal per hour, create AsanaLicenseGrants ${grants.map(({ name, gid }) => `${namespace}/${name} for ${gid}`).join(', ')}, edit them to ViewOnly, acknowledge the hold, delete the connector, edit the grants, and create the connector again`,
  }),
];
