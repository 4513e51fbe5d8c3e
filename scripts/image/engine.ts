/** One container as Kubernetes would run it: read-only root, no capability, no new privileges, a bounded memory. */
export interface ContainerOptions {
  readonly image: string;
  /** Replaces the image's entrypoint. */
  readonly command?: readonly string[];
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** `uid:gid`; the image's own where there is none. */
  readonly user?: string;
  readonly memoryBytes: number;
  /** Files and folders of this machine that it reads, by where they are in the container. Only /tmp is written to. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface BuildOptions {
  readonly tag: string;
  /** The folder that is the build's context. */
  readonly context: string;
  readonly dockerfile: string;
  readonly args: Readonly<Record<string, string>>;
}

/** A container that was prepared and not yet started. */
export interface PreparedContainer {
  /** Runs it in the foreground: its output is this program's. */
  readonly run: readonly [program: string, ...args: readonly string[]];
  /** The process id of its program on this machine. */
  readonly processId: () => Promise<number>;
  /** Sends SIGTERM, as the kubelet does. */
  readonly terminate: () => Promise<void>;
  /** Leaves nothing behind. */
  remove(): Promise<void>;
}

/** What builds and runs images on this machine. All containers share the machine's network. */
export interface Engine {
  /** Its name and version. */
  readonly title: string;
  /** Whether the image could be had from its registry. */
  pull(image: string): Promise<boolean>;
  build(options: BuildOptions): Promise<void>;
  /** Unpacks an image; the path of its root file system, which `use` only reads. */
  withFiles<T>(image: string, use: (root: string) => Promise<T>): Promise<T>;
  prepare(options: ContainerOptions): Promise<PreparedContainer>;
}
