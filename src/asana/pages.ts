import { isAsanaError, type Surface, truncated } from './errors.ts';
import type { Page } from './rest-records.ts';
import type { ScimPage } from './scim-records.ts';

/** Asana's largest page (OpenAPI parameter `limit`). */
export const PAGE_SIZE = 100;

/** Half a million items in one listing: above any Asana organization, below what would exhaust this process. */
const MOST_PAGES = 5000;

/** The same bound in items, for servers whose pages contain more than requested. */
const MOST_ITEMS = MOST_PAGES * PAGE_SIZE;

/** An empty page with a further offset is legal; this many pages in a row without a new item end the listing. */
const MOST_BARREN_PAGES = 20;

/** SCIM pages in flight at once: fast, and most of Asana's 50 concurrent reads stay free for other listings. */
const SCIM_PAGES_IN_FLIGHT = 16;

/** A listing: its name in errors, the identity of its items, and their receiver. */
export interface Listing<T> {
  readonly operation: string;
  readonly idOf: (item: T) => string;
  /** Called with the items of each page that no earlier page contained. */
  readonly onItems: (items: readonly T[]) => void;
}

/**
 * Reads a REST listing page by page, up to the page that is marked as the last. Hands over every item once, even if
 * pages overlap. If a page token expires (15 minutes), restarts the listing, but only once.
 *
 * @throws AsanaError `ListingTruncated` for a server that repeats pages or never ends, and the error of any page
 *   that fails. Items handed over before stay valid as an incomplete listing.
 */
export async function readPages<T>(
  fetchPage: (offset: string | null) => Promise<Page<T>>,
  listing: Listing<T>,
): Promise<void> {
  const intake = new Intake(listing, 'rest');
  try {
    await readOnce(fetchPage, intake, listing.operation);
  } catch (error) {
    if (!isAsanaError(error, 'OffsetExpired')) throw error;
    intake.startAgain();
    await readOnce(fetchPage, intake, listing.operation);
  }
}

async function readOnce<T>(
  fetchPage: (offset: string | null) => Promise<Page<T>>,
  intake: Intake<T>,
  operation: string,
): Promise<void> {
  const offsets = new Set<string>();
  let offset: string | null = null;
  let barren = 0;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const page: Page<T> = await fetchPage(offset);
    barren = intake.take(page.items) > 0 ? 0 : barren + 1;
    if (page.next === null) return;
    if (offsets.has(page.next))
      throw truncated('rest', operation, 'it leads back to a page that was already read');
    if (barren >= MOST_BARREN_PAGES)
      throw truncated('rest', operation, 'its pages contain nothing new and do not end');
    offsets.add(page.next);
    offset = page.next;
  }
  throw truncated('rest', operation, `it has more than ${MOST_PAGES} pages`);
}

/**
 * Reads a SCIM listing. Asana documents no paging (developers.asana.com/docs/scim: only `filter`), so this handles
 * servers that return everything at once, that use their own page size, or that ignore `startIndex`. Once two
 * pages have shown that paging works, reads the others in parallel.
 *
 * @throws AsanaError `ListingTruncated` if fewer distinct items arrive than `totalResults` announces, or too many.
 */
export async function readScimPages<T>(
  fetchPage: (startIndex: number, count: number) => Promise<ScimPage<T>>,
  listing: Listing<T>,
): Promise<void> {
  const { operation } = listing;
  const intake = new Intake(listing, 'scim');
  let collected = 0;
  let total = 0;
  let requests = 0;
  /** Reads `[from, to)` in at most `pages` pages, of whatever size the server returns; returns where it stopped. */
  const readRange = async (from: number, to: number, pages = Number.POSITIVE_INFINITY): Promise<number> => {
    let next = from;
    for (let page = 0; next < to && page < pages; page += 1) {
      requests += 1;
      if (requests > MOST_PAGES) throw truncated('scim', operation, `it has more than ${MOST_PAGES} pages`);
      const { items, totalResults } = await fetchPage(next, Math.min(PAGE_SIZE, to - next));
      total = Math.max(total, totalResults);
      const news = intake.take(items);
      collected += news;
      if (news === 0) break;
      next += items.length;
    }
    return next;
  };

  // SCIM indexes start at one (RFC 7644 §3.4.2.4).
  const second = await readRange(1, 1 + PAGE_SIZE, 1);
  const pageSize = second - 1;
  if (total > MOST_PAGES * pageSize)
    throw truncated('scim', operation, 'it announces more entries than its pages can contain');
  if (collected < total) {
    const third = await readRange(second, total + 1, 1);
    await readInParallel(
      splitRange(third, total + 1, pageSize),
      (from, to) => readRange(from, to),
      third > second,
    );
  }
  if (collected < total) {
    const shortfall = { announced: total, received: collected };
    throw truncated('scim', operation, `it announces ${total} entries and returned ${collected}`, shortfall);
  }
}

function splitRange(from: number, to: number, size: number): readonly (readonly [number, number])[] {
  const ranges: [number, number][] = [];
  for (let start = from; start < to; start += size) ranges.push([start, Math.min(start + size, to)]);
  return ranges;
}

/** Reads the ranges in parallel; if any read fails, rejects with one failure once all reads have ended. */
async function readInParallel(
  ranges: readonly (readonly [number, number])[],
  read: (from: number, to: number) => Promise<number>,
  worthwhile: boolean,
): Promise<void> {
  if (!worthwhile) return;
  const queue = ranges.values();
  const work = async () => {
    for (const [from, to] of queue) await read(from, to);
  };
  const outcomes = await Promise.allSettled(Array.from({ length: SCIM_PAGES_IN_FLIGHT }, work));
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) throw failure.reason;
}

/** Hands over each item once, and counts the new items of each page. */
class Intake<T> {
  readonly #listing: Listing<T>;
  readonly #surface: Surface;
  #seen = new Set<string>();
  /** Items handed over before the listing was restarted: new to this pass, but not to `onItems`. */
  #before: ReadonlySet<string> = new Set();

  constructor(listing: Listing<T>, surface: Surface) {
    this.#listing = listing;
    this.#surface = surface;
  }

  startAgain(): void {
    this.#before = this.#seen;
    this.#seen = new Set();
  }

  /**
   * Hands over the new items, and returns how many of `items` this pass had not seen before.
   * @throws AsanaError `ListingTruncated` above `MOST_ITEMS`
   */
  take(items: readonly T[]): number {
    const { idOf, onItems, operation } = this.#listing;
    const known = this.#seen.size;
    if (known + items.length > MOST_ITEMS)
      throw truncated(this.#surface, operation, `it has more than ${MOST_ITEMS} items`);
    const fresh = items.filter((item) => {
      const id = idOf(item);
      if (this.#seen.has(id)) return false;
      this.#seen.add(id);
      return !this.#before.has(id);
    });
    if (fresh.length > 0) onItems(fresh);
    return this.#seen.size - known;
  }
}
