import type { ClusterClient, ListPage } from './client.ts';
import { isTooLarge } from './errors.ts';
import type { Resource } from './resource.ts';

/** As in client-go: a page is a few MiB at most, and 10,000 objects take 20 requests. */
const PAGE_SIZE = 500;

export interface PagesOptions {
  readonly signal?: AbortSignal | undefined;
  /** Objects per page. */
  readonly pageSize?: number | undefined;
}

/**
 * Lists the objects of a kind, page by page. A tenant can make each object a mebibyte large, and a page of 500 such
 * objects would crash this process, so a page that is too large is requested again with half as many objects.
 * @throws KubernetesError as `ClusterClient.list`; Expired if the listing has to start over
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
