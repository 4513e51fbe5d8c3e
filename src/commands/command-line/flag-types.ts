import { InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../api/duration.ts';
import { parseGoBool } from '../baton-settings/go-bool.ts';

/** A flag that treats an empty environment variable as unset: charts and scripts write unset values as empty ones. */
class FlagOption extends Option {
  override env(name: string): this {
    return process.env[name] === '' ? this : super.env(name);
  }
}

/** Returns a flag that takes a Go duration (`15s`, `1h30m`). Its value is in milliseconds. */
export function durationOption(flags: string, description: string, defaultText: string): Option {
  return new FlagOption(flags, description)
    .argParser(readDuration)
    .default(readDuration(defaultText), defaultText);
}

/** Returns a flag that takes an integer within bounds. */
export function integerOption(
  flags: string,
  description: string,
  bounds: { min: number; max: number },
): Option {
  return new FlagOption(flags, description).argParser((text) => {
    const value = Number(text);
    // Number('') is 0, which often means "no limit".
    if (!/^\d+$/.test(text) || value < bounds.min || value > bounds.max) {
      throw new InvalidArgumentError(`It must be a whole number from ${bounds.min} to ${bounds.max}.`);
    }
    return value;
  });
}

/**
 * Returns a flag that means true without a value, and also takes true or false, like its variable. For a flag that
 * takes no value, commander ignores the text of the variable: any text, even `false`, would mean true.
 */
export function booleanOption(flag: string, description: string): Option {
  return new FlagOption(`${flag} [boolean]`, description).argParser((text) => {
    const value = parseGoBool(text);
    if (value === null) throw new InvalidArgumentError('It must be true or false.');
    return value;
  });
}

/** Returns a flag that takes one of these values. */
export function choiceOption(flags: string, description: string, choices: readonly string[]): Option {
  return new FlagOption(flags, description).choices(choices);
}

/** Returns a flag that takes a name, such as a namespace. An empty one, as of an unset shell variable, is rejected. */
export function nameOption(flags: string, description: string): Option {
  return new FlagOption(flags, description).argParser(readFilled);
}

/** Returns a repeatable flag. The flag and its variable take comma-separated values. An empty text is an empty list. */
export function listOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string, previous: unknown) => [
    ...(Array.isArray(previous) ? (previous as string[]) : []),
    ...itemsOf(text),
  ]);
}

/** Returns a flag like `listOption` that rejects an empty list: only an absent flag means all namespaces. */
export function namespacesOption(flags: string, description: string): Option {
  return new FlagOption(flags, description).argParser((text: string, previous: unknown) => {
    const items = itemsOf(text);
    if (items.length === 0) throw new InvalidArgumentError(EMPTY);
    return [...(Array.isArray(previous) ? (previous as string[]) : []), ...items];
  });
}

/** Returns a repeatable flag that takes a path. Its values are not split, because a path may contain a comma. */
export function pathsOption(flags: string, description: string): Option {
  return new FlagOption(flags, description).argParser((text: string, previous: unknown) => [
    ...(Array.isArray(previous) ? (previous as string[]) : []),
    readFilled(text),
  ]);
}

const EMPTY = 'It must not be empty.';

function itemsOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function readFilled(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError(EMPTY);
  return text;
}

function readDuration(text: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw new InvalidArgumentError('It must be a duration such as 15s, 2m or 1h30m.');
  return ms;
}
