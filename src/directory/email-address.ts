import { isHostName } from '../core/host-name.ts';

/** A piece of RFC 5322's dot-atom, or text beyond ASCII: nothing that would need quotes. */
const ATOM = /^[^\s\p{Cc}@<>"(),:;[\\\]]+$/u;

/**
 * True for an address that Asana and ConductorOne take, by the rule of protoc-gen-validate for `email`: atoms with
 * single dots between them, an `@` and a host name; 254 bytes, 64 of them before the `@`.
 */
export function isEmailAddress(text: string): boolean {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, Math.max(at, 0));
  return (
    text.isWellFormed() &&
    Buffer.byteLength(text) <= 254 &&
    Buffer.byteLength(local) <= 64 &&
    local.split('.').every((atom) => ATOM.test(atom)) &&
    isHostName(text.slice(at + 1))
  );
}

/** Two spellings of one address are the same: composed or not, in whatever case. */
export function foldAddress(address: string): string {
  return address.normalize('NFC').toLowerCase();
}
