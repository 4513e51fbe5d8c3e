import { BlockList, isIP } from 'node:net';
import { InvalidInputError } from './errors.ts';
import { Redacted } from './redacted.ts';

/** An HTTP proxy that opens tunnels (CONNECT, RFC 9110 §9.3.6). */
export interface Proxy {
  /** The variable that names it, as it is spelt in the environment. */
  readonly variable: string;
  /** Its address in full, with what it holds of user and password. */
  readonly url: Redacted;
  /** The connection with the proxy itself is under TLS. */
  readonly secure: boolean;
  /** Host name or address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Value of `Proxy-Authorization`; null for a proxy without credentials. */
  readonly authorization: Redacted | null;
}

/** Where a connection leads, whatever its path. */
export interface Destination {
  /** `https://host[:port]`. */
  readonly origin: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy on the way to a host, null for none, by the rules of Go's net/http and grpc-go (package
 * golang.org/x/net/http/httpproxy): `HTTPS_PROXY` and `NO_PROXY`, or else their lower-case names; never for loopback.
 * @throws InvalidInputError for a proxy that is no http or https URL; its value, which may hold a password, is not shown
 */
export function proxyFor(destination: Destination, environment: Environment): Proxy | null {
  const variable = ['HTTPS_PROXY', 'https_proxy'].find((name) => environment[name]);
  if (variable === undefined) return null;
  const proxy = parseProxy(variable, environment[variable] ?? '');
  const { host, port } = addressOf(destination);
  const exceptions = environment['NO_PROXY'] || environment['no_proxy'] || '';
  return isLoopback(host) || isExcepted(host, port, exceptions) ? null : proxy;
}

/** Its host and port; an IPv6 address without its brackets. */
export function addressOf({ origin }: Destination): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(origin);
  return { host: bare(hostname), port: Number(port || '443') };
}

function parseProxy(variable: string, value: string): Proxy {
  // Go takes host:port for http://host:port.
  const text = value.includes('://') ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  const secure = url?.protocol === 'https:';
  if (!url || !(secure || url.protocol === 'http:')) {
    throw new InvalidInputError(
      variable,
      'must be the URL of an HTTP proxy, http://host:port or https://host:port (SOCKS is not supported): correct or unset it',
    );
  }
  return {
    variable,
    url: new Redacted(url.href),
    secure,
    host: bare(url.hostname),
    port: Number(url.port || (secure ? '443' : '80')),
    authorization: authorizationOf(variable, url),
  };
}

function authorizationOf(variable: string, { username, password }: URL): Redacted | null {
  if (username === '' && password === '') return null;
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return new Redacted(`Basic ${Buffer.from(credentials).toString('base64')}`);
  } catch {
    // The error of decodeURIComponent says no more.
    throw new InvalidInputError(
      variable,
      'user and password must be percent-encoded: write a percent sign as %25',
    );
  }
}

function isLoopback(host: string): boolean {
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8);
  loopback.addAddress('::1', 'ipv6');
  return host === 'localhost' || holds(loopback, host);
}

/** An entry is `*`, an address, a network, a domain and what is below it, or with a dot before it only what is below; most take `:port`. */
function isExcepted(host: string, port: number, exceptions: string): boolean {
  // Go separates with commas, curl takes white space too.
  return exceptions
    .toLowerCase()
    .split(/[,\s]+/)
    .some((entry) => entry !== '' && matches(entry, host, port));
}

function matches(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isInNetwork(entry, host);
  const [, name = entry, only] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [];
  if (only !== undefined && Number(only) !== port) return false;
  const pattern = bare(name);
  if (isIP(pattern)) return isInNetwork(`${pattern}/${isIP(pattern) === 4 ? 32 : 128}`, host);
  const domain = pattern.replace(/^\*?\./, '');
  return domain !== '' && (host.endsWith(`.${domain}`) || (host === domain && domain === pattern));
}

function isInNetwork(network: string, host: string): boolean {
  const [, address = '', prefix = ''] = /^([^/]*)\/(\d{1,3})$/.exec(network) ?? [];
  const family = isIP(address);
  if (family === 0 || Number(prefix) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6');
  return holds(list, host);
}

function holds(list: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}
