import { InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../api/duration.ts';
import { parseGoBool } from '../baton-settings/go-bool.ts';

/** A flag that takes a Go duration (`15s`, `1h30m`); its value is milliseconds. */
export function durationOption(flags: string, description: string, defaultText: string): Option {
  return new Option(flags, description)
    .argParser(readDuration)
    .default(readDuration(defaultText), defaultText);
}

/** A flag that takes a whole number within bounds. */
export function integerOption(
  flags: string,
  description: string,
  bounds: { min: number; max: number },
): Option {
  return new Option(flags, description).argParser((text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < bounds.min || value > bounds.max) {
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
  return new Option(`${flag} [boolean]`, description).argParser((text) => {
    const value = parseGoBool(text);
    if (value === null) throw new InvalidArgumentError('It must be true or false.');
    return value;
  });
}

/** A flag that may be repeated; its variable holds the same values with commas between them. */
export function listOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string, previous: unknown) => [
    ...(Array.isArray(previous) ? previous : []),
    ...text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  ]);
}

/** A flag that may be repeated; a path may hold a comma. */
export function pathsOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string, previous: unknown) => [
    ...(Array.isArray(previous) ? (previous as string[]) : []),
    text,
  ]);
}

function readDuration(text: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw new InvalidArgumentError('It must be a duration such as 15s, 2m or 1h30m.');
  return ms;
}
