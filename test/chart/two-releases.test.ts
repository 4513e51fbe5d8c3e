import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { kinds } from '../../src/api/kinds.ts';
import type { KubernetesObject, Resource } from '../../src/kubernetes/resource.ts';
import { serviceAccountKubeconfig } from '../controlplane/service-account.ts';
import { Replica } from '../operator/replica.ts';
import { OperatorRig } from '../operator/rig.ts';
import { argsOf, CHART, helm, objectsIn } from './helm.ts';

const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event' };
const LEASES: Resource = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease' };

const alice = 'alice@acme.example';
const bob = 'bob@acme.example';
const carol = 'carol@acme.example';

/** A release of the chart for two namespaces: its operator as a process, and an Asana of its own. */
class ScopedRelease {
  readonly rig: OperatorRig;
  readonly #start: () => Replica;
  #replica: Replica;

  private constructor(rig: OperatorRig, start: () => Replica) {
    this.rig = rig;
    this.#start = start;
    this.#replica = start();
  }

  /** Installs the release, declares a connector, and waits until the connector has read its Asana. */
  static async install(name: string): Promise<ScopedRelease> {
    const rig = await OperatorRig.start(name, { neighbour: true });
    await rig.stopOperator();
    const { namespace, neighbour, kubeconfigPath, sandbox, logs } = rig;
    const helmEnv = { KUBECONFIG: kubeconfigPath };
    const values = {
      fullnameOverride: name,
      crds: { enabled: false },
      scope: 'namespaced',
      watchNamespaces: [namespace, neighbour],
    };
    await helm(['install', name, CHART, '-n', namespace, '--wait=false'], helmEnv, values);
    const manifest = objectsIn(await helm(['get', 'manifest', name, '-n', namespace], helmEnv));
    const args = argsOf(manifest, 'Deployment');
    // Replica adds the flag for its own namespace itself.
    const further = args.filter(
      (arg) => arg.startsWith('--namespace=') && arg !== `--namespace=${namespace}`,
    );
    assert.deepEqual(further, [`--namespace=${neighbour}`]);
    const account = await serviceAccountKubeconfig({ kubeconfigPath, namespace, name });
    await rig.createSecret();
    await rig.createConnector({ provisioning: { allowedNamespaces: [neighbour] } });
    const place = { namespace, kubeconfigPath: account, sandbox, logs };
    const release = new ScopedRelease(rig, () => new Replica(place, further));
    try {
      await rig.untilPhase('Connected');
      await rig.declareSomebodyWhoStays();
    } catch (error) {
      await release.stop();
      throw error;
    }
    return release;
  }

  get identity(): Promise<string> {
    return this.#replica.identity;
  }

  stop(): Promise<void> {
    return this.#replica.end('SIGTERM');
  }

  start(): void {
    this.#replica = this.#start();
  }

  /** Returns the resourceVersion of every object that an operator writes in its namespaces; any write changes it. */
  async versions(): Promise<Readonly<Record<string, string>>> {
    const versions: Record<string, string> = {};
    for (const namespace of [this.rig.namespace, this.rig.neighbour])
      for (const resource of [...kinds.map(({ names }) => names), EVENTS, LEASES]) {
        const { items } = await this.rig.client.list<KubernetesObject>(resource, namespace, { limit: 500 });
        for (const { metadata } of items)
          versions[`${resource.kind} ${namespace}/${metadata.name}`] = metadata.resourceVersion;
      }
    return versions;
  }

  /** Gives a license by a grant in the neighbour namespace, revokes it, and syncs. */
  async act(): Promise<void> {
    const ref = `${this.rig.neighbour}/alg/passing`;
    await this.rig.declare(ref, { user: { email: carol } });
    await this.rig.untilReason(ref, 'Granted');
    await this.rig.deleteGrant(ref);
    await this.rig.untilGone(ref);
    await this.rig.sync();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.rig.close();
  }
}

suite('two releases of the chart, each for namespaces of its own', () => {
  const releases: ScopedRelease[] = [];
  before(async () => {
    releases.push(...(await Promise.all(['first', 'second'].map((name) => ScopedRelease.install(name)))));
  });
  after(() => Promise.all(releases.map((release) => release.close())));

  test('both lead, each with a lease of its own', async () => {
    for (const { rig, identity } of releases) {
      const lease = await rig.client.get<KubernetesObject & { spec: { holderIdentity: string } }>(
        LEASES,
        rig.namespace,
        'asana-connector',
      );
      assert.equal(lease?.spec.holderIdentity, await identity);
    }
  });

  for (const [own, other] of [
    [0, 1],
    [1, 0],
  ] as const)
    test(`only the ${own === 0 ? 'first' : 'second'} release acts on its own objects and its own Asana, also after a restart`, async () => {
      const [stopped, acting] = [releases[own], releases[other]] as [ScopedRelease, ScopedRelease];
      const { rig } = stopped;
      const given = `${rig.neighbour}/alg/given`;
      await rig.declare(given, { user: { email: alice } });
      await rig.untilReason(given, 'Granted');
      await stopped.stop();
      await rig.deleteGrant(given);
      await rig.createGrant('declared-meanwhile', bob);
      const [versions, requests] = [await stopped.versions(), rig.sandbox.requests.last];
      await acting.act();
      assert.deepEqual(await stopped.versions(), versions);
      assert.deepEqual(rig.sandbox.requests.since(requests), []);
      assert.equal(await rig.licenseInAsana(alice), 'enterprise');
      stopped.start();
      await rig.untilGone(given);
      await rig.untilReason('declared-meanwhile', 'Granted');
      assert.equal(await rig.licenseInAsana(alice), 'view only');
    });

  test('neither logs the namespace of the other, or a forbidden request', () => {
    for (const [index, { rig }] of releases.entries()) {
      const { namespace } = releases[1 - index]?.rig ?? rig;
      const strange = rig.logs.filter((line) => line.includes(namespace) || line.includes('orbidden'));
      assert.deepEqual(strange, []);
    }
  });
});
