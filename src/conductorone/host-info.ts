import type { MessageInitShape } from '@bufbuild/protobuf';
import { version } from '../core/version.ts';
import type {
  BatonServiceHelloRequest_BuildInfoSchema,
  BatonServiceHelloRequest_OSInfoSchema,
} from './generated/c1/connectorapi/baton/v1/baton_pb.ts';

/** The machine, in the words of node:os and node:process. */
export interface Machine {
  /** `os.hostname()`. */
  readonly hostname: string;
  /** `process.platform`. */
  readonly platform: string;
  /** `os.release()`. */
  readonly release: string;
  /** `os.machine()`. */
  readonly architecture: string;
}

export type BuildInfo = MessageInitShape<typeof BatonServiceHelloRequest_BuildInfoSchema>;
export type OsInfo = MessageInitShape<typeof BatonServiceHelloRequest_OSInfoSchema>;

/** protobuf validation rule of every field of BuildInfo and OSInfo. */
const LONGEST = 256;

/** What runs here: this program, on this version of Node. */
export function buildInfo(nodeVersion: string): BuildInfo {
  return {
    langVersion: fill(nodeVersion, 'unknown'),
    package: 'asana-connector',
    packageVersion: fill(version, 'unknown'),
  };
}

/**
 * Where it runs. Registration fails when one field is empty, so each has something to say: as in the Go SDK the
 * platform and its family stand in for each other, and the kernel's version for the platform's.
 */
export function osInfo({ hostname, platform, release, architecture }: Machine): OsInfo {
  const os = fill(platform, 'unknown');
  const kernel = fill(release, 'unknown');
  return {
    hostname: fill(hostname, 'unknown'),
    os,
    platform: os,
    platformVersion: kernel,
    platformFamily: os,
    kernelVersion: kernel,
    kernelArch: fill(architecture, 'unknown'),
    virtualizationSystem: 'none',
  };
}

function fill(text: string, otherwise: string): string {
  return text.trim().slice(0, LONGEST).toWellFormed() || otherwise;
}
