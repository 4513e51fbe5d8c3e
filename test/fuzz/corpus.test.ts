import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readCorpus } from './corpus.ts';
import { readOrRefuse, targets } from './targets.ts';

suite('documents that the fuzzer found', () => {
  for (const target of targets) {
    test(`are read or refused by ${target.name} without any other error`, async () => {
      for (const document of [...target.seeds, ...readCorpus(target.name)])
        await assert.doesNotReject(readOrRefuse(target, document), JSON.stringify(document));
    });
  }
});
