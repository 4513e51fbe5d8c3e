import { connect } from 'node:http2';
import type { KubeConfig } from '@kubernetes/client-node';
import { asanaLicenseGrants } from '../../../src/api/resources.ts';
import { startControlPlane } from '../../controlplane/control-plane.ts';
import { loadConfig } from '../../kubernetes/rig.ts';
import type { Fault, Worlds } from '../fault.ts';
import { Story } from '../story.ts';
import { type Asked, isList, isOfGrants, isWatch, relent, strike, WATCHED_KINDS } from '../strike.ts';
import type { World } from '../world.ts';

/** Opens a world on an API server of its own, with these flags. */
async function openOn(worlds: Worlds, apiServerFlags: readonly string[]): Promise<World> {
  const plane = await startControlPlane({ apiServerFlags });
  worlds.atEnd(() => plane.stop());
  return worlds.open({ kubeconfigPath: plane.kubeconfigPath });
}

/** Whether the API server has compacted the changes after a version. */
async function isCompacted(world: World, resourceVersion: string): Promise<boolean> {
  const stop = AbortSignal.timeout(2_000);
  try {
    const lines = world.client.watch(
      asanaLicenseGrants,
      world.namespace,
      { resourceVersion, timeoutSeconds: 1 },
      stop,
    );
    for await (const { type, object } of lines) if (type === 'ERROR') return object['code'] === 410;
    return false;
  } catch (error) {
    return (error as { status?: number }).status === 410;
  }
}

const compaction: Fault = {
  name: 'compacted-history',
  group: 'API server',
  standsFor: ['R2'],
  what: 'The API server compacts its history every second (`--etcd-compaction-interval=1s`, without a watch cache) while the watches are interrupted',
  holds:
    'The watches get a 410, only the necessary lists follow, and the deletion that no watch reported is noticed.',
  async run(worlds) {
    const world = await openOn(worlds, ['--etcd-compaction-interval=1s', '--watch-cache=false']);
    const story = await Story.begin(world);
    const version = (await world.grant('vanishes'))?.metadata.resourceVersion ?? '';
    const from = world.proxy.arrivals.length;
    strike(world, { on: isWatch, fault: { kind: 'answer', status: 503 } });
    world.proxy.resetAll();
    await story.edit();
    await world.expectSoon('the history is compacted', () => isCompacted(world, version));
    relent(world);
    await story.end();
    const expired = await world.operator.metric('watch_restarts_total', { reason: 'Expired' });
    const lists = world.arrivals(isList, from).length;
    world.expect(`${lists} lists for ${expired} watches that met a 410`, lists <= expired + WATCHED_KINDS);
    return { fired: expired, checks: world.checks };
  },
};

/** More grants than fit into one page of a list. */
const CROWD = 520;

/** The API server compacts the state that the pages of a list show while the list is being read. */
const expiredPages = (
  [
    ['', { kind: 'delay', ms: 4_000 }, 'the answer contains a token to continue with newer data'],
    ['-without-token', { kind: 'answer', status: 410 }, 'the answer contains no new token'],
  ] as const
).map(
  ([suffix, fault, how]): Fault => ({
    name: `list-token-expired${suffix}`,
    group: 'API server',
    standsFor: ['R2'],
    what: `The continue token of a list expires because of compaction (410); ${how}`,
    holds:
      'The list starts again after a pause, once for each expired token. Pages of different versions are never mixed, and the deletion that no watch reported is noticed.',
    async run(worlds) {
      const world = await openOn(worlds, ['--etcd-compaction-interval=1s', '--watch-cache=false']);
      const story = await Story.begin(world);
      for (let index = 0; index < CROWD; index += 20)
        await Promise.all(
          Array.from({ length: 20 }, (_, nth) =>
            world.createGrant(`crowd-${index + nth}`, `crowd-${index + nth}@acme.example`),
          ),
        );
      await world.operator.end('SIGTERM');
      await story.edit();
      const from = world.proxy.arrivals.length;
      const isNextPage = (asked: Asked) => isOfGrants(asked) && (asked.url ?? '').includes('continue=');
      strike(world, { on: isNextPage, fault, times: 1 });
      await world.startOperator();
      await story.end({ others: CROWD });
      const expired = await world.operator.metric('watch_restarts_total', { reason: 'Expired' });
      const refused = await world.operator.metric('watch_restarts_total', { reason: 'Http410' });
      const lists = world.arrivals(
        (asked) => isList(asked) && isOfGrants(asked) && !asked.url.includes('continue='),
        from,
      );
      // On a slow machine a page may take so long that the token of the next one expires by itself, too.
      const fired = expired + refused;
      world.expect(`${lists.length} lists where ${fired} tokens expired`, lists.length === fired + 1);
      return { fired, checks: world.checks };
    },
  }),
);

/** Sends requests over HTTP/2 and counts the GOAWAYs that the API server answers some of them with. */
async function countGoAways(kubeconfigPath: string, requests: number): Promise<number> {
  const config: KubeConfig = loadConfig(kubeconfigPath);
  const tls: Record<string, unknown> = {};
  await config.applyToHTTPSOptions(tls);
  let goAways = 0;
  for (let i = 0; i < requests; i += 1) {
    const session = connect(config.getCurrentCluster()?.server ?? '', tls);
    session.on('goaway', () => (goAways += 1)).on('error', () => {});
    await new Promise<void>((resolve) => {
      const stream = session.request({ ':path': '/version' });
      stream
        .on('error', () => {})
        .on('close', resolve)
        .resume()
        .end();
    });
    session.destroy();
  }
  return goAways;
}

const goAway: Fault = {
  name: 'server-flags',
  group: 'API server',
  standsFor: ['R1'],
  what: 'The API server answers 2 % of the requests with GOAWAY (`--goaway-chance=0.02`) and ends watches early (`--min-request-timeout=2`)',
  holds:
    'The operator is not affected: it uses HTTP/1.1, which has no GOAWAY, and sets the timeout of its watches itself.',
  async run(worlds) {
    const plane = await startControlPlane({
      apiServerFlags: ['--goaway-chance=0.02', '--min-request-timeout=2'],
    });
    worlds.atEnd(() => plane.stop());
    const world = await worlds.open({ kubeconfigPath: plane.kubeconfigPath });
    const story = await Story.begin(world);
    await story.edit();
    await story.end();
    const restarts = await world.operator.metric('watch_restarts_total');
    world.expect('no watch was begun again', restarts === 0, () => restarts);
    return { fired: await countGoAways(plane.kubeconfigPath, 400), checks: world.checks };
  },
};

const bookmarks: Fault = {
  name: 'bookmarks-dropped',
  group: 'API server',
  isLong: true,
  standsFor: ['R2'],
  what: 'Watches deliver no bookmarks, which the API server sends once a minute',
  holds: 'Edits are still carried out, and no list is sent within the 150 s for which a watch may be silent.',
  async run(worlds) {
    const world = await worlds.open();
    const story = await Story.begin(world);
    strike(world, { on: isWatch, fault: { kind: 'dropBookmarks' } });
    world.proxy.resetAll();
    const from = world.proxy.arrivals.length;
    await world.expectSoon('a bookmark of each kind was dropped', () => world.proxy.fired >= WATCHED_KINDS, {
      patienceMs: 140_000,
    });
    await story.edit();
    await story.end();
    const lists = world.arrivals(isList, from).length;
    world.expect('there was no list', lists === 0, () => lists);
    return { fired: world.proxy.fired, checks: world.checks };
  },
};

export const serverFlagFaults: readonly Fault[] = [compaction, ...expiredPages, goAway, bookmarks];
