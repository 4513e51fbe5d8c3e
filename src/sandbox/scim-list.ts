import { scimRefusal } from './refusal.ts';
import type { Answer, Ask, World } from './world.ts';

const LIST_RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

/** Largest page of a listing that is read with `startIndex` or `count`. */
const LARGEST_PAGE = 100;

/**
 * Answers with a SCIM listing. Asana documents only `filter`: without `startIndex` and `count` all records come at
 * once, and with them a page comes only if `scimPaging` is set.
 */
export function answerList<T>(
  world: World,
  ask: Ask,
  records: readonly T[],
  render: (record: T) => unknown,
): Answer {
  const totalResults = Math.max(0, records.length + (ask.effect.totalResultsBy ?? 0));
  const startIndex = readInteger(ask, 'startIndex');
  const count = readInteger(ask, 'count');
  if (!world.settings.scimPaging || (startIndex === null && count === null)) {
    return { status: 200, json: { Resources: records.map(render), totalResults, schemas: [LIST_RESPONSE] } };
  }
  // A `startIndex` below 1 counts as 1, a negative `count` as 0 (RFC 7644 §3.4.2.4).
  const first = Math.max(1, startIndex ?? 1);
  const size = Math.min(LARGEST_PAGE, Math.max(0, count ?? LARGEST_PAGE));
  const page = records.slice(first - 1, first - 1 + size).map(render);
  return {
    status: 200,
    json: {
      Resources: page,
      totalResults,
      startIndex: first,
      itemsPerPage: page.length,
      schemas: [LIST_RESPONSE],
    },
  };
}

function readInteger(ask: Ask, name: string): number | null {
  const text = ask.query[name];
  if (text === undefined) return null;
  if (!/^-?\d{1,9}$/.test(text)) throw scimRefusal(400, `${name}: must be an integer`, 'invalidValue');
  return Number(text);
}

/**
 * Returns the value of the filter `ATTRIBUTE eq "value"`, the only one supported; `null` without a filter. Attribute
 * and operator are case-insensitive, the value is a JSON string (RFC 7644 §3.4.2.2).
 * @throws Refusal 400 for any other filter
 */
export function readFilter(ask: Ask, attribute: string): string | null {
  const { filter } = ask.query;
  if (filter === undefined) return null;
  const match = /^\s*([\w.:]+)\s+eq\s+("(?:[^"\\]|\\.)*")\s*$/i.exec(filter);
  if (match?.[1]?.toLowerCase() !== attribute.toLowerCase()) {
    throw scimRefusal(400, `filter: only ${attribute} eq "…" is supported`, 'invalidFilter');
  }
  try {
    return String(JSON.parse(match[2] ?? ''));
  } catch {
    throw scimRefusal(400, 'filter: its string is not well formed', 'invalidFilter');
  }
}
