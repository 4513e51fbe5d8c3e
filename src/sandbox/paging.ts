import { createHmac } from 'node:crypto';
import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { indexAfter } from './records.ts';
import { badRequest } from './refusal.ts';

/** Asana's largest page (OpenAPI, parameter `limit`). */
const LARGEST_PAGE = 100;

/** Lifetime of a page token in seconds, taken from the `iat` and `exp` of a token that Asana issued. */
export const TOKEN_LIFE_S = 900;

/** The most records that a listing without `limit` may have; a larger one is refused. */
const MOST_WITHOUT_LIMIT = 1000;

/** Records in gid order, of which those that `visible` accepts are listed. */
export interface Listing<T> {
  /** Identifies the listing and its filters: a page token is valid only for its own listing. */
  readonly key: string;
  readonly records: readonly T[];
  readonly visible?: (record: T) => boolean;
}

export interface PageQuery {
  readonly limit: string | undefined;
  readonly offset: string | undefined;
}

export interface Page<T> {
  readonly records: readonly T[];
  /** Token of the next page, `null` on the last one. Undefined without `limit`: then Asana sends no `next_page`. */
  readonly next: string | null | undefined;
}

/** Ways in which a listing may misbehave (see faults.ts). */
export interface PageFaults {
  readonly repeatOffset?: boolean;
  readonly endlessOffset?: boolean;
}

/** `border_rank` is the gid of the last record on the page; `iat` and `exp` are seconds since the epoch. */
const claimsSchema = Type.Object({
  list: Type.String(),
  border_rank: Type.String(),
  iat: Type.Number(),
  exp: Type.Number(),
});

/**
 * Cuts listings into pages and issues their tokens: signed, bound to one listing, valid for 15 minutes. A token holds a
 * gid, not an index, so nothing is skipped or repeated when the directory changes between pages.
 */
export class Pager {
  readonly #key: string;
  readonly #now: () => number;
  #issued = 0;

  constructor(key: string, now: () => number) {
    this.#key = key;
    this.#now = now;
  }

  /** @throws Refusal 400 for a limit out of bounds, an invalid or expired token, or a large listing without `limit` */
  page<T extends { readonly gid: string }>(
    listing: Listing<T>,
    query: PageQuery,
    faults: PageFaults = {},
  ): Page<T> {
    if (query.limit === undefined) {
      if (query.offset !== undefined) throw badRequest('offset: Pagination needs limit');
      return { records: this.#whole(listing), next: undefined };
    }
    const limit = readLimit(query.limit);
    const after = query.offset === undefined ? null : this.#read(query.offset, listing.key);
    const { records, more } = cut(listing, after, limit);
    const border = records.at(-1)?.gid ?? after ?? '0';
    if (faults.repeatOffset && query.offset !== undefined) return { records, next: query.offset };
    return { records, next: more || faults.endlessOffset ? this.#issue(listing.key, border) : null };
  }

  #whole<T>(listing: Listing<T>): readonly T[] {
    const records = listing.visible ? listing.records.filter(listing.visible) : listing.records;
    if (records.length > MOST_WITHOUT_LIMIT) {
      throw badRequest(
        'The result is too large. You should use pagination (may require specifying a workspace)!',
      );
    }
    return records;
  }

  #issue(list: string, border: string): string {
    const iat = Math.floor(this.#now() / 1000);
    this.#issued += 1;
    const claims = { list, border_rank: border, jti: this.#issued, iat, exp: iat + TOKEN_LIFE_S };
    const body = `${encode({ typ: 'JWT', alg: 'HS256' })}.${encode(claims)}`;
    return `${body}.${this.#sign(body)}`;
  }

  #read(token: string, list: string): string {
    const end = token.lastIndexOf('.');
    const body = token.slice(0, end);
    if (end < 0 || this.#sign(body) !== token.slice(end + 1))
      throw badRequest('offset: Your pagination token is invalid.');
    const payload = Buffer.from(body.slice(body.indexOf('.') + 1), 'base64url').toString();
    const claims: unknown = JSON.parse(payload);
    if (!Check(claimsSchema, claims) || claims.list !== list) {
      throw badRequest('offset: Your pagination token is invalid.');
    }
    if (claims.exp <= this.#now() / 1000) throw badRequest('offset: Your pagination token has expired.');
    return claims.border_rank;
  }

  #sign(body: string): string {
    return createHmac('sha256', this.#key).update(body).digest('base64url');
  }
}

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function readLimit(text: string): number {
  const limit = Number(text);
  if (!/^\d{1,9}$/.test(text) || limit < 1 || limit > LARGEST_PAGE) {
    throw badRequest(`limit: Must be between 1 and ${LARGEST_PAGE}`);
  }
  return limit;
}

function cut<T extends { readonly gid: string }>(
  listing: Listing<T>,
  after: string | null,
  limit: number,
): { records: T[]; more: boolean } {
  const { records, visible } = listing;
  const page: T[] = [];
  for (let i = after === null ? 0 : indexAfter(records, after); i < records.length; i += 1) {
    const record = records[i];
    if (record === undefined || (visible && !visible(record))) continue;
    if (page.length === limit) return { records: page, more: true };
    page.push(record);
  }
  return { records: page, more: false };
}
