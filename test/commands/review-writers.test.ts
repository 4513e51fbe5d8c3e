import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { constants, readFileSync } from 'node:fs';
import { mkdtemp, open, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import * as fc from 'fast-check';
import { writeCsv } from '../../src/commands/review/review-csv.ts';
import { writeJson } from '../../src/commands/review/review-json.ts';
import { writeOutput } from '../../src/commands/review/review-output.ts';
import { writePage } from '../../src/commands/review/review-page.ts';
import type { Review, ReviewRow } from '../../src/commands/review/review-row.ts';
import { sampleReview, sampleRow } from './review-sample.ts';

/** Parses a CSV strictly by RFC 4180, without the library that wrote it. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  let rest = text;
  while (rest !== '') {
    const quoted = /^"((?:[^"]|"")*)"(,|\r\n)/.exec(rest);
    const plain = /^([^",\r\n]*)(,|\r\n)/.exec(rest);
    const [whole, cell = '', end] = quoted ?? plain ?? assert.fail(`no CSV: ${rest.slice(0, 40)}`);
    rows.at(-1)?.push(quoted ? cell.replaceAll('""', '"') : cell);
    if (end === '\r\n') rows.push([]);
    rest = rest.slice(whole.length);
  }
  rows.pop();
  return rows;
}

const csvOf = (rows: ReviewRow[], bom = false) => [...writeCsv(sampleReview({ rows }), { bom })].join('');

const ANY_TEXT = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({
    unit: fc.constantFrom('=', '+', '-', '@', '\t', '\r', '\n', '"', ',', "'", ';', 'a', ' ', '＝'),
  }),
);

/** The characters with which spreadsheets start a formula, including full-width forms. */
const FORMULA = /^[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/;

suite('a review as CSV', () => {
  test('preserves every text, except for an apostrophe before a text that could be a formula', () => {
    fc.assert(
      fc.property(ANY_TEXT, ANY_TEXT, (name, why) => {
        const [head, cells, ...more] = parseCsv(csvOf([sampleRow({ name, why })]));
        assert.deepEqual(more, []);
        const shown = (column: string) => cells?.[head?.indexOf(column) ?? -1] ?? '';
        for (const [column, text] of Object.entries({ name, why })) {
          const inner = text.replaceAll(/(;|(?<!^)\t)(?=[=+\-@\uFF1D])/g, "$1'");
          assert.equal(shown(column), FORMULA.test(text) ? `'${inner}` : inner);
          for (const part of shown(column).split(';'))
            assert.doesNotMatch(part, /^[=+\-@]/, 'a spreadsheet would evaluate it');
          assert.doesNotMatch(shown(column), /^[\t\r]/);
        }
      }),
      { numRuns: 500, seed: 9 },
    );
  });

  for (const formula of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '=HYPERLINK("http://evil","x")']) {
    test(`puts an apostrophe before ${JSON.stringify(formula)} in every column with free text`, () => {
      const row = sampleRow({
        name: formula,
        email: formula,
        placeName: formula,
        why: formula,
        task: formula,
      });
      const [, cells] = parseCsv(csvOf([row]));
      assert.equal(cells?.filter((cell) => cell === `'${formula}`).length, 5);
    });
  }

  test('puts an apostrophe before a formula behind a semicolon, which some spreadsheets read as a separator', () => {
    const [head, cells] = parseCsv(csvOf([sampleRow({ name: 'x;=cmd|calc;y' })]));
    assert.equal(cells?.[head?.indexOf('name') ?? -1], "x;'=cmd|calc;y");
  });

  test('ends lines with CRLF as in RFC 4180, and begins with a byte order mark only on request', () => {
    const plain = csvOf([sampleRow({})]);
    assert.match(plain, /^name,email,account,[^\r\n]+\r\n[^\r\n]+\r\n$/);
    assert.equal(csvOf([sampleRow({})], true), `\uFEFF${plain}`);
  });

  test('has one line for each of 4,500 rows, in their order', () => {
    const rows = Array.from({ length: 4_500 }, (_, index) => sampleRow({ account: String(index) }));
    const lines = parseCsv(csvOf(rows));
    assert.deepEqual(
      lines.slice(1).map((cells) => cells[2]),
      rows.map(({ account }) => account),
    );
  });
});

suite('a review as JSON', () => {
  for (const count of [0, 1, 4_500]) {
    test(`is one JSON document that contains the complete review, with ${count} rows`, () => {
      const review = sampleReview({ rows: Array.from({ length: count }, () => sampleRow({ why: '"\n' })) });
      const { version, generatedAt, ...rest } = JSON.parse([...writeJson(review)].join('')) as Review;
      assert.deepEqual({ version, generatedAt, ...rest }, review);
      assert.deepEqual([version, generatedAt], ['v1', '2026-06-01T12:00:00Z']);
    });
  }
});

suite('a review as an HTML page', () => {
  const EVIL = `</script><script>alert(1)</script><img src=x onerror=alert(2)>"'&`;
  const page = [
    ...writePage(
      sampleReview({
        rows: [sampleRow({ name: EVIL, why: EVIL, placeName: EVIL })],
        workspaces: [{ gid: '1', name: EVIL, organization: true }],
        missing: [
          {
            email: EVIL,
            account: null,
            right: 'Team',
            place: null,
            placeName: EVIL,
            grant: { kind: 'AsanaTeamGrant', namespace: 'iga', name: 'x' },
            state: null,
            why: EVIL,
            until: null,
          },
        ],
      }),
    ),
  ].join('');

  test('contains no HTML element from a name, an address or a reason', () => {
    assert.ok(!page.includes('<img'), 'no image from the data');
    assert.ok(!page.includes('<script>alert'), 'no script from the data');
    assert.equal([...page.matchAll(/<script/g)].length, 2, 'the data and the script of the page');
  });

  test('loads nothing from the network, and has a Content-Security-Policy that forbids it', () => {
    assert.doesNotMatch(page, /\b(?:src|href|action|srcset)\s*=\s*["'a-z]*https?:/i);
    assert.doesNotMatch(page, /@import|url\(/);
    assert.match(page, /Content-Security-Policy" content="default-src 'none'; script-src 'sha256-/);
  });
});

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'review-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

const nowhere = { write: () => assert.fail('nothing belongs on standard output') };

suite('the output file of a review', () => {
  test('replaces the previous file atomically, and is readable only by its owner', async (t) => {
    const path = join(await folder(t), 'review.csv');
    await writeFile(path, 'old', { mode: 0o644 });
    await using previous = await open(path);
    const meanwhile: string[] = [];
    function* chunks(): Generator<string> {
      yield 'a';
      meanwhile.push(readFileSync(path, 'utf8'));
      yield 'b';
    }
    await writeOutput(chunks(), path, nowhere);
    assert.deepEqual(meanwhile, ['old']);
    assert.equal(await previous.readFile('utf8'), 'old', 'the previous file is not overwritten');
    assert.equal(await readFile(path, 'utf8'), 'ab');
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  test('stays unchanged if the review fails halfway, without a temporary file beside it', async (t) => {
    const directory = await folder(t);
    const path = join(directory, 'review.csv');
    await writeFile(path, 'old');
    function* broken(): Generator<string> {
      yield 'new';
      throw new RangeError('out of rows');
    }
    await assert.rejects(writeOutput(broken(), path, nowhere));
    assert.equal(await readFile(path, 'utf8'), 'old');
    assert.deepEqual(await readdir(directory), ['review.csv']);
  });

  test('is rejected with an error that names --output if its folder does not exist', async (t) => {
    const path = join(await folder(t), 'none', 'review.csv');
    await assert.rejects(writeOutput(['a'], path, nowhere), { code: 'InvalidInput', field: '--output' });
  });

  test('does not replace a device that a symbolic link leads to', async (t) => {
    const link = join(await folder(t), 'null');
    await symlink('/dev/null', link);
    await writeOutput(['a'], link, nowhere);
    assert.ok((await stat(link)).isCharacterDevice());
  });

  test('is written into a named pipe, and does not replace it', async (t) => {
    const path = join(await folder(t), 'pipe');
    execFileSync('mkfifo', [path]);
    // Without O_NONBLOCK, opening would wait for the writer.
    await using pipe = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    await writeOutput(['a', 'b'], path, nowhere);
    assert.equal(await pipe.readFile('utf8'), 'ab');
    assert.ok((await stat(path)).isFIFO());
  });
});
