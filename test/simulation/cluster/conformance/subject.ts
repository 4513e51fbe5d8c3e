import type { ClusterClient } from '../../../../src/kubernetes/client.ts';
import type { KubernetesObject } from '../../../../src/kubernetes/resource.ts';
import type { Manifest, MergePatch } from '../simulated-cluster.ts';

/** The cluster that a script of the conformance table works on: the simulated one or a real one. */
export interface Subject {
  readonly client: ClusterClient;
  /** A namespace of this script alone, and the prefix of others that it creates. */
  readonly namespace: string;
  apply(manifest: Manifest): Promise<KubernetesObject>;
  edit(kind: string, name: string, patch: MergePatch): Promise<KubernetesObject>;
  remove(kind: string, name: string): Promise<void>;
  createNamespace(name: string): Promise<void>;
  removeNamespace(name: string): Promise<void>;
  removeKind(kind: string): Promise<void>;
  /** Resolves once the kind is served. */
  installKind(kind: string): Promise<void>;
  putSecret(name: string, data: Record<string, string>): Promise<void>;
  removeSecret(name: string): Promise<void>;
  /** Makes everything written so far too old to be read. */
  compact(): Promise<void>;
  sleep(ms: number): Promise<void>;
}

/** One script, and what every cluster must answer. */
export interface Row {
  /** A fact about API servers. */
  readonly name: string;
  /** Makes calls and returns what was seen of their answers, which is normalised before it is compared. */
  script(subject: Subject): Promise<unknown>;
  readonly expected: unknown;
}
