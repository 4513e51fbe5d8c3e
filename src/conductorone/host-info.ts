import type { MessageInitShape } from '@bufbuild/protobuf';
import { version } from '../core/version.ts';
import type {
  BatonServiceHelloRequest_BuildInfoSchema,
  BatonServiceHelloRequest_OSInfoSchema,
} from './generated/c1/connectorapi/baton/v1/baton_pb.ts';

/** The machine, as reported by node:os and node:process. */
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

/** Longest value of a field of BuildInfo and OSInfo, by their protobuf validation rules. */
const LONGEST = 256;

/** Describes the software: this program, on this version of Node. */
export function buildInfo(nodeVersion: string): BuildInfo {
  return {
    langVersion: fill(nodeVersion, 'unknown'),
    package: 'asana-connector',
    packageVersion: fill(version, 'unknown'),
  };
}

/**
 * Describes the machine. Registration fails if a field is empty, so every field has a value: as in the Go SDK, platform
 * and platform family stand in for each other, and the kernel version for the platform version.
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
