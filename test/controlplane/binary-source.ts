/** The release the control plane comes from; `programs/go.mod` names the same (a test compares). */
export const KUBERNETES_VERSION = '1.36.3';
export const ETCD_VERSION = '3.6.16';

export type Program = 'etcd' | 'kube-apiserver' | 'kube-controller-manager';

/** Takes a line about what is going on while somebody waits. */
export type Report = (line: string) => void;

/** One way of coming by the programs. */
export interface BinarySource {
  readonly name: string;
  /** Paths of those of `missing` it can give; throws when it cannot give any, saying why. */
  find(missing: readonly Program[]): Promise<ReadonlyMap<Program, string>>;
}
