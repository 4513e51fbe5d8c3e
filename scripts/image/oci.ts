import type { ContainerOptions } from './engine.ts';

/** The fields of an image's configuration that are used to start it (OCI image specification, `config`). */
export interface ImageConfiguration {
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly WorkingDir?: string;
}

const SCRATCH = ['nosuid', 'nodev'];
const SYSTEM = [...SCRATCH, 'noexec'];

/** The namespaces of a container. The network is shared: it calls an API server and a sandbox on loopback. */
const NAMESPACES = ['pid', 'ipc', 'uts', 'mount', 'cgroup'];

/** The files that the kubelet gives every container besides its volumes. */
const MACHINE_FILES = ['/etc/hosts', '/etc/resolv.conf'];

/** Returns the OCI runtime configuration of a container, as the kubelet requests it from containerd. */
export function containerConfiguration(
  image: ImageConfiguration,
  { command, args, environment, user, memoryBytes, files = {} }: ContainerOptions,
  root: string,
): object {
  const [uid, gid] = (user ?? image.User ?? '0').split(':').map(Number);
  const none: string[] = [];
  const machineFiles = MACHINE_FILES.map((path) => [path, path] as const);
  return {
    ociVersion: '1.0.2',
    root: { path: root, readonly: true },
    hostname: 'asana-connector',
    process: {
      terminal: false,
      user: { uid, gid: gid ?? 0 },
      args: [...(command ?? image.Entrypoint ?? []), ...args],
      env: [...(image.Env ?? []), ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)],
      cwd: image.WorkingDir || '/',
      noNewPrivileges: true,
      capabilities: { bounding: none, effective: none, inheritable: none, permitted: none, ambient: none },
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: SYSTEM },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=64k'] },
      { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...SYSTEM, 'size=64m'] },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...SYSTEM, 'ro'] },
      { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: [...SCRATCH, 'mode=1777'] },
      ...[...machineFiles, ...Object.entries(files)].map(([destination, source]) => ({
        destination,
        type: 'bind',
        source,
        options: ['rbind', 'ro', ...SYSTEM],
      })),
    ],
    linux: {
      namespaces: NAMESPACES.map((type) => ({ type })),
      resources: {
        devices: [{ allow: false, access: 'rwm' }],
        memory: { limit: memoryBytes, swap: memoryBytes },
      },
      maskedPaths: ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/sys/firmware'],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
}
