import type { TestEvent } from 'node:test/reporters';

interface EndOfProcess {
  readonly exitCode?: number | null;
  readonly signal?: NodeJS.Signals | null;
}

/**
 * A reporter that tells how the process of a test file ended if it ended before its tests did. node:test's own reporters
 * print only `test failed` for that, whether the process was killed, crashed or exited.
 */
export default async function* tellExits(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const lines: string[] = [];
  for await (const { type, data } of source) {
    if (type !== 'test:fail') continue;
    // Only the failure of a whole file has these two, which the types do not know.
    const { exitCode, signal } = data.details.error as Error & EndOfProcess;
    if (exitCode === undefined && signal === undefined) continue;
    lines.push(`${data.name} ended early: exit code ${exitCode ?? 'none'}, signal ${signal ?? 'none'}\n`);
  }
  // At the end, where a person and the log of a CI run look first.
  yield* lines;
}
