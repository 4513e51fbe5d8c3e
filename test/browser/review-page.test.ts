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

  /** Opens a review; whatever it complains about, or asks anybody for, fails the test. */
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

  const lines = (page: Page) => page.locator('#body tr');
  const count = (page: Page) => page.locator('#count').textContent();
  /** The cells of a column, as they stand. */
  const column = (page: Page, index: number) =>
    page.$$eval('#body tr', (rows, at) => rows.map((row) => row.children[at]?.textContent ?? ''), index);
  const until = (page: Page, text: string) =>
    page.waitForFunction((wanted) => document.getElementById('count')?.textContent === wanted, text);

  it('shows the numbers of the summary, and the first rows of 20,000 within ten seconds, without making all of them', async (t) => {
    const started = performance.now();
    const page = await show(t, largeReview(ROWS));
    await lines(page).first().waitFor();
    const took = performance.now() - started;
    assert.ok(took < 10_000, `the page took ${took} ms`);
    assert.equal(await count(page), '20000 rights');
    const tiles = await page.$$eval('.summary div', (all) =>
      all.map((tile) => [tile.querySelector('dt')?.textContent, tile.querySelector('dd')?.textContent]),
    );
    assert.deepEqual(tiles.slice(0, 6), [
      ['People', '10000'],
      ['Enterprise seats', '4000'],
      ['View-only licenses', '6000'],
      ['Unmanaged seats', '2000'],
      ['Guests', '500'],
      ['Ending soon', '2000'],
    ]);
    assert.ok((await lines(page).count()) < 2_000, 'not all rows are made at once');
  });

  it('searches all rows, not only those that are made, within three seconds', async (t) => {
    const page = await show(t, largeReview(ROWS));
    await page.fill('#search', 'PERSON-09876');
    await until(page, '2 of 20000 rights');
    assert.deepEqual(await column(page, 1), ['License', 'Team']);
    await page.fill('#search', 'person-09876 team');
    await until(page, '1 of 20000 rights');
    const took = await page.evaluate(async () => {
      const field = document.getElementById('search') as HTMLInputElement;
      const began = performance.now();
      field.value = 'req-';
      field.dispatchEvent(new Event('input'));
      while (document.getElementById('count')?.textContent !== '2000 of 20000 rights') {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return performance.now() - began;
    });
    assert.ok(took < 3_000, `a search took ${took} ms`);
    await page.fill('#search', 'nobody at all');
    await until(page, '0 of 20000 rights');
    assert.equal(await lines(page).count(), 0);
  });

  it('filters by right, by what it comes from and by note, together with the search', async (t) => {
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

  it('sorts by every column both ways, says so to screen readers, and leaves what is empty at the end', async (t) => {
    const page = await show(t, largeReview(40));
    const head = page.locator('th[data-key="until"]');
    await head.locator('button').click();
    assert.equal(await head.getAttribute('aria-sort'), 'ascending');
    assert.equal(
      (await column(page, 7)).findIndex((text) => text === ''),
      4,
    );
    await head.locator('button').click();
    assert.equal(await head.getAttribute('aria-sort'), 'descending');
    assert.equal(
      (await column(page, 7)).findIndex((text) => text === ''),
      4,
    );
    await page.locator('th[data-key="right"] button').click();
    assert.equal(await head.getAttribute('aria-sort'), 'none');
    const rights = await column(page, 1);
    assert.deepEqual(rights, rights.toSorted());
    await page.locator('th[data-key="person"] button').click();
    await page.locator('th[data-key="person"] button').click();
    assert.match((await column(page, 0))[0] ?? '', /^Person 00019/);
  });

  it('is used with the keyboard alone', async (t) => {
    const page = await show(t, largeReview(20));
    const visited: string[] = [];
    for (let step = 0; step < 13; step += 1) {
      await page.keyboard.press('Tab');
      visited.push(
        await page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent || ''),
      );
    }
    assert.deepEqual(visited.slice(0, 6), ['search', 'right', 'source', 'notes', 'Person', 'Right']);
    const outline = await page.evaluate(
      () => getComputedStyle(document.activeElement as Element).outlineStyle,
    );
    assert.notEqual(outline, 'none', 'where the focus is can be seen');
    await page.locator('th[data-key="value"] button').focus();
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('th[data-key="value"]').getAttribute('aria-sort'), 'ascending');
    await page.locator('#missing summary').focus();
    await page.keyboard.press('Enter');
    assert.ok(await page.getByText('late@acme.com').isVisible());
  });

  it('makes further rows as somebody scrolls, and all of them when asked', async (t) => {
    const page = await show(t, largeReview(3_000));
    const first = await lines(page).count();
    await page.mouse.wheel(0, 200_000);
    await page.waitForFunction((before) => document.querySelectorAll('#body tr').length > before, first);
    await page.evaluate(() => document.getElementById('all')?.click());
    assert.equal(await lines(page).count(), 3_000);
    assert.ok(await page.locator('#more').isHidden());
  });

  it('shows text from Asana as text, whatever it is', async (t) => {
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
    it(`is ${scheme} where the reader's system is, and every text can be read on its ground`, async (t) => {
      const page = await show(t, largeReview(40));
      await page.emulateMedia({ colorScheme: scheme });
      const found = await page.evaluate(contrasts);
      assert.equal(found.ground < 0.2, dark, `the ground is ${found.ground}`);
      assert.ok(found.texts.length > 30);
      for (const { text, ratio } of found.texts) assert.ok(ratio >= 4.5, `${text}: ${ratio.toFixed(2)}`);
    });
  }

  it('prints all rows that are chosen, black on white, with the head on every page and without the controls', async (t) => {
    const page = await show(t, largeReview(600));
    await page.emulateMedia({ colorScheme: 'dark', media: 'print' });
    const look = await page.evaluate(() => {
      const style = (selector: string) => getComputedStyle(document.querySelector(selector) as Element);
      return {
        ground: style('body').backgroundColor,
        text: style('body').color,
        controls: style('.controls').display,
        head: style('thead').display,
        sticky: style('thead th').position,
      };
    });
    assert.deepEqual(look, {
      ground: 'rgb(255, 255, 255)',
      text: 'rgb(0, 0, 0)',
      controls: 'none',
      head: 'table-header-group',
      sticky: 'static',
    });
    const pdf = await page.pdf({ preferCSSPageSize: true });
    assert.equal(await lines(page).count(), 600, 'printing makes the rows that were not there yet');
    assert.ok(await page.evaluate(() => document.querySelector('details')?.open));
    const pages = [...pdf.toString('latin1').matchAll(/\/Type\s*\/Page\b/g)].length;
    assert.ok(pages >= 5, `${pages} pages`);
  });

  it('has the structure of its picture: summary, controls and table below each other, nothing cut off', async (t) => {
    const page = await show(t, largeReview(40));
    for (const width of [1280, 800]) {
      await page.setViewportSize({ width, height: 900 });
      const boxes = await page.evaluate(() =>
        Object.fromEntries(
          ['h1', '.summary', '.controls', '#count', '#table'].map((selector) => {
            const { top, bottom, left, right } = (
              document.querySelector(selector) as Element
            ).getBoundingClientRect();
            return [selector, { top, bottom, left, right }];
          }),
        ),
      );
      const order = Object.values(boxes);
      for (const [index, box] of order.entries()) {
        assert.ok(box.left >= 0 && box.right <= width, `${Object.keys(boxes)[index]} fits ${width}`);
        const above = order[index - 1];
        if (above)
          assert.ok(box.top >= above.bottom - 1, `${Object.keys(boxes)[index]} is below the one before`);
      }
      const heads = await page.$$eval('#table thead th', (cells) =>
        cells.map((cell) => cell.getBoundingClientRect().width),
      );
      assert.equal(heads.length, 9);
      assert.ok(Math.min(...heads) >= 40, `columns at ${width}: ${heads.join(' ')}`);
      const picture = await page.screenshot();
      assert.ok(picture.byteLength > 20_000, 'the picture shows something');
    }
    const sticky = await page.evaluate(() => {
      scrollTo(0, 600);
      return document.querySelector('thead th')?.getBoundingClientRect().top;
    });
    assert.equal(sticky, 0, 'the head stays in sight');
  });
});

/** Runs in the page: how well each text stands out from its ground (WCAG 2.2), and how bright the ground of the page is. */
function contrasts(): { ground: number; texts: { text: string; ratio: number }[] } {
  const parse = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color: string) => {
    const [r = 0, g = 0, b = 0] = parse(color).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element: Element | null): string => {
    if (element === null) return 'rgb(255, 255, 255)';
    const color = getComputedStyle(element).backgroundColor;
    return parse(color)[3] === 0 ? groundOf(element.parentElement) : color;
  };
  const ratio = (a: number, b: number) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const texts = [
    ...document.querySelectorAll(
      'h1, p, dt, dd, label, caption, button, td, tbody th, .sub, .badge, time, summary',
    ),
  ]
    .filter((element) => element.textContent?.trim() && element.getClientRects().length > 0)
    .map((element) => ({
      text: `${element.tagName} ${element.textContent?.slice(0, 20)}`,
      ratio: ratio(luminance(getComputedStyle(element).color), luminance(groundOf(element))),
    }));
  return { ground: luminance(groundOf(document.body)), texts };
}
