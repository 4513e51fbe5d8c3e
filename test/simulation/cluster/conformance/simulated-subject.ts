import type { Random } from '../../../../src/core/clock.ts';
import { FakeClock, settle } from '../../../asana/fake-clock.ts';
import { SimulatedCluster } from '../simulated-cluster.ts';
import type { Subject } from './subject.ts';

/** A simulated cluster whose clock advances whenever a script waits. */
export class SimulatedSubject {
  readonly #clock = new FakeClock();
  readonly #cluster = new SimulatedCluster({ clock: this.#clock, random: drawsFrom(1) });

  /** Runs a script on it, in a namespace of its own. */
  async run<T>(namespace: string, script: (subject: Subject) => Promise<T>): Promise<T> {
    this.#cluster.createNamespace(namespace);
    const run = { done: false };
    const running = script(this.#subject(namespace)).finally(() => {
      run.done = true;
    });
    const drive = async () => {
      for (await settle(); !run.done; await settle())
        if (this.#clock.pending > 0) await this.#clock.advance(this.#clock.next - this.#clock.monotonic());
    };
    const [seen] = await Promise.all([running, drive()]);
    return seen;
  }

  #subject(namespace: string): Subject {
    const cluster = this.#cluster;
    return {
      namespace,
      client: cluster.connect('conformance').client,
      apply: (manifest) => cluster.apply(manifest),
      edit: (kind, name, patch) => cluster.edit(kind, namespace, name, patch),
      remove: (kind, name) => cluster.remove(kind, namespace, name),
      createNamespace: async (name) => cluster.createNamespace(name),
      removeNamespace: async (name) => cluster.removeNamespace(name),
      removeKind: async (kind) => cluster.removeKind(kind),
      installKind: async (kind) => cluster.installKind(kind),
      putSecret: async (name, data) => cluster.putSecret(namespace, name, data),
      removeSecret: async (name) => cluster.removeSecret(namespace, name),
      compact: async () => cluster.compact(),
      sleep: (ms) => this.#clock.sleep(ms),
    };
  }
}

/** Returns a small random generator with the same draws every time. */
function drawsFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
