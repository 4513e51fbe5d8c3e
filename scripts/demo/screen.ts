import { styleText } from 'node:util';
import { textTable } from '../../src/commands/command-line/text-table.ts';

/** Colour only where somebody looks at it; `NO_COLOR` is honoured by styleText itself. */
const colourful = process.stdout.isTTY;

type Style = Parameters<typeof styleText>[0];

/** `text` in a style on a terminal, as it is elsewhere. */
export function paint(style: Style, text: string): string {
  return colourful ? styleText(style, text) : text;
}

/** A numbered headline of the story. */
export function heading(number: number, title: string): void {
  console.log(`\n${paint(['bold', 'cyan'], `${number}. ${title}`)}`);
}

/** One indented line of prose. */
export function say(line: string): void {
  console.log(`   ${line}`);
}

/** Something a person could have typed themselves. */
export function showCommand(command: string): void {
  console.log(`   ${paint('dim', `$ ${command}`)}`);
}

/** Output of a program, indented under the command that made it. */
export function showOutput(text: string): void {
  for (const line of text.trimEnd().split('\n')) console.log(`   ${line}`);
}

/** A table with its columns as wide as what they hold. */
export function showTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const [titles = '', ...lines] = textTable(header, rows).trimEnd().split('\n');
  say(paint('bold', titles));
  lines.forEach((line, row) => say(rows[row]?.includes('FAILED') ? paint('red', line) : line));
}
