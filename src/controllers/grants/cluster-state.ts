import { kinds } from '../../api/kinds.ts';
import { asanaConnectors } from '../../api/resources.ts';
import type { ClusterClient } from '../../kubernetes/client.ts';
import type { ClusterState } from './from-above.ts';

/** The verbs that discovery no longer offers for a CRD that is being deleted. */
const VERBS_OF_A_STANDING_KIND = ['create', 'update'];

/** Asks the API server about the connector, the namespace and the CRDs of a grant. */
export class LiveClusterState implements ClusterState {
  readonly #client: ClusterClient;
  readonly #answers = new Map<string, Promise<boolean>>();

  constructor(client: ClusterClient) {
    this.#client = client;
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
      const verbs = await Promise.all(kinds.map(({ names }) => this.#client.verbs(names)));
      return verbs.some((offered) => !VERBS_OF_A_STANDING_KIND.every((verb) => offered?.includes(verb)));
    });
  }

  /** Shares a request in flight, for example between ten thousand grants deleted together; no answer is cached. */
  #once(question: string, ask: () => Promise<boolean>): Promise<boolean> {
    const known = this.#answers.get(question);
    if (known) return known;
    const answer = ask().finally(() => this.#answers.delete(question));
    this.#answers.set(question, answer);
    return answer;
  }
}
