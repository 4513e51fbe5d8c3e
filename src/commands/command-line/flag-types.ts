import { InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../api/duration.ts';
import { parseGoBool } from '../baton-settings/go-bool.ts';

/** A flag whose variable, where it is empty, is as if it were not there: charts and scripts write what is unset so. */
class FlagOption extends Option {
  override env(name: string): this {
    return process.env[name] === '' ? this : super.env(name);
  }
}

/** A flag that takes a Go duration (`15s`, `1h30m`); its value is milliseconds. */
export function durationOption(flags: string, description: string, defaultText: string): Option {
  return new FlagOption(flags, description)
    .argParser(readDuration)
    .default(readDuration(defaultText), defaultText);
}

/** A flag that takes a whole number within bounds. */
export function integerOption(
  flags: string,
  description: string,
  bounds: { min: number; max: number },
): Option {
  return new FlagOption(flags, description).argParser((text) => {
    const value = Number(text);
    // An empty text, too, is a number to JavaScript: 0, which often means no limit.
    if (!/^\d+$/.test(text) || value < bounds.min || value > bounds.max) {
      throw new InvalidArgumentError(`It must be a whole number from ${bounds.min} to ${bounds.max}.`);
    }
    return value;
  });
}

/**
 * A flag that means true when it stands alone, and may say true or false, as its variable does. Commander does not look at
 * the variable of a flag without a value: that it is set would mean true, whatever it says.
 */
export function booleanOption(flag: string, description: string): Option {
  return new FlagOption(`${flag} [boolean]`, description).argParser((text) => {
    const value = parseGoBool(text);
    if (value === null) throw new InvalidArgumentError('It must be true or false.');
    return value;
  });
}

/** A flag that takes a name, such as that of a namespace: an empty one is a variable of a script that was not set. */
export function nameOption(flags: string, description: string): Option {
  return new FlagOption(flags, description).argParser(readFilled);
}

/** A flag that may be repeated; its variable holds the same values with commas between them. An empty text is an empty list. */
export function listOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string, previous: unknown) => [
    ...(Array.isArray(previous) ? (previous as string[]) : []),
    ...itemsOf(text),
  ]);
}

/** As `listOption`, for namespaces: without the flag all are meant, so that an empty one must not be taken for that. */
export function namespacesOption(flags: string, description: string): Option {
  return new FlagOption(flags, description).argParser((text: string, previous: unknown) => {
    const items = itemsOf(text);
    if (items.length === 0) throw new InvalidArgumentError(EMPTY);
    return [...(Array.isArray(previous) ? (previous as string[]) : []), ...items];
  });
}

/** A flag that may be repeated; a path may hold a comma. */
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
