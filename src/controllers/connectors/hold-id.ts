import { randomBytes } from 'node:crypto';

/** Returns a hold id that is short enough to type; 32 random bits, since it is an identifier and not a secret. */
export function newHoldId(): string {
  return randomBytes(4).toString('hex');
}
