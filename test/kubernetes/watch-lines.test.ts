import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { KubernetesError } from '../../src/kubernetes/errors.ts';
import { readWatchLines, type WatchLine } from '../../src/kubernetes/watch-lines.ts';

async function* stream(chunks: Iterable<Uint8Array | string>): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk as string);
}

async function read(chunks: Iterable<Uint8Array | string>): Promise<WatchLine[]> {
  const lines: WatchLine[] = [];
  for await (const line of readWatchLines(stream(chunks))) lines.push(line);
  return lines;
}

async function failureOf(chunks: Iterable<string>): Promise<KubernetesError> {
  try {
    await read(chunks);
  } catch (error) {
    assert.ok(error instanceof KubernetesError);
    return error;
  }
  return assert.fail('it did not fail');
}

suite('the lines of a watch', () => {
  test('are the same however the stream is split, even within a character', async () => {
    const event = fc.record({
      type: fc.constantFrom('ADDED' as const, 'MODIFIED' as const, 'BOOKMARK' as const),
      object: fc.dictionary(fc.string(), fc.string({ unit: 'binary' })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event), fc.array(fc.nat(), { maxLength: 20 }), async (events, cuts) => {
        const bytes = Buffer.from(events.map((one) => `${JSON.stringify(one)}\n`).join(''));
        const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort(
          (a, b) => a - b,
        );
        const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
        assert.deepEqual(await read(chunks), JSON.parse(JSON.stringify(events)));
      }),
    );
  });

  test('may be empty, and an incomplete last one is ignored', async () => {
    const whole = '{"type":"ADDED","object":{}}';
    assert.equal((await read([`\n${whole}\n\n`, '{"type":"ADD'])).length, 1);
  });

  const nonsense = [
    { because: 'no JSON', line: '<html>canary</html>' },
    { because: 'no object', line: '"canary"' },
    { because: 'null', line: 'null' },
    { because: 'an unknown type', line: '{"type":"canary","object":{}}' },
    { because: 'an event without an object', line: '{"type":"ADDED","object":null,"x":"canary"}' },
  ];
  for (const { because, line } of nonsense) {
    test(`are rejected and not quoted if they contain ${because}`, async () => {
      const error = await failureOf([`${line}\n`]);
      assert.equal(error.code, 'Malformed');
      assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /canary/);
    });
  }

  test('are limited in length: one that never ends is rejected', async () => {
    const mebibyte = 'x'.repeat(1024 * 1024);
    let given = 0;
    function* endless(): Generator<string> {
      for (;;) {
        given += 1;
        yield mebibyte;
      }
    }
    assert.equal((await failureOf(endless())).code, 'Malformed');
    assert.ok(given <= 6, `${given} MiB were read`);
  });
});
