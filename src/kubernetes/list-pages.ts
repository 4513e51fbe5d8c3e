import type { ClusterClient, ListPage } from './client.ts';
import { isTooLarge } from './errors.ts';
import type { Resource } from './resource.ts';

/** As client-go: a page is some MiB at most, and 10,000 objects are 20 requests. */
const PAGE_SIZE = 500;

export interface PagesOptions {
  readonly signal?: AbortSignal | undefined;
  /** Objects in a page. */
  readonly pageSize?: number | undefined;
}

/**
 * The objects of a kind, page by page. Whoever may write an object may make it a mebibyte, and a page of 500 of those
 * would end this process: a page that is too large is asked for again with half as many objects.
 * @throws KubernetesError as `ClusterClient.list`; Expired when the listing has to begin anew
 */
export async function* listPages<T>(
  client: Pick<ClusterClient, 'list'>,
  resource: Resource,
  namespace: string | null,
  { signal, pageSize = PAGE_SIZE }: PagesOptions = {},
): AsyncGenerator<ListPage<T>> {
  let limit = pageSize;
  for (let next: string | null = ''; next !== null; ) {
    let page: ListPage<T>;
    try {
      page = await client.list<T>(resource, namespace, { limit, next }, signal);
    } catch (error) {
      if (!isTooLarge(error) || limit === 1) throw error;
      limit = Math.ceil(limit / 2);
      continue;
    }
    yield page;
    next = page.next === '' ? null : page.next;
  }
}
