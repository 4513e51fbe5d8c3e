import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, 'corpus');

/** Reads the documents that earlier runs kept: a JSON array per target, one document per line. */
export function readCorpus(target: string): unknown[] {
  const path = pathOf(target);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as unknown[]) : [];
}

export function writeCorpus(target: string, documents: readonly unknown[]): void {
  const lines = documents.map((document) => JSON.stringify(document)).filter((line) => line !== undefined);
  writeFileSync(pathOf(target), `[\n${lines.join(',\n')}\n]\n`);
}

function pathOf(target: string): string {
  return join(FOLDER, `${target}.json`);
}
