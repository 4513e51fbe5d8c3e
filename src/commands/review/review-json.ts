import type { Review } from './review-row.ts';

/** Number of rows that are formatted at a time. */
const CHUNK = 2_000;

/** Formats a review as one JSON document, with one row per line. */
export function* writeJson({ rows, missing, ...head }: Review): Generator<string> {
  const opened = JSON.stringify(head, null, 2).slice(0, -2);
  yield `${opened},\n  "rows": `;
  yield* writeArray(rows);
  yield `,\n  "missing": `;
  yield* writeArray(missing);
  yield '\n}\n';
}

function* writeArray(items: readonly unknown[]): Generator<string> {
  if (items.length === 0) return yield '[]';
  for (let from = 0; from < items.length; from += CHUNK) {
    const lines = items.slice(from, from + CHUNK).map((item) => `    ${JSON.stringify(item)}`);
    yield `${from === 0 ? '[' : ','}\n${lines.join(',\n')}`;
  }
  yield '\n  ]';
}
