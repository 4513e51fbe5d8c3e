import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { InvalidInputError } from '../../core/errors.ts';
import { AUDIT_FORM, type AuditLine } from '../../provisioning/audit.ts';

/** The beginning of every audit line, and of no other line in a log. */
const BEGINNING = `{"audit":"${AUDIT_FORM}",`;

/**
 * Reads the audit lines of files, which may be rotated and compressed (`.gz`). Ignores other lines, such as those of
 * the operator's log.
 * @throws InvalidInputError if a file cannot be read, or an audit line is damaged
 */
export async function readAuditLines(paths: readonly string[]): Promise<AuditLine[]> {
  const lines: AuditLine[] = [];
  for (const path of paths) {
    let number = 0;
    for await (const text of linesOf(path)) {
      number += 1;
      if (text.startsWith(BEGINNING)) lines.push(parse(text, `${path}:${number}`));
    }
  }
  return lines;
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const input: Readable = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  // pipe() does not forward errors of the file.
  file.on('error', (error) => input.destroy(error));
  try {
    yield* createInterface({ input, crlfDelay: Infinity });
  } catch (cause) {
    throw new InvalidInputError('--audit-log', `cannot read ${path}: correct the path or its permissions`, {
      cause,
    });
  } finally {
    file.destroy();
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function parse(text: string, place: string): AuditLine {
  try {
    const line = JSON.parse(text) as AuditLine;
    const { time, action, account, connector } = line;
    if (typeof time === 'string' && typeof action === 'string' && isObject(account) && isObject(connector))
      return line;
  } catch {
    // Reported below, with the same message.
  }
  throw new InvalidInputError(
    '--audit-log',
    `${place} is a damaged audit line: restore the file from a backup, or remove the line`,
  );
}
