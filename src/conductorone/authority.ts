import { isIP } from 'node:net';
import { InvalidInputError } from '../core/errors.ts';
import { isHostName } from '../core/host-name.ts';

/**
 * Splits `host[:port]` into host and port (443 by default). An IPv6 address is in brackets.
 * @throws InvalidInputError if it contains anything else: a path, user information, white space
 */
export function splitAuthority(
  field: string,
  authority: string,
): { readonly host: string; readonly port: number } {
  const [, host = '', port = '443'] =
    /^(\[[0-9a-f:.]{2,45}\]|[^:]{1,253})(?::(\d{1,5}))?$/i.exec(authority) ?? [];
  const bare = host.replace(/^\[|\]$/g, '');
  if (
    (isHostName(host) || (host !== bare && isIP(bare) === 6)) &&
    Number(port) >= 1 &&
    Number(port) <= 65_535
  ) {
    return { host, port: Number(port) };
  }
  throw new InvalidInputError(field, 'must name a host, or host:port, such as acme.conductor.one');
}
