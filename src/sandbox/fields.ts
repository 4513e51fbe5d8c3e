import type { Directory } from './directory.ts';
import type { Workspace } from './records.ts';
import { badRequest } from './refusal.ts';

/** Selected names, each with the selection below it; empty = nothing selected below. */
export type Selection = ReadonlyMap<string, Selection>;

/** The caller: some fields show only what the caller may see. */
export interface Viewer {
  readonly directory: Directory;
  seesWorkspace(workspace: Workspace): boolean;
}

/** A function that renders one record as JSON. */
export type Render<T> = (record: T, viewer: Viewer) => Record<string, unknown>;

/** A field: takes the selection below it and returns the function that reads its value. */
export type Field<T> = (below: Selection) => (record: T, viewer: Viewer) => unknown;

/** How records of one type are rendered: all their fields, and the default fields of listings and of single reads. */
export interface Resource<T> {
  readonly type: string;
  readonly fields: Readonly<Record<string, Field<T>>>;
  readonly compact: string;
  readonly full: string;
}

/** Groups multiply; an expression that expands to more paths is refused. */
const MOST_PATHS = 500;

/** Number of parsed field lists that are cached; clients use a handful. */
const MOST_KEPT = 200;

/** Compiles `opt_fields` into functions that render records. Each field list is parsed once. */
export class FieldCompiler {
  readonly #read = new Map<string, Selection>();

  /**
   * Returns a function that renders records with the fields `asked` for, otherwise with the default ones of the
   * resource. Unknown fields are ignored; `gid` is always there.
   */
  render<T extends { readonly gid: string }>(
    resource: Resource<T>,
    asked: string | undefined,
    unasked: 'compact' | 'full',
  ): Render<T> {
    return compile(resource, this.#selection(asked ?? resource[unasked]));
  }

  #selection(text: string): Selection {
    const known = this.#read.get(text);
    if (known !== undefined) return known;
    const selection = parseFields(text);
    if (this.#read.size >= MOST_KEPT) this.#read.clear();
    this.#read.set(text, selection);
    return selection;
  }
}

/** Returns a field with the value that `get` returns. */
export function value<T>(get: (record: T, viewer: Viewer) => unknown): Field<T> {
  return () => get;
}

/** Returns a field that holds an object other than a resource: all of it, or the selected members. */
export function object<T>(get: (record: T, viewer: Viewer) => Record<string, unknown> | null): Field<T> {
  return (below) => (record, viewer) => {
    const whole = get(record, viewer);
    if (whole === null || below.size === 0) return whole;
    return Object.fromEntries(Object.entries(whole).filter(([name]) => below.has(name)));
  };
}

/** Returns a field that holds another resource. Selected without anything below it, it is a bare reference. */
export function one<T, U extends { readonly gid: string }>(
  resource: () => Resource<U>,
  get: (record: T, viewer: Viewer) => U,
): Field<T> {
  return (below) => {
    const render = compile(resource(), below.size === 0 ? reference : below);
    return (record, viewer) => render(get(record, viewer), viewer);
  };
}

/** Returns a field that holds several resources. */
export function many<T, U extends { readonly gid: string }>(
  resource: () => Resource<U>,
  get: (record: T, viewer: Viewer) => readonly U[],
): Field<T> {
  return (below) => {
    const render = compile(resource(), below.size === 0 ? reference : below);
    return (record, viewer) => get(record, viewer).map((nested) => render(nested, viewer));
  };
}

const reference: Selection = new Map([['resource_type', new Map()]]);

function compile<T extends { readonly gid: string }>(resource: Resource<T>, selection: Selection): Render<T> {
  const getters: [string, (record: T, viewer: Viewer) => unknown][] = [];
  for (const [name, below] of selection) {
    if (name === 'resource_type') getters.push([name, () => resource.type]);
    else if (Object.hasOwn(resource.fields, name)) {
      const field = resource.fields[name];
      if (field !== undefined) getters.push([name, field(below)]);
    }
  }
  return (record, viewer) => {
    const json: Record<string, unknown> = { gid: record.gid };
    for (const [name, get] of getters) json[name] = get(record, viewer);
    return json;
  };
}

/**
 * Parses a field list: `name,user.email,this.name,(user|workspace).name`. A malformed part counts as an unknown field.
 * @throws Refusal 400 for groups that expand to too many paths
 */
export function parseFields(text: string): Selection {
  const root: GrowingSelection = new Map();
  let paths = 0;
  for (const item of splitOutsideGroups(text, ',')) {
    for (const path of expand(item.trim())) {
      paths += 1;
      if (paths > MOST_PATHS) throw badRequest('opt_fields: Too many fields');
      pick(root, path[0] === 'this' ? path.slice(1) : path);
    }
  }
  return root;
}

interface GrowingSelection extends Map<string, GrowingSelection> {}

function pick(root: GrowingSelection, path: readonly string[]): void {
  let level = root;
  for (const name of path) {
    const below: GrowingSelection = level.get(name) ?? new Map();
    level.set(name, below);
    level = below;
  }
}

/** Returns every path that an expression with groups stands for. */
function expand(expression: string): string[][] {
  let paths: string[][] = [[]];
  for (const step of splitOutsideGroups(expression, '.')) {
    const choices =
      step.startsWith('(') && step.endsWith(')')
        ? splitOutsideGroups(step.slice(1, -1), '|').flatMap((choice) => expand(choice.trim()))
        : [[step]];
    if (paths.length * choices.length > MOST_PATHS) throw badRequest('opt_fields: Too many fields');
    paths = paths.flatMap((path) => choices.map((choice) => [...path, ...choice]));
  }
  return paths;
}

function splitOutsideGroups(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i += 1) {
    const character = text[i];
    if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (character === separator && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
