import { parseArgs } from 'node:util';
import { readCorpus, writeCorpus } from '../test/fuzz/corpus.ts';
import { Coverage } from '../test/fuzz/coverage.ts';
import { Fuzzer } from '../test/fuzz/fuzzer.ts';
import { targets } from '../test/fuzz/targets.ts';
import { stream } from '../test/simulation/random.ts';

/** Number of documents in one turn of a target. */
const TURN = 50;

/**
 * `npm run fuzz -- [--minutes N] [--seed S]`: feeds odd documents to the decoders of Asana's and ConductorOne's
 * answers, in turns, and keeps the documents that reach new code in test/fuzz/corpus. Fails with the first document
 * that is neither read nor refused.
 */
async function main(minutes: number, seed: number): Promise<boolean> {
  const coverage = new Coverage();
  const fuzzers = targets.map((target) => ({
    name: target.name,
    fuzzer: new Fuzzer(target, readCorpus(target.name), coverage, stream(seed, target.name)),
  }));
  let finding = null;
  for (const { fuzzer } of fuzzers) finding ??= await fuzzer.begin();
  const deadline = performance.now() + minutes * 60_000;
  while (finding === null && performance.now() < deadline)
    for (const { fuzzer } of fuzzers) finding ??= await fuzzer.run(TURN);
  coverage.close();
  for (const { name, fuzzer } of fuzzers) {
    console.log(`${name}: ${fuzzer.tried} documents, ${fuzzer.found.length} new of interest`);
    if (fuzzer.found.length > 0) writeCorpus(name, [...readCorpus(name), ...fuzzer.found]);
  }
  if (finding === null) return true;
  console.error(`${finding.target} neither reads nor refuses ${JSON.stringify(finding.document)}`);
  console.error(finding.error);
  return false;
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
console.log(`seed ${values.seed}, ${values.minutes} minutes`);
process.exitCode = (await main(Number(values.minutes), Number(values.seed))) ? 0 : 1;
