import type { Command } from 'commander';

/**
 * The words to parse: as they are, or, where a command or a flag is unknown, only that one, without what is glued to
 * it or follows it. The parser then names the one that was meant, whatever else is missing; and a token behind a
 * misspelt flag is not repeated.
 */
export function wordsToParse(program: Command, words: readonly string[]): readonly string[] {
  const path: string[] = [];
  let command = program;
  let isValue = false;
  for (const word of words) {
    if (word === '--') break;
    if (isValue) isValue = false;
    else if (word.startsWith('-')) {
      const [, flag = word, glued = ''] = /^(--[\w-]+|-[^-])(.*)$/s.exec(word) ?? [];
      if (OF_EVERY_COMMAND.has(flag)) continue;
      const option = command.options.find(({ short, long }) => short === flag || long === flag);
      if (!option) {
        for (const required of command.options) required.makeOptionMandatory(false);
        return [...path, flag];
      }
      isValue = option.required && glued === '';
    } else {
      if (command.commands.length === 0) continue;
      if (word === 'help') break;
      path.push(word);
      const next = command.commands.find((candidate) => candidate.name() === word);
      if (!next) return path;
      command = next;
    }
  }
  return words;
}

/** Flags that the parser adds by itself. */
const OF_EVERY_COMMAND: ReadonlySet<string> = new Set(['-h', '--help']);

/** What the parser says of a word that is no command; the word itself only where a command has nearly its name. */
export function withoutUnknownWord(text: string): string {
  return text.includes('(Did you mean') ? text : text.replace(/unknown command '[^']*'/, 'unknown command');
}
