import { asanaConnectors, asanaLicenseGrants } from '../api/resources.ts';
import type { Clock } from '../core/clock.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { ClusterState } from './from-above.ts';

/** Ten thousand grants that are deleted together ask the same questions: an answer serves for this long. */
const ANSWER_SERVES_MS = 2_000;

/** The verbs a CRD loses in discovery when it is being deleted. */
const VERBS_OF_A_STANDING_KIND = ['create', 'update'];

/** Asks the API server about what stands above a grant. */
export class LiveClusterState implements ClusterState {
  readonly #client: KubernetesClient;
  readonly #clock: Clock;
  readonly #answers = new Map<string, { at: number; answer: Promise<boolean> }>();

  constructor(client: KubernetesClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  connectorStands(namespace: string, name: string): Promise<boolean> {
    return this.#once(`connector ${namespace}/${name}`, async () => {
      const connector = await this.#client.get(asanaConnectors, namespace, name);
      return connector !== null && connector.metadata.deletionTimestamp === undefined;
    });
  }

  namespaceGoing(namespace: string): Promise<boolean> {
    return this.#once(`namespace ${namespace}`, () => this.#client.namespaceGoing(namespace));
  }

  kindsGoing(): Promise<boolean> {
    return this.#once('kinds', async () => {
      const verbs = await Promise.all(
        [asanaConnectors, asanaLicenseGrants].map((resource) => this.#client.verbs(resource)),
      );
      return verbs.some((offered) => !VERBS_OF_A_STANDING_KIND.every((verb) => offered?.includes(verb)));
    });
  }

  #once(question: string, ask: () => Promise<boolean>): Promise<boolean> {
    const now = this.#clock.monotonic();
    const known = this.#answers.get(question);
    if (known && now - known.at < ANSWER_SERVES_MS) return known.answer;
    for (const [old, { at }] of this.#answers) if (now - at >= ANSWER_SERVES_MS) this.#answers.delete(old);
    const answer = ask();
    this.#answers.set(question, { at: now, answer });
    // What failed is asked again.
    answer.catch(() => this.#answers.delete(question));
    return answer;
  }
}
