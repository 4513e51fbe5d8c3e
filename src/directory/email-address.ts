import { isHostName } from '../core/host-name.ts';

/** An atom of RFC 5322's dot-atom, or non-ASCII text: nothing that would need quotes. */
const ATOM = /^[^\s\p{Cc}@<>"(),:;[\\\]]+$/u;

/**
 * Whether Asana and ConductorOne accept an address, by protoc-gen-validate's rule for `email`: atoms separated by
 * single dots, an `@` and a host name; at most 254 bytes, 64 of them before the `@`.
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

/** Returns a canonical form of an address: Unicode composition and case do not matter. */
export function foldAddress(address: string): string {
  return address.normalize('NFC').toLowerCase();
}
