import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { adjust } from '../../scripts/site/adjustments.ts';
import { listPages, readDraft, renderDraft } from '../../scripts/site/collect-pages.ts';
import { blocksIn, documentsIn, isManifest } from '../../scripts/site/page-blocks.ts';
import { API_VERSION } from '../../src/api/resources.ts';
import { ManifestValidator } from '../../src/api/validation.ts';
import { assertKnown, commandsIn } from './known-commands.ts';

const pages = await listPages();
const drafts = await Promise.all(pages.map(readDraft));
const validator = new ManifestValidator();

function yamlIn(page: string): string[] {
  return blocksIn(page).flatMap((block) => (block.type === 'yaml' ? [block.text] : []));
}

/** Returns the objects of this program in a block of YAML. */
function manifestsIn(yaml: string): { readonly apiVersion: string }[] {
  if (!isManifest(yaml)) return [];
  const documents = documentsIn(yaml) as { apiVersion: string }[];
  return documents.filter(({ apiVersion }) => apiVersion === API_VERSION);
}

/** Checks that need no cluster; `npm run site -- --check` also runs every command and applies every manifest. */
suite('the pages of the site', () => {
  test('have unique addresses', () => {
    const slugs = pages.map(({ slug }) => slug);
    assert.equal(new Set(slugs).size, slugs.length);
  });

  test('contain commands and manifests of this program', () => {
    const commands = drafts.flatMap(({ body }) => commandsIn(body));
    const manifests = drafts.flatMap(({ body }) => yamlIn(body).flatMap(manifestsIn));
    assert.ok(commands.length > 50, `${commands.length} commands`);
    assert.ok(manifests.length > 10, `${manifests.length} manifests`);
  });

  for (const draft of drafts) {
    const { source, section } = draft.page;
    const name = section === undefined ? source : `${source}, ${section}`;
    const commands = commandsIn(draft.body);
    const yaml = yamlIn(draft.body);

    test(`contain only links to existing targets: ${name}`, async () => {
      await assert.doesNotReject(renderDraft(draft, pages));
    });

    if (commands.length > 0)
      test(`contain only commands and flags that exist: ${name}`, () => {
        for (const words of commands) assertKnown(words);
      });

    if (yaml.length > 0)
      test(`contain only manifests that the schemas accept: ${name}`, () => {
        for (const manifest of yaml.flatMap(manifestsIn)) validator.check(manifest);
      });
  }
});

suite('a command of a page', () => {
  const rows: readonly (readonly [shown: string, run: string | null, because: string])[] = [
    ['kubectl get asc -n iga -w', 'kubectl get asc -n iga', 'a watch does not end'],
    [
      'kubectl get asc -n NAMESPACE   # a remark',
      'kubectl get asc -n iga',
      'a comment is removed and a placeholder is replaced',
    ],
    [
      'asana-connector plan -f a > b',
      'asana-connector plan -f a > b || test $? -eq 2',
      'exit code 2 of plan is not a failure',
    ],
    ['helm uninstall x -n y', 'helm uninstall x -n y --dry-run', 'the hook of the chart would require a pod'],
    [
      'source <(kubectl-asana completion zsh)',
      null,
      'a completion script is skipped, because another test runs it in that shell',
    ],
  ];
  for (const [shown, run, because] of rows) {
    test(`is adjusted so that the check can run it: ${because}`, () => {
      assert.equal(adjust(shown), run);
    });
  }
});
