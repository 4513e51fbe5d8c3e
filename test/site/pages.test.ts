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

/** Checks that need no cluster; `npm run site -- --check` also runs every command and applies every manifest. */
suite('the pages of the site', () => {
  test('have an address each', () => {
    const slugs = pages.map(({ slug }) => slug);
    assert.equal(new Set(slugs).size, slugs.length);
  });

  for (const draft of drafts) {
    const { source, section } = draft.page;
    const name = section === undefined ? source : `${source}, ${section}`;

    test(`link only what exists: ${name}`, async () => {
      await assert.doesNotReject(renderDraft(draft, pages));
    });

    test(`name only commands and flags that the program has: ${name}`, () => {
      for (const words of commandsIn(draft.body)) assertKnown(words);
    });

    test(`show only manifests that the schemas accept: ${name}`, () => {
      for (const block of blocksIn(draft.body)) {
        if (block.type !== 'yaml' || !isManifest(block.text)) continue;
        for (const document of documentsIn(block.text) as { apiVersion: string }[])
          if (document.apiVersion === API_VERSION) validator.check(document);
      }
    });
  }
});

suite('a command of a page, as the check runs it,', () => {
  const rows: readonly (readonly [shown: string, run: string | null, because: string])[] = [
    ['kubectl get asc -n iga -w', 'kubectl get asc -n iga', 'nobody ends a watch'],
    [
      'kubectl get asc -n NAMESPACE   # a remark',
      'kubectl get asc -n iga',
      'a remark and a placeholder are for the reader',
    ],
    [
      'asana-connector plan -f a > b',
      'asana-connector plan -f a > b || test $? -eq 2',
      'changes are no failure',
    ],
    ['helm uninstall x -n y', 'helm uninstall x -n y --dry-run', 'its hook would need a pod'],
    ['source <(kubectl-asana completion zsh)', null, 'another test runs it in that shell'],
  ];
  for (const [shown, run, because] of rows) {
    test(`is what can be run: ${because}`, () => {
      assert.equal(adjust(shown), run);
    });
  }
});
