/** A token names the changes of a hold up to the n-th. */
export interface HoldToken {
  readonly id: string;
  readonly n: number;
}

/** Formats a token as people read and type it, `<id>.<n>`. */
export function formatHoldToken({ id, n }: HoldToken): string {
  return `${id}.${n}`;
}

/** Parses a token; `null` if the text is none. */
export function parseHoldToken(text: string): HoldToken | null {
  const [, id, n] = /^([^.\s]+)\.([1-9]\d{0,14})$/.exec(text) ?? [];
  return id === undefined || n === undefined ? null : { id, n: Number(n) };
}
