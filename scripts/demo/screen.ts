import { styleText } from 'node:util';
import { textTable } from '../../src/commands/command-line/text-table.ts';

/** Colours are used only on a terminal; styleText itself honours `NO_COLOR`. */
const colourful = process.stdout.isTTY;

type Style = Parameters<typeof styleText>[0];

/** Returns `text` in a style on a terminal, and unchanged elsewhere. */
export function paint(style: Style, text: string): string {
  return colourful ? styleText(style, text) : text;
}

/** Prints a numbered headline of the story. */
export function heading(number: number, title: string): void {
  console.log(`\n${paint(['bold', 'cyan'], `${number}. ${title}`)}`);
}

/** Prints one indented line of prose. */
export function say(line: string): void {
  console.log(`   ${line}`);
}

/** Prints a command that a person could have typed. */
export function showCommand(command: string): void {
  console.log(`   ${paint('dim', `$ ${command}`)}`);
}

/** Prints the output of a program, indented under its command. */
export function showOutput(text: string): void {
  for (const line of text.trimEnd().split('\n')) console.log(`   ${line}`);
}

/** Prints a table with columns as wide as their contents. */
export function showTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const [titles = '', ...lines] = textTable(header, rows).trimEnd().split('\n');
  say(paint('bold', titles));
  lines.forEach((line, row) => say(rows[row]?.includes('FAILED') ? paint('red', line) : line));
}
