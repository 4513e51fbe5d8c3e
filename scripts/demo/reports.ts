import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { say } from './screen.ts';
import type { Stage } from './stage.ts';

/** Shows a plan of what is not applied yet, as it would appear on a pull request. */
export async function tellPullRequest(
  { program, folder, expect }: Stage,
  manifests: readonly string[],
): Promise<void> {
  const file = join(folder, 'grants.yaml');
  await writeFile(file, manifests.join('---\n'));
  const flags = ['-f', file, '--against', 'cluster', '--output', 'markdown'];
  const { code, output } = await program.show(['plan', ...flags]);
  const headline = /\d+ changes in Asana/.exec(output)?.[0] ?? 'no changes';
  expect(
    'a plan in markdown, exit 2',
    `${headline}, exit ${code}`,
    code === 2 && /GrantEnterprise/.test(output),
  );
}

/** Writes one page that shows who has what, and why. */
export async function tellReview({ program, folder, auditLog, expect }: Stage): Promise<void> {
  const page = join(folder, 'review.html');
  const subject = ['--connector', 'acme', '-n', 'iga', '--audit-log', auditLog];
  const { code } = await program.show(['review', '--format', 'html', '--output', page, ...subject]);
  const { size } = await stat(page);
  say(`Open it in a browser: ${pathToFileURL(page).href}`);
  expect('the review page', `${Math.round(size / 1024)} KiB, exit ${code}`, code === 0 && size > 0);
}
