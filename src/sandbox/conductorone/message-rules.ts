import type { Any } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';

/** Maximum number of annotations in one list. */
const MOST_ANNOTATIONS = 16;
const ID = /^[0-9A-Za-z]{27}$/;

/** Returns the error for a message that breaks a rule of its proto: InvalidArgument, naming the field. */
export function invalid(field: string, rule: string): ConnectError {
  return new ConnectError(`${field}: ${rule}`, Code.InvalidArgument);
}

/** Checks the length of a text in characters. */
export function checkText(field: string, value: string, { min, max }: { min: number; max: number }): void {
  const { length } = Array.from(value);
  if (length < min || length > max) throw invalid(field, `must have ${min} to ${max} characters`);
}

/** Checks the length of a text in bytes of UTF-8. */
export function checkBytes(field: string, value: string, { min, max }: { min: number; max: number }): void {
  const length = Buffer.byteLength(value);
  if (length < min || length > max) throw invalid(field, `must have ${min} to ${max} bytes`);
}

export function checkHostId(value: string): void {
  checkText('host_id', value, { min: 1, max: 256 });
}

/** Checks that the value is a KSUID. */
export function checkTaskId(value: string): void {
  if (!ID.test(value)) throw invalid('task_id', 'must be 27 letters and digits');
}

export function checkAnnotations(field: string, annotations: readonly Any[]): void {
  if (annotations.length > MOST_ANNOTATIONS) throw invalid(field, `must have at most ${MOST_ANNOTATIONS}`);
  for (const [index, { typeUrl }] of annotations.entries()) {
    if (!/^type\.googleapis\.com\/[\w.]+$/.test(typeUrl))
      throw invalid(`${field}[${index}].type_url`, 'must be type.googleapis.com/ and the name of a message');
  }
}

/**
 * Whether protobuf validation accepts an address (protoc-gen-validate, `email`): RFC 5322's dot-atom or characters
 * beyond ASCII, and a host name; at most 254 bytes, 64 of them before the @.
 */
export function isAddress(address: string): boolean {
  const at = address.lastIndexOf('@');
  const local = address.slice(0, Math.max(0, at));
  return (
    Buffer.byteLength(address) <= 254 &&
    Buffer.byteLength(local) <= 64 &&
    local.split('.').every((atom) => /^[^\s\p{Cc}@<>"(),:;[\\\]]+$/u.test(atom)) &&
    address
      .slice(at + 1)
      .split('.')
      .every((label) => /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/i.test(label))
  );
}

/** Whether the text is a valid URL with https. */
export function isHttps(url: string): boolean {
  return url.startsWith('https://') && URL.canParse(url);
}
