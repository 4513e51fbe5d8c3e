/** What a token names: the changes of a hold up to the n-th. */
export interface HoldToken {
  readonly id: string;
  readonly n: number;
}

/** As people read and type it, `<id>.<n>`. */
export function formatHoldToken({ id, n }: HoldToken): string {
  return `${id}.${n}`;
}

/** Null if the text is no token. */
export function parseHoldToken(text: string): HoldToken | null {
  const [, id, n] = /^([^.\s]+)\.([1-9]\d{0,14})$/.exec(text) ?? [];
  return id === undefined || n === undefined ? null : { id, n: Number(n) };
}
