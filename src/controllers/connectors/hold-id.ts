import { randomBytes } from 'node:crypto';

/** A word short enough to type that names one hold; 32 random bits, since it is compared, not guarded. */
export function newHoldId(): string {
  return randomBytes(4).toString('hex');
}
