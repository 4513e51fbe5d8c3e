import { InvalidInputError } from '../core/errors.ts';

/**
 * Parses a base URL, and checks that a token may be sent to it: https, or http on a loopback address.
 * @throws InvalidInputError
 */
export function checkBaseUrl(text: string): URL {
  const field = 'asana-api-url';
  const url = URL.parse(text);
  if (!url) throw new InvalidInputError(field, 'is not a URL. Use one like https://app.asana.com/api/1.0');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new InvalidInputError(
      field,
      'must be an address and a path only, without credentials, query or fragment',
    );
  }
  const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) {
    throw new InvalidInputError(field, 'must be https. Plain http is for loopback addresses only');
  }
  return url;
}
