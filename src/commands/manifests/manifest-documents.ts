import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  Schema,
  type Tags,
} from 'yaml';
import { ManifestError } from './manifest-error.ts';
import type { ManifestFile } from './manifest-files.ts';

/** One object of a manifest, and its location. */
export interface WrittenObject {
  readonly file: string;
  /** Line on which the object begins, from 1. */
  readonly line: number;
  readonly value: Readonly<Record<string, unknown>>;
  /** Returns the line of a field (`spec.user.email`), or of its nearest ancestor that exists. */
  readonly lineOf: (path: string) => number;
}

/** Parsing a larger document would take a gigabyte of memory. A List of ten thousand grants has 4 MiB. */
const LARGEST_DOCUMENT = 8 * 1024 * 1024;
const MOST_ALIASES = 100;
const NO_OBJECT = 'is not a manifest: an object with apiVersion, kind and metadata is expected';
const DOCUMENT_START = /^---(?=\s|$)/gm;
/** YAML 1.1 tags that the Kubernetes parser does not convert into values of their own. */
const FOREIGN_TAGS: readonly string[] = [
  'timestamp',
  'binary',
  'omap',
  'pairs',
  'set',
  'intTime',
  'floatTime',
];

/** Parses like kubectl: "yes" is a boolean, a time stays a string. Created once, as it costs more than a document. */
const schema = new Schema({
  schema: 'yaml-1.1',
  customTags: (tags: Tags) => tags.filter((tag) => !FOREIGN_TAGS.includes(nameOfTag(tag))),
  merge: true,
});

const options = { schema, merge: true, prettyErrors: false };

function nameOfTag(tag: Tags[number]): string {
  return typeof tag === 'string' ? tag : (tag.tag.split(':').at(-1) ?? '');
}

/**
 * Yields the objects of a file, those in Lists included. Parses one document at a time, so that a file of ten thousand
 * grants is never parsed at once.
 * @throws ManifestError if the text is not valid YAML, or if a document is not an object
 */
export function* readObjects(file: ManifestFile): Generator<WrittenObject> {
  for (const part of splitDocuments(file)) yield* objectsIn(part);
}

interface Part extends ManifestFile {
  /** Number of lines above this part in the file. */
  readonly above: number;
}

/** Splits a file at each line that begins with `---`. Keeps a file with directives whole, as they precede that line. */
function splitDocuments(file: ManifestFile): Part[] {
  const { text } = file;
  if (/^%/m.test(text)) return [{ ...file, above: 0 }];
  const starts = [0, ...[...text.matchAll(DOCUMENT_START)].map(({ index }) => index)];
  let above = 0;
  return starts.map((start, index) => {
    const part = { name: file.name, text: text.slice(start, starts[index + 1]), above };
    above += part.text.split('\n').length - 1;
    return part;
  });
}

function* objectsIn(part: Part): Generator<WrittenObject> {
  if (part.text.length > LARGEST_DOCUMENT) {
    const message = 'is a document larger than 8 MiB: split it into documents, with --- between the objects';
    throw new ManifestError(part.name, part.above + 1, '', message);
  }
  const { documents, lines } = parse(part);
  const locator = new Locator(part);
  for (const [index, document] of documents.entries()) {
    const [error] = document.errors;
    if (error) throw noYaml(part, error.pos[0]);
    const value = toValue(part, document);
    if (value === null || value === undefined) continue;
    if (typeof value !== 'object' || Array.isArray(value)) {
      throw new ManifestError(part.name, part.above + 1, '', NO_OBJECT);
    }
    yield* unfold(value as Readonly<Record<string, unknown>>, '', {
      part,
      index,
      locator,
      locateNow: (path) => findLine(part, document, lines, path),
    });
  }
}

/** Finds lines in a part at any time. Objects outlive the parsed part, which would take many times their memory. */
class Locator {
  readonly #part: Part;
  #parsedAgain: ParsedPart | null = null;

  constructor(part: Part) {
    this.#part = part;
  }

  /**
   * Returns a function that finds the lines below a path of a document. It parses the part at its first call, and keeps
   * the result. A closure that is made beside `locateNow` would keep the document that was read.
   */
  below(index: number, prefix: string): WrittenObject['lineOf'] {
    return (path) => {
      this.#parsedAgain ??= parse(this.#part);
      const { documents, lines } = this.#parsedAgain;
      return findLine(this.#part, documents[index], lines, `${prefix}${path}`);
    };
  }
}

/** Replaces the parser's own message, which would show the content of the line. */
function noYaml({ name, text, above }: Part, position: number): ManifestError {
  const line = above + text.slice(0, position).split('\n').length;
  return new ManifestError(name, line, '', 'is not valid YAML: correct it');
}

function toValue(part: Part, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (cause) {
    const message = 'has aliases that expand too much or refer to nothing: replace them with their values';
    throw new ManifestError(part.name, part.above + 1, '', message, { cause });
  }
}

/** The document that an object is in. */
interface Origin {
  readonly part: Part;
  /** The position of the document in its part. */
  readonly index: number;
  readonly locator: Locator;
  /** Finds the line of a field while the document is being read. */
  readonly locateNow: (path: string) => number;
}

function* unfold(
  value: Readonly<Record<string, unknown>>,
  prefix: string,
  origin: Origin,
): Generator<WrittenObject> {
  const { part, index, locator, locateNow } = origin;
  const { kind, items } = value;
  if (typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)) {
    for (const [at, item] of items.entries()) {
      const path = `${prefix}items[${at}]`;
      if (typeof item !== 'object' || item === null || Array.isArray(item)) {
        throw new ManifestError(part.name, locateNow(path), path, NO_OBJECT);
      }
      yield* unfold(item as Readonly<Record<string, unknown>>, `${path}.`, origin);
    }
    return;
  }
  yield {
    file: part.name,
    line: prefix === '' ? firstLine(part) : locateNow(prefix),
    value,
    lineOf: locator.below(index, prefix),
  };
}

/** Returns the first line of an object. Comments and the `---` marker are not part of it. */
function firstLine({ text, above }: Part): number {
  const lines = text.split('\n');
  const first = lines.findIndex(
    (line) => line.trim() !== '' && !line.startsWith('#') && !line.startsWith('---'),
  );
  return above + Math.max(first, 0) + 1;
}

/** Finds the line of a field, or of its nearest ancestor that exists. */
function findLine(part: Part, document: Document | undefined, lines: LineCounter, path: string): number {
  let node: unknown = document?.contents;
  let position = rangeStart(node);
  for (const step of path
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .split('.')
    .filter((word) => word !== '')) {
    const next = child(node, step);
    if (!next) break;
    node = next.value;
    position = next.position ?? position;
  }
  return part.above + (position === null ? 1 : lines.linePos(position).line);
}

function child(node: unknown, step: string): { value: unknown; position: number | null } | null {
  if (isSeq(node)) {
    const item = node.items[Number(step)];
    return item === undefined ? null : { value: item, position: rangeStart(item) };
  }
  if (!isMap(node)) return null;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
  return pair ? { value: pair.value, position: rangeStart(pair.key) } : null;
}

function rangeStart(node: unknown): number | null {
  return isNode(node) ? (node.range?.[0] ?? null) : null;
}

interface ParsedPart {
  readonly documents: readonly Document[];
  readonly lines: LineCounter;
}

function parse(part: Part): ParsedPart {
  const lines = new LineCounter();
  const documents = parseAllDocuments(part.text, { ...options, lineCounter: lines });
  return { documents: Array.isArray(documents) ? (documents as Document[]) : [], lines };
}
