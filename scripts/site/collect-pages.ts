import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import { groups, notFound, type Page, runbooks } from './pages.ts';

const ROOT = join(import.meta.dirname, '../..');
const CONTENT = join(ROOT, 'site/src/content/docs');

/** Base URL of files that have no page, such as `https://github.com/acme/asana-connector/blob/main`. */
const REPOSITORY = process.env['SITE_REPOSITORY'] ?? '';
/** Path below which the site is served. */
const BASE = process.env['SITE_BASE'] ?? '/';

/** A page with its text. */
export interface Draft {
  readonly page: Page;
  readonly title: string;
  readonly body: string;
}

/**
 * Writes every page of the site to the folder that Starlight reads, from the one place in the repository that holds its
 * text. Links between files become links between pages.
 * @throws Error for a page without a heading, and for a link that leads nowhere
 */
export async function collectPages(): Promise<void> {
  await rm(CONTENT, { recursive: true, force: true });
  const pages = await listPages();
  for (const draft of await Promise.all(pages.map(readDraft))) {
    const file = join(CONTENT, `${draft.page.slug || 'index'}.md`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, await renderDraft(draft, pages));
  }
}

/** Returns every page of the site, including the runbooks. */
export async function listPages(): Promise<readonly Page[]> {
  const files = await readdir(join(ROOT, runbooks.folder));
  const ofAlerts = files.toSorted().map((file) => ({
    // Starlight's addresses are lower case.
    slug: `${runbooks.slug}/${basename(file, '.md').toLowerCase()}`,
    source: `${runbooks.folder}/${file}`,
  }));
  return [...groups.flatMap((group) => group.pages), ...ofAlerts, notFound];
}

/** Reads the text of a page. @throws Error if it has no heading, or its section is not in its file */
export async function readDraft(page: Page): Promise<Draft> {
  const whole = await readFile(join(ROOT, page.source), 'utf8');
  const text = page.section === undefined ? whole : cutSection(whole, page);
  const heading = /^# (.+)\n/m.exec(text);
  if (!heading?.[1]) throw new Error(`${page.source} has no heading of the first level`);
  return { page, title: heading[1], body: text.slice(heading.index + heading[0].length) };
}

/** Cuts out a section and raises its headings by one level, so that its own becomes the title. */
function cutSection(text: string, { source, section }: Page): string {
  const start = text.indexOf(`\n## ${section}\n`);
  if (start < 0) throw new Error(`${source} has no section "${section}"`);
  const end = text.indexOf('\n## ', start + 1);
  return text.slice(start, end < 0 ? undefined : end).replaceAll(/^##/gm, '#');
}

/**
 * Renders a page for Starlight.
 * @throws Error for a link that leads nowhere
 */
export async function renderDraft({ page, title, body }: Draft, pages: readonly Page[]): Promise<string> {
  const matter = {
    title: page.label ?? title,
    ...(page.slug === '' ? { tableOfContents: false } : {}),
  };
  const linked = outsideCode(body, (text) =>
    text.replaceAll(LINK_OR_CODE, (found, image: string | undefined, label: string, target: string) =>
      image === '' ? linkTo(target, label, page, pages) : found,
    ),
  );
  return `---\n${JSON.stringify(matter)}\n---\n${await withPictures(linked, page)}`;
}

/** Matches a link or a picture, and spans of code, in which links and pictures do not count. */
const LINK_OR_CODE = /`[^`\n]+`|(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g;

/** Applies `change` to the text outside fenced code. */
function outsideCode(text: string, change: (text: string) => string): string {
  return text
    .split(/(^```[^]*?^```$)/m)
    .map((part) => (part.startsWith('```') ? part : change(part)))
    .join('');
}

function linkTo(target: string, label: string, from: Page, pages: readonly Page[]): string {
  if (/^[a-z]+:/.test(target)) return `[${label}](${target})`;
  const [path = '', anchor = ''] = target.split('#');
  const source = path === '' ? from.source : posix.normalize(posix.join(posix.dirname(from.source), path));
  const page = pageOf(source, anchor, from, pages);
  if (page) {
    const isTitle = page.section !== undefined && slugOf(page.section) === anchor;
    return `[${label}](${addressOf(page)}${anchor === '' || isTitle ? '' : `#${anchor}`})`;
  }
  if (!existsSync(join(ROOT, source)))
    throw new Error(`${from.source} links ${target}, which does not exist`);
  return REPOSITORY === '' ? label : `[${label}](${REPOSITORY}/${source})`;
}

/** Returns the page of a file; if several pages are made from the file, the one that contains the anchor. */
function pageOf(source: string, anchor: string, from: Page, pages: readonly Page[]): Page | undefined {
  const made = pages.filter((page) => page.source === source);
  return (
    made.find((page) => page.section === undefined || slugOf(page.section) === anchor) ??
    (from.source === source ? from : undefined)
  );
}

function addressOf({ slug }: Page): string {
  return posix.join('/', BASE, slug, '/');
}

/** Returns the anchor that GitHub and Starlight give a heading. */
function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** Inlines pictures in the page, so that they follow its theme. */
async function withPictures(text: string, { source }: Page): Promise<string> {
  let shown = text;
  for (const [image, label = '', target = ''] of text.matchAll(/!\[([^\]]*)\]\(([^)]+\.svg)\)/g)) {
    const svg = await readFile(join(ROOT, posix.dirname(source), target), 'utf8');
    const inline = svg.replace(/<svg /, `<svg aria-label="${label}" `).replaceAll(/\n\s*/g, ' ').trim();
    shown = shown.replace(image, `<figure class="picture not-content">${inline}</figure>`);
  }
  return shown;
}
