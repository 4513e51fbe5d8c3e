import type { Random } from '../../src/core/clock.ts';
import { chance, pick } from '../simulation/random.ts';

/** Values that often break decoders. */
const ODD: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  2 ** 53,
  1e308,
  '',
  ' ',
  '0',
  'true',
  '\u0000',
  'a\ud800',
  '👩'.repeat(200),
  'x'.repeat(5000),
  '__proto__',
  '2026-02-30T25:61:61Z',
  'team:1:Team Member',
  'a:user:b',
  'Ann@Acme.example',
  'a@b@c',
  [],
  {},
  [[]],
  [null],
];
const ODD_KEYS = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', ''];

/** Returns a mutated copy of a JSON value: one or more places get odd values, or values from the donor. */
export function mutate(value: unknown, donor: unknown, random: Random): unknown {
  let changed: unknown = structuredClone(value);
  do changed = change(changed, donor, random);
  while (chance(random, 0.4));
  return changed;
}

function change(value: unknown, donor: unknown, random: Random): unknown {
  if (typeof value !== 'object' || value === null || chance(random, 0.1))
    return replace(value, donor, random);
  const keys = Object.keys(value);
  const fields = value as Record<string, unknown>;
  if (Array.isArray(value) && (value.length === 0 || chance(random, 0.2))) {
    if (chance(random, 0.5)) value.push(structuredClone(pick(random, [...value, ...ODD])));
    else value.splice(Math.floor(random() * value.length), 1);
    return value;
  }
  if (keys.length === 0 || (!Array.isArray(value) && chance(random, 0.1))) {
    define(fields, pick(random, [...ODD_KEYS, ...keysOf(donor)]), pick(random, [...ODD, donor]));
    return value;
  }
  const key = pick(random, keys);
  if (!Array.isArray(value) && chance(random, 0.15)) delete fields[key];
  else define(fields, key, change(fields[key], donor, random));
  return value;
}

/** Defines an own field even if its name is special to assignment, such as `__proto__`; JSON.parse does the same. */
function define(fields: Record<string, unknown>, name: string, value: unknown): void {
  const own = {
    value: structuredClone(value),
    writable: true,
    enumerable: true,
    configurable: true,
  };
  Object.defineProperty(fields, name, own);
}

function replace(value: unknown, donor: unknown, random: Random): unknown {
  if (typeof value === 'string' && chance(random, 0.6)) return changeText(value, random);
  return structuredClone(chance(random, 0.3) ? donor : pick(random, ODD));
}

function changeText(text: string, random: Random): string {
  const at = Math.floor(random() * (text.length + 1));
  if (chance(random, 0.3)) return text.slice(0, at);
  if (chance(random, 0.3)) return text + text.slice(at);
  return text.slice(0, at) + String.fromCharCode(Math.floor(random() * 0x250)) + text.slice(at + 1);
}

function keysOf(value: unknown): string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}
