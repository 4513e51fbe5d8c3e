import { CodedError } from '../../core/errors.ts';
import { readConfigFile } from '../baton-settings/config-file.ts';
import { type Flags, readSettings } from '../baton-settings/read-settings.ts';

/** The pages of the health server. */
export type HealthEndpoint = 'health' | 'ready' | 'live';

export interface HealthQuestion {
  readonly endpoint: HealthEndpoint;
  /** How long to wait for the response. */
  readonly timeoutMs: number;
  /** The other flags of the command line. */
  readonly flags: Flags;
}

/** The connector is unhealthy, or does not run. */
class UnhealthyError extends CodedError {
  constructor(message: string, cause?: unknown) {
    super('Unhealthy', 'transient', message, { cause });
  }
}

/**
 * Checks an endpoint of the health server that the settings describe.
 * @throws UnhealthyError, InvalidInputError
 */
export async function checkHealth(
  { endpoint, timeoutMs, flags }: HealthQuestion,
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<void> {
  const file = await readConfigFile(environment);
  const settings = readSettings(['health'], { flags, environment, file });
  const url = `http://${reachable(settings.healthCheckBindAddress)}:${settings.healthCheckPort}/${endpoint}`;
  let status: number;
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    ({ status } = response);
    await response.body?.cancel();
  } catch (cause) {
    throw new UnhealthyError(
      `${url} did not respond within ${timeoutMs / 1000} s. Check that the connector runs with --health-check.`,
      cause,
    );
  }
  if (status !== 200)
    throw new UnhealthyError(`${url} returned status ${status}. See the log of the connector.`);
}

/** Returns the host for the URL: loopback if the server listens on all addresses; IPv6 addresses in brackets. */
function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  if (address === '::') return '[::1]';
  return address.includes(':') ? `[${address}]` : address;
}
