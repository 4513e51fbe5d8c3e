/** A container as Kubernetes would run it: read-only root, no capabilities, no new privileges, limited memory. */
export interface ContainerOptions {
  readonly image: string;
  /** Replaces the image's entrypoint. */
  readonly command?: readonly string[];
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** `uid:gid`. Default: the image's own user. */
  readonly user?: string;
  readonly memoryBytes: number;
  /** Files and folders of this machine that it reads, by their path in the container. Only /tmp is writable. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface BuildOptions {
  readonly tag: string;
  /** The folder with the build context. */
  readonly context: string;
  readonly dockerfile: string;
  readonly args: Readonly<Record<string, string>>;
}

/** A container that is prepared but not started. */
export interface PreparedContainer {
  /** The command that runs it in the foreground and passes on its output. */
  readonly run: readonly [program: string, ...args: readonly string[]];
  /** Returns the process id of its program on this machine. */
  readonly processId: () => Promise<number>;
  /** Sends SIGTERM, as the kubelet does. */
  readonly terminate: () => Promise<void>;
  /** Removes the container and all its files. */
  remove(): Promise<void>;
}

/** Builds and runs images on this machine. All containers share the machine's network. */
export interface Engine {
  /** Name and version. */
  readonly title: string;
  /** Whether the image could be pulled from its registry. */
  pull(image: string): Promise<boolean>;
  build(options: BuildOptions): Promise<void>;
  /** Unpacks an image and calls `use` with the path of its root file system, which `use` must only read. */
  withFiles<T>(image: string, use: (root: string) => Promise<T>): Promise<T>;
  prepare(options: ContainerOptions): Promise<PreparedContainer>;
}
