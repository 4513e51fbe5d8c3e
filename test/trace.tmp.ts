import { readFileSync } from 'node:fs';
import { World } from './simulation/world.ts';
import { runStep } from './simulation/steps/all.ts';
import { settle } from './simulation/settle.ts';
const [file, filter = '', mode='cut'] = process.argv.slice(2);
const story = JSON.parse(readFileSync(file!, 'utf8'));
const world = new World(story.plan, story.seed, {});
const t = () => (world.clock.monotonic() / 1000).toFixed(3);
world.asana.watch({
  writes: (w: any) => console.log(t(), 'WRITE', w.operation, JSON.stringify(w.params), JSON.stringify(w.body).slice(0, 160), w.status),
  answers: (a: any) => { if (a.method !== 'GET' || a.status >= 400 || process.env['READS']) console.log(t(), 'ANSWER', a.operation, JSON.stringify(a.params), a.status); },
});
world.cluster.onWrite((w: any) => {
  const o = w.after ?? w.before;
  const name = `${w.kind} ${o?.metadata.namespace}/${o?.metadata.name}`;
  if (w.kind === 'Event' || w.kind==='Lease' || (filter && !name.includes(filter))) return;
  const s = o?.status ?? {};
  const ready = s.conditions?.find((c: any) => c.type === 'Ready');
  console.log(t(), w.by, w.verb, name, `g${o?.metadata.generation}/o${s.observedGeneration}`, ready?.reason, ready?.message?.slice(0, 90), JSON.stringify({ applied: s.applied, planned: s.planned, last: s.lastAction, ...(w.kind==='AsanaConnector'?{holds:s.holds,removals:s.removals, counts:s.counts}:{}) }), o?.metadata.deletionTimestamp ? 'DELETING' : '');
});
try {
  await world.begin();
  for (const step of story.steps) { if (world.violations.length > 0) break; console.log(t(), 'STEP', JSON.stringify(step).slice(0, 300)); await runStep(world, step); }
  if (world.violations.length === 0) await settle(world);
  console.log(t(), world.violations[0]);
} finally { world.close(); }
