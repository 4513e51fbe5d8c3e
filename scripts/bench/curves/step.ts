import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesClient } from '../../../src/kubernetes/client.ts';
import type { SandboxAddress } from '../../sandbox-control.ts';
import { Gauge, Scrape } from '../gauge.ts';
import { ourWrites } from '../grants.ts';
import {
  createConnector,
  NAMESPACE,
  type PersonView,
  type Place,
  peopleOf,
  request,
  untilConnected,
} from '../objects.ts';
import { asanaRequests, Rig } from '../rig.ts';
import { editDelays, type LogWatch, percentile, secondsToDecide, whenLogged } from '../settled.ts';
import { declare, heldBy, putCopies, settleTemplates } from './copies.ts';

/** The load on one operator process. */
export interface Load {
  readonly accounts: number;
  readonly connectors: number;
  /** Settled grants of all connectors together. */
  readonly grants: number;
  /** `--max-old-space-size` of the operator. */
  readonly heapMiB: number;
}

/** The costs of a load. */
export interface Cost {
  /** Resident memory after a garbage collection, when everything has been read and decided and nothing happens. */
  readonly memoryMiB: number;
  /** Peak resident memory up to then, including the start. */
  readonly peakMiB: number;
  /** From the start of the process to its first request to Asana: objects have been read, the lease is held. */
  readonly startSeconds: number;
  /** One sync of every connector, all requested at once; Asana answers without delay or limit. */
  readonly syncSeconds: number;
  /** Requests to Asana during these syncs. */
  readonly requests: number;
  /** From the end of the last sync until every grant has been decided on it. */
  readonly resyncSeconds: number;
  /** Processor time of the operator for sync and resync together; other load on the machine hardly lengthens it. */
  readonly processorSeconds: number;
  /** From an edit to its first request to Asana, while everything is being read and decided again. */
  readonly editSeconds: { readonly median: number; readonly p99: number };
}

/** Number of people whose grants are the edits; no grant declares them before. */
const EDITS = 100;
const COUNTS_SETTLE_MS = 10_000;

/** Measures a load on a control plane of its own. */
export async function measureLoad(load: Load, log: (line: string) => void): Promise<Cost> {
  const rig = new Rig();
  try {
    const client = await rig.controlPlane();
    const sandbox = await rig.sandbox({ accounts: load.accounts, teams: Math.ceil(load.accounts / 100) });
    const members = (await peopleOf(sandbox)).filter(
      ({ active, license, role, email }) =>
        active && license !== null && role === 'member' && email === email.toLowerCase(),
    );
    const edited = members.filter(({ license }) => license === 'view only').slice(0, EDITS);
    const places = placesOf(load.connectors);
    log(`${load.grants.toLocaleString('en')} grants are settled first …`);
    await settleFirst(
      rig,
      client,
      sandbox,
      load,
      places,
      members.filter((person) => !edited.includes(person)),
    );
    log('a start …');
    return await measureStart(rig, client, sandbox, load, places, edited);
  } finally {
    await rig.close();
  }
}

/** Returns where each connector is: in a namespace of its own, as if each had a different owner. */
function placesOf(connectors: number): Required<Place>[] {
  return Array.from({ length: connectors }, (_, index) => ({
    namespace: index === 0 ? NAMESPACE : `${NAMESPACE}-${index}`,
    connector: 'acme',
  }));
}

/** Creates connectors and grants, and runs an operator until they are settled; the operator is stopped then. */
async function settleFirst(
  rig: Rig,
  client: KubernetesClient,
  sandbox: SandboxAddress,
  load: Load,
  places: readonly Required<Place>[],
  people: readonly PersonView[],
): Promise<void> {
  const operator = await rig.operator(sandbox.asanaUrl, [], () => {}, load.heapMiB);
  for (const [index, place] of places.entries()) {
    if (index > 0) await rig.namespace(place.namespace);
    // There is one organization, and only one connector may apply grants to it.
    await createConnector(client, sandbox, { ...place, mode: index === 0 ? 'Apply' : 'Plan' });
  }
  for (const place of places) await untilConnected(client, place);
  const held = heldBy(people, load.grants);
  if (places.length > 1) {
    const declared = places.map(async (place, i) => {
      const one = held[i];
      if (one) await declare(client, one, place);
    });
    await Promise.all(declared);
  }
  const templates = places.length > 1 ? [] : await settleTemplates(client, held);
  await sleep(COUNTS_SETTLE_MS);
  await end(operator);
  if (places.length === 1) await putCopies(rig.etcdUrl, held, templates);
}

