import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { writePage } from '../../src/commands/review/review-page.ts';
import type { Review } from '../../src/commands/review/review-row.ts';
import { largeReview, sampleReview, sampleRow } from '../commands/review-sample.ts';
import { openBrowser, type TestBrowser } from './chromium.ts';
import { contrasts, lookOf } from './in-page.ts';

const ROWS = 20_000;

describe('the review page in a browser', () => {
  let browser: TestBrowser;
  let folder: string;
  let made = 0;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'review-page-'));
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  /** Opens a review; the test fails if the page logs anything, opens a dialog or makes a network request. */
  async function show(t: TestContext, review: Review): Promise<Page> {
    made += 1;
    const path = join(folder, `${made}.html`);
    await writeFile(path, [...writePage(review)].join(''));
    const page = await browser.context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => void complaints.push(message.text()));
    page.on('pageerror', (error) => void complaints.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) complaints.push(`asks ${request.url()}`);
    });
    page.on('dialog', (dialog) => {
      complaints.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(pathToFileURL(path).href);
    t.after(async () => {
      await page.close();
      assert.deepEqual(complaints, []);
    });
    return page;
  }

  const boxOf = async (page: Page, selector: string) =>
    (await page.locator(selector).boundingBox()) ?? assert.fail(`${selector} is not shown`);
  const lines = (page: Page) => page.locator('#body tr');
  const count = (page: Page) => page.locator('#count').textContent();
  /** Returns the cells of a column in their displayed order. */
  const column = (page: Page, index: number) =>
    page.locator(`#body tr > :nth-child(${index + 1})`).allTextContents();
  /** Waits until the page counts so many rights. */
  const until = (page: Page, text: string) => page.locator(`#count:text-is("${text}")`).waitFor();

  it('shows the summary and the first of 20,000 rows within ten seconds, without creating all rows', async (t) => {
    const started = performance.now();
    const page = await show(t, largeReview(ROWS));
    await lines(page).first().waitFor();
    const took = performance.now() - started;
    assert.ok(took < 10_000, `the page took ${took} ms`);
    assert.equal(await count(page), '20000 rights');
    const names = await page.locator('.summary dt').allTextContents();
    const numbers = await page.locator('.summary dd').allTextContents();
    const tiles = names.map((name, index) => [name, numbers[index]]);
    assert.deepEqual(tiles.slice(0, 6), [
      ['People', '10000'],
      ['Enterprise seats', '4000'],
      ['View-only licenses', '6000'],
      ['Unmanaged seats', '2000'],
      ['Guests', '500'],
      ['Ending soon', '2000'],
    ]);
    assert.ok((await lines(page).count()) < 2_000, 'not all rows are created at once');
  });

  it('searches all rows, including those that are not created yet, within ten seconds', async (t) => {
    const page = await show(t, largeReview(ROWS));
    await page.fill('#search', 'PERSON-09876');
    await until(page, '2 of 20000 rights');
    assert.deepEqual(await column(page, 1), ['License', 'Team']);
    await page.fill('#search', 'person-09876 team');
    await until(page, '1 of 20000 rights');
    const began = performance.now();
    await page.fill('#search', 'req-');
    await until(page, '2000 of 20000 rights');
    const took = performance.now() - began;
    assert.ok(took < 10_000, `a search took ${took} ms`);
    await page.fill('#search', 'nobody at all');
    await until(page, '0 of 20000 rights');
    assert.equal(await lines(page).count(), 0);
  });

  it('filters by right, source and note, also together with the search', async (t) => {
    const page = await show(t, largeReview(100));
    await page.selectOption('#right', 'Team');
    assert.equal(await count(page), '50 of 100 rights');
    await page.selectOption('#right', '');
    await page.selectOption('#source', 'Task');
    assert.equal(await count(page), '10 of 100 rights');
    await page.selectOption('#source', '');
    for (const [note, expected] of Object.entries({
      'unmanaged-seats': 10,
      unmanaged: 60,
      guests: 6,
      soon: 10,
      drift: 10,
      protected: 10,
    })) {
      await page.selectOption('#notes', note);
      assert.equal(await count(page), `${expected} of 100 rights`, note);
    }
    await page.selectOption('#notes', 'drift');
    await page.fill('#search', 'person-00002');
    await until(page, '1 of 100 rights');
  });

  it('sorts by every column in both directions, sets aria-sort, and keeps empty cells at the end', async (t) => {
    const page = await show(t, largeReview(40));
    const collator = new Intl.Collator('en', { sensitivity: 'base', numeric: true });
    const heads = await page.locator('th[data-key]').all();
    assert.equal(heads.length, 9);
    // From the last column to the first, by which the page is sorted at the start.
    for (const [index, head] of [...heads.entries()].toReversed()) {
      const cells = await column(page, index);
      const values = cells.filter((text) => text !== '').toSorted((a, b) => collator.compare(a, b));
      const empty = cells.filter((text) => text === '');
      for (const direction of ['ascending', 'descending']) {
        await head.locator('button').click();
        assert.equal(await head.getAttribute('aria-sort'), direction);
        assert.equal(await page.locator('th[aria-sort="none"]').count(), 8);
        const sorted = direction === 'ascending' ? values : values.toReversed();
        assert.deepEqual(await column(page, index), [...sorted, ...empty], `column ${index} ${direction}`);
      }
    }
    assert.match((await column(page, 0))[0] ?? '', /^Person 00019/);
  });

  it('can be used with the keyboard alone', async (t) => {
    const page = await show(t, largeReview(20));
    const focused = page.locator(':focus');
    const visited: string[] = [];
    for (let step = 0; step < 13; step += 1) {
      await page.keyboard.press('Tab');
      visited.push((await focused.getAttribute('id')) ?? (await focused.textContent()) ?? '');
    }
    assert.deepEqual(visited.slice(0, 6), ['search', 'right', 'source', 'notes', 'Person', 'Right']);
    const { outlineStyle } = await page.evaluate(lookOf, ':focus');
    assert.notEqual(outlineStyle, 'none', 'the focus is visible');
    await page.locator('th[data-key="value"] button').focus();
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('th[data-key="value"]').getAttribute('aria-sort'), 'ascending');
    await page.locator('#missing summary').focus();
    await page.keyboard.press('Enter');
    assert.ok(await page.getByText('late@acme.com').isVisible());
  });

  it('creates more rows on scrolling, and all 20,000 on request, without laying out rows out of view', async (t) => {
    const page = await show(t, largeReview(ROWS));
    const first = await lines(page).count();
    await page.mouse.wheel(0, 200_000);
    await lines(page).nth(first).waitFor({ state: 'attached' });
    await page.locator('#all').dispatchEvent('click');
    await page.locator('#more').waitFor({ state: 'hidden' });
    assert.equal(await lines(page).count(), ROWS);
    assert.ok(await page.locator('#more').isHidden());
    assert.equal((await page.evaluate(lookOf, '#body tr:last-child')).contentVisibility, 'auto');
  });

  it('shows markup in data from Asana as text', async (t) => {
    const evil = '</script><script>alert(1)</script><img src=x onerror=alert(2)>';
    const rows = [sampleRow({ name: evil, why: evil, placeName: evil, task: evil, source: 'Task' })];
    const page = await show(
      t,
      sampleReview({ rows, workspaces: [{ gid: '1', name: evil, organization: true }] }),
    );
    assert.equal((await column(page, 6))[0], evil);
    assert.equal(await page.locator('img').count(), 0);
  });

  for (const { scheme, dark } of [
    { scheme: 'light', dark: false },
    { scheme: 'dark', dark: true },
  ] as const) {
    it(`is ${scheme} if the system is, and every text has a contrast of at least 4.5`, async (t) => {
      const page = await show(t, largeReview(40));
      await page.emulateMedia({ colorScheme: scheme });
      const found = await page.evaluate(contrasts);
      assert.equal(found.ground < 0.2, dark, `the luminance of the background is ${found.ground}`);
      assert.ok(found.texts.length > 30);
      for (const { text, ratio } of found.texts) assert.ok(ratio >= 4.5, `${text}: ${ratio.toFixed(2)}`);
    });
  }

  it('prints all chosen rows, black on white, with the table header on every page and without the controls', async (t) => {
    const page = await show(t, largeReview(1_200));
    await page.selectOption('#right', 'Team');
    assert.equal(await count(page), '600 of 1200 rights');
    await page.emulateMedia({ colorScheme: 'dark', media: 'print' });
    const body = await page.evaluate(lookOf, 'body');
    assert.deepEqual([body.backgroundColor, body.color], ['rgb(255, 255, 255)', 'rgb(0, 0, 0)']);
    assert.equal((await page.evaluate(lookOf, '.controls')).display, 'none');
    assert.equal((await page.evaluate(lookOf, 'thead')).display, 'table-header-group');
    assert.equal((await page.evaluate(lookOf, 'thead')).position, 'static');
    assert.equal((await page.evaluate(lookOf, '#body tr')).display, 'table-row');
    const pdf = await page.pdf({ preferCSSPageSize: true });
    assert.equal(await lines(page).count(), 600, 'printing creates the remaining rows');
    assert.notEqual(await page.locator('#missing').getAttribute('open'), null);
    const pages = [...pdf.toString('latin1').matchAll(/\/Type\s*\/Page\b/g)].length;
    assert.ok(pages >= 5, `${pages} pages`);
  });

  it('shows the title, summary, controls and table below each other within the width of the window', async (t) => {
    const page = await show(t, largeReview(40));
    for (const width of [1280, 800]) {
      await page.setViewportSize({ width, height: 900 });
      let above = 0;
      for (const part of ['h1', '.summary', '.controls', '#count', '#table']) {
        const { x, y, width: wide, height } = await boxOf(page, part);
        assert.ok(x >= 0 && x + wide <= width, `${part} fits a width of ${width}`);
        assert.ok(y >= above - 1, `${part} is below the previous part`);
        above = y + height;
      }
      const heads = await page.locator('#table thead th').all();
      assert.equal(heads.length, 9);
      for (const head of heads)
        assert.ok(((await head.boundingBox())?.width ?? 0) >= 40, `a column is too narrow at ${width}`);
      const picture = await page.screenshot();
      assert.ok(picture.byteLength > 20_000, 'the screenshot is not empty');
    }
    await lines(page).last().scrollIntoViewIfNeeded();
    const { y: sticky } = await boxOf(page, '#table thead th >> nth=0');
    assert.equal(sticky, 0, 'the table header stays in view');
  });
});
