import type { Command } from 'commander';

/**
 * Returns the words to parse: all of them, or, if a command or flag is unknown, only that word after its parent
 * commands, without an attached value. The parser then suggests the correct name, whatever else is missing, and does
 * not print a token that follows a misspelt flag.
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

/** Flags that the parser adds to every command. */
const OF_EVERY_COMMAND: ReadonlySet<string> = new Set(['-h', '--help']);

/** Removes the unknown word from a parser error, unless the parser suggests a command with a similar name. */
export function withoutUnknownWord(text: string): string {
  return text.includes('(Did you mean') ? text : text.replace(/unknown command '[^']*'/, 'unknown command');
}
