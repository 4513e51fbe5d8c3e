/** Second 0 of a KSUID: 2014-05-13T16:53:20Z (github.com/segmentio/ksuid). */
const EPOCH_S = 1_400_000_000;

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const LENGTH = 27;

/** Number of random bytes in a KSUID. */
export const KSUID_RANDOM_BYTES = 16;

/**
 * Returns an id that sorts by time: four bytes of seconds and sixteen random ones, in 27 characters of base 62.
 * @param now epoch milliseconds
 */
export function ksuid(now: number, random: Uint8Array): string {
  const seconds = BigInt(Math.floor(now / 1000) - EPOCH_S);
  let rest =
    (seconds << 128n) | BigInt(`0x${Buffer.from(random.subarray(0, KSUID_RANDOM_BYTES)).toString('hex')}`);
  let text = '';
  for (let position = 0; position < LENGTH; position += 1) {
    text = DIGITS.charAt(Number(rest % 62n)) + text;
    rest /= 62n;
  }
  return text;
}

/** Returns when a KSUID was created, in whole seconds since the epoch; `null` if the id is not a KSUID. */
export function ksuidSeconds(id: string): number | null {
  if (!/^[0-9A-Za-z]{27}$/.test(id)) return null;
  let value = 0n;
  for (const digit of id) value = value * 62n + BigInt(DIGITS.indexOf(digit));
  return Number(value >> 128n) + EPOCH_S;
}
