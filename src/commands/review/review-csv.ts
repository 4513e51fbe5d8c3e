import { stringify } from 'csv-stringify/sync';
import { nameGrant, type Review, type ReviewRow } from './review-row.ts';

/** The columns in order: the name in the header, and the cell of a row. */
const columns: readonly (readonly [string, (row: ReviewRow) => string | null])[] = [
  ['name', ({ name }) => name],
  ['email', ({ email }) => email],
  ['account', ({ account }) => account],
  ['guest', ({ guest }) => yesOrNo(guest)],
  ['right', ({ right }) => right],
  ['place', ({ placeName }) => placeName],
  ['place_gid', ({ place }) => place],
  ['value', ({ value }) => value],
  ['source', ({ source }) => source],
  ['grant', ({ grant }) => grant && nameGrant(grant)],
  ['also_declared_by', ({ alsoDeclaredBy }) => alsoDeclaredBy.map(nameGrant).join('; ')],
  ['held', ({ held }) => held],
  ['task', ({ task }) => task],
  ['since', ({ since }) => since],
  ['why', ({ why }) => why],
  ['until', ({ until }) => until],
  ['drift', ({ drift }) => drift],
  ['planned', ({ planned }) => planned],
  ['protected', (row) => row.protected],
];

/** Number of lines that are formatted at a time. */
const CHUNK = 2_000;

/**
 * Formats a review as CSV (RFC 4180, UTF-8, CRLF). A cell that a spreadsheet would read as a formula is prefixed with
 * an apostrophe, and so is a part after a semicolon or a tab, which some spreadsheets read as the next cell.
 * @param options bom: begin with a byte order mark
 */
export function* writeCsv({ rows }: Review, { bom }: { readonly bom: boolean }): Generator<string> {
  if (bom) yield '\uFEFF';
  yield toLines([columns.map(([name]) => name)]);
  for (let from = 0; from < rows.length; from += CHUNK) {
    const lines = rows
      .slice(from, from + CHUNK)
      .map((row) => columns.map(([, cell]) => withoutFormulas(cell(row) ?? '')));
    yield toLines(lines);
  }
}

/** Disarms the parts behind other separators; the library does so with the beginning of a cell. */
function withoutFormulas(cell: string): string {
  return cell.replaceAll(/(;|(?<!^)\t)(?=[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/g, "$1'");
}

function toLines(lines: string[][]): string {
  // By default, the library quotes a cell with line breaks only if it contains the given record delimiter.
  return stringify(lines, { record_delimiter: '\r\n', quoted_match: /[\r\n]/, escape_formulas: true });
}

function yesOrNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
