import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { deletionRows } from './conformance/deletion-rows.ts';
import { goingRows } from './conformance/going-rows.ts';
import { neighbourRows } from './conformance/neighbour-rows.ts';
import { normalised } from './conformance/observing.ts';
import { readingRows } from './conformance/reading-rows.ts';
import { RealSubject } from './conformance/real-subject.ts';
import { SimulatedSubject } from './conformance/simulated-subject.ts';
import { statusRows } from './conformance/status-rows.ts';
import type { Row, Subject } from './conformance/subject.ts';
import { writingRows } from './conformance/writing-rows.ts';

/** Everything the simulation promises about its API server, as scripts that every API server answers alike. */
const rows: readonly Row[] = [
  ...writingRows,
  ...statusRows,
  ...deletionRows,
  ...readingRows,
  ...neighbourRows,
  ...goingRows,
];

type Runner = { run<T>(namespace: string, script: (subject: Subject) => Promise<T>): Promise<T> };

async function check(cluster: Runner, row: Row, index: number): Promise<void> {
  const namespace = `conformance-${index}`;
  const seen = await cluster.run(namespace, (subject) => row.script(subject));
  assert.deepEqual(normalised(seen, namespace), row.expected);
}

describe('the simulated cluster', () => {
  for (const [index, row] of rows.entries())
    test(`behaves as specified: ${row.name}`, () => check(new SimulatedSubject(), row, index));
});

describe('a real API server', () => {
  let cluster: RealSubject;
  before(async () => {
    cluster = await RealSubject.start();
  });
  after(() => cluster.stop());

  for (const [index, row] of rows.entries())
    test(`behaves as specified: ${row.name}`, () => check(cluster, row, index));
});