async function measureStart(
  rig: Rig,
  client: KubernetesClient,
  sandbox: SandboxAddress,
  load: Load,
  places: readonly Required<Place>[],
  edited: readonly PersonView[],
): Promise<Cost> {
  const [gauge, scrape, logged] = [new Gauge(), await Scrape.open(), whenLogged()];
  let lastLines: readonly string[] = [];
  const onLine = (line: string) => {
    lastLines = [...lastLines.slice(-4), line];
    gauge.onLine(line);
    logged.onLine(line);
  };
  const writesBefore = await rig.apiServerRequests();
  const [begins, ended] = [logged.next('sync begins'), logged.next('sync ended', places.length)];
  const began = performance.now();
  const operator = await rig.operator(sandbox.asanaUrl, scrape.flags, onLine, load.heapMiB);
  const died = once(operator, 'exit').then(() => {
    throw new Error(`the operator ended by itself:\n${lastLines.join('\n')}`);
  });
  const measured = (async (): Promise<Cost> => {
    await begins;
    const startSeconds = secondsSince(began);
    await secondsToDecide(scrape, ended);
    await sleep(COUNTS_SETTLE_MS);
    const writes = await rig.apiServerRequests();
    const written = ['asanalicensegrants', 'asanaaccounts'].map((kind) =>
      ourWrites(writesBefore, writes, kind),
    );
    if (written.some((count) => count > 0))
      throw new Error(`grants were not settled: ${written.join(' and ')} writes`);
    const { miB: memoryMiB, peakMiB } = await gauge.read(operator);
    const requestsBefore = await asanaRequests(sandbox);
    const resync = () => resyncAll(client, scrape, logged, places);
    const processorBefore = await scrape.sum('process_cpu_seconds_total');
    const { syncSeconds, resyncSeconds } = await resync();
    const processorSeconds = (await scrape.sum('process_cpu_seconds_total')) - processorBefore;
    const requests = (await asanaRequests(sandbox)) - requestsBefore;
    const delays = await editDelays(
      client,
      sandbox,
      edited.map(({ email }) => email),
      resync,
    );
    const editSeconds = { median: percentile(delays, 0.5) / 1000, p99: percentile(delays, 0.99) / 1000 };
    const times = { startSeconds, syncSeconds, resyncSeconds, processorSeconds, editSeconds };
    return { memoryMiB, peakMiB, requests, ...times };
  })();
  return Promise.race([measured, died]);
}

/** Has every connector read its directory again and every grant be decided on it. */
async function resyncAll(
  client: KubernetesClient,
  scrape: Scrape,
  logged: LogWatch,
  places: readonly Required<Place>[],
): Promise<{ syncSeconds: number; resyncSeconds: number }> {
  const ended = logged.next('sync ended', places.length);
  const began = performance.now();
  await Promise.all(places.map((place) => request(client, 'connector', place.connector, place)));
  await ended;
  const syncSeconds = secondsSince(began);
  return { syncSeconds, resyncSeconds: await secondsToDecide(scrape, Promise.resolve()) };
}

async function end(operator: ChildProcess): Promise<void> {
  if (operator.exitCode !== null || operator.signalCode !== null)
    throw new Error('the operator ended by itself');
  const ended = once(operator, 'exit');
  operator.kill('SIGTERM');
  await ended;
}

function secondsSince(began: number): number {
  return (performance.now() - began) / 1000;
}
