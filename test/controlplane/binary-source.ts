/** The release of the control plane; a test compares it with `programs/go.mod`. */
export const KUBERNETES_VERSION = '1.36.3';
export const ETCD_VERSION = '3.6.16';

export type Program = 'etcd' | 'kube-apiserver' | 'kube-controller-manager';

/** Receives a progress line for a waiting user. */
export type Report = (line: string) => void;

/** One way to get the programs. */
export interface BinarySource {
  readonly name: string;
  /** Returns the paths of those `missing` programs that it has. @throws Error with the cause if it has none */
  find(missing: readonly Program[]): Promise<ReadonlyMap<Program, string>>;
}
