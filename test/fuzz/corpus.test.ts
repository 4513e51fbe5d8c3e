import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readCorpus } from './corpus.ts';
import { readOrRefuse, targets } from './targets.ts';

suite('what the fuzzer found once', () => {
  for (const target of targets) {
    test(`is read or refused by ${target.name}, and nothing else`, async () => {
      for (const document of [...target.seeds, ...readCorpus(target.name)])
        await assert.doesNotReject(readOrRefuse(target, document), JSON.stringify(document));
    });
  }
});
