import { styleText } from 'node:util';
import type { Output } from '../command-line/output.ts';

/** Formats a title over a table: bold on a terminal that shows colours (NO_COLOR turns it off). */
export function heading(text: string): string {
  return styleText('bold', text, { stream: process.stdout });
}

/** Colours a status word: green for good, red for bad, yellow in between; plain without a terminal. */
export function mark(word: string, tone: 'green' | 'red' | 'yellow'): string {
  return styleText(tone, word, { stream: process.stdout });
}

export function writeJson(output: Output, value: unknown): void {
  output.write(`${JSON.stringify(value, null, 2)}\n`);
}
