import type { Resource, Viewer } from './fields.ts';
import type { Listing } from './paging.ts';
import { seesWorkspace } from './rest-lookup.ts';
import type { Answer, Ask, World } from './world.ts';

/** Asana silently cuts `GET /workspaces/{w}/users` and `GET /teams/{t}/users` off at this many users (OpenAPI). */
const CAPPED_AT = 2000;

/** Answers with one record: all of it, or the fields in `opt_fields`. */
export function answerOne<T extends { readonly gid: string }>(
  world: World,
  ask: Ask,
  resource: Resource<T>,
  record: T,
  fields: string | undefined = ask.query['opt_fields'],
): Answer {
  const render = world.fields.render(resource, fields, 'full');
  const viewer = viewerOf(world, ask);
  return { status: 200, json: { data: render(record, viewer) } };
}

/** Answers with a page of a listing, with `next_page` if the request has a `limit`. */
export function answerPage<T extends { readonly gid: string }>(
  world: World,
  ask: Ask,
  resource: Resource<T>,
  listing: Listing<T>,
): Answer {
  const { limit, offset } = ask.query;
  const page = world.pager.page(listing, { limit, offset }, ask.effect);
  const render = world.fields.render(resource, ask.query['opt_fields'], 'compact');
  const viewer = viewerOf(world, ask);
  const data = page.records.map((record) => render(record, viewer));
  if (page.next === undefined || ask.effect.dropNextPage) return { status: 200, json: { data } };
  return {
    status: 200,
    json: { data, next_page: page.next === null ? null : nextPage(world, ask, page.next) },
  };
}

/** Answers with a whole alphabetical listing, silently cut off at 2,000; it has no `limit` parameter. */
export function answerCapped<T extends { readonly gid: string }>(
  world: World,
  ask: Ask,
  resource: Resource<T>,
  records: readonly T[],
): Answer {
  const render = world.fields.render(resource, ask.query['opt_fields'], 'compact');
  const viewer = viewerOf(world, ask);
  return { status: 200, json: { data: records.slice(0, CAPPED_AT).map((record) => render(record, viewer)) } };
}

function viewerOf(world: World, ask: Ask): Viewer {
  return { directory: world.directory, seesWorkspace: (workspace) => seesWorkspace(world, ask, workspace) };
}

function nextPage(world: World, ask: Ask, offset: string): Record<string, string> {
  const query = new URLSearchParams();
  for (const [name, given] of Object.entries(ask.query)) if (given !== undefined) query.set(name, given);
  query.set('offset', offset);
  const path = `${ask.path}?${query.toString()}`;
  return { offset, path, uri: `${world.baseUrl()}${path}` };
}
