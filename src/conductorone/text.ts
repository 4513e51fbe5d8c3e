/** protobuf validation rules of ConductorOne's messages: display names have at most 1024 bytes. */
const LONGEST_NAME_BYTES = 1024;

const encoder = new TextEncoder();

/**
 * Returns a display name that fits ConductorOne's rules: valid Unicode, at most 1024 bytes of UTF-8, cut between
 * characters; `fallback` if the trimmed text is empty.
 */
export function displayName(text: string, fallback = ''): string {
  const whole = text.toWellFormed().trim() || fallback;
  // A UTF-16 unit takes three bytes at most.
  if (whole.length * 3 <= LONGEST_NAME_BYTES) return whole;
  return whole.slice(0, encoder.encodeInto(whole, new Uint8Array(LONGEST_NAME_BYTES)).read).trimEnd();
}
