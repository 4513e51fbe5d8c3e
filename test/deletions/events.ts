import assert from 'node:assert/strict';
import { kinds } from '../../src/api/kinds.ts';
import { GROUP, STOPPED_UNTIL_ANNOTATION } from '../../src/api/resources.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentMeter } from '../../src/core/meter.ts';
import { isNotFound } from '../../src/kubernetes/errors.ts';
import { LEASE_NAME, LeaderElection } from '../../src/kubernetes/leader-election.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { CHART, helm } from '../chart/helm.ts';
import { runProgram, uninstall } from '../chart/uninstall.ts';
import type { OperatorRig } from '../operator/rig.ts';
import type { Population } from './population.ts';
import { backUp, lose, restore, takenInTransition } from './restoring.ts';

/** An event that deletes objects, or restores old ones. */
export interface DeletionEvent {
  readonly name: string;
  /** What a person must do afterwards; `null` for nothing. */
  readonly remedy: string | null;
  /** What happens to the objects. */
  readonly objects: string;
  /** The part of the event that concerns the whole cluster; called once, before `run`. */
  readonly once?: (populations: readonly Population[]) => Promise<void>;
  /** Causes the event for one population, and waits until everything that must go is gone. */
  run(population: Population): Promise<void>;
}

const RELEASE = 'asana-connector release --all';

export const deletionEvents: readonly DeletionEvent[] = [
  {
    name: 'A grant of each kind is deleted',
    remedy: null,
    objects: 'go after `removalDelay`',
    run: async (population) => {
      const refs = ['alg/given', 'atg/given', 'awg/kept', 'aac/kept'];
      await population.delete(refs);
      await population.untilGone(refs);
    },
  },
  {
    name: 'The connector is deleted, then its grants',
    remedy: null,
    objects: 'grants stay until they are deleted, then go at once',
    run: async (population) => {
      await population.rig.deleteConnector();
      await population.rig.until(
        'the connector is gone',
        async () => (await population.rig.connector()) === null,
      );
      await population.delete(population.refs);
      await population.untilGone();
    },
  },
  {
    name: 'The namespace is deleted',
    remedy: null,
    objects: 'go at once',
    run: (population) => population.deleteNamespace(),
  },
  {
    name: 'The CRDs are deleted',
    remedy: null,
    objects: 'go at once',
    once: ([population]) => (population ? deleteKinds(population.rig) : Promise.resolve()),
    run: (population) => untilNoKinds(population.rig),
  },
  {
    name: '`helm uninstall`',
    remedy: null,
    objects: 'stay, released; go at once when they are deleted',
    run: async (population) => {
      await uninstallChart(population);
      await population.checkReleased();
      await population.delete(population.refs);
      await population.untilGone();
    },
  },
  {
    name: '`helm uninstall`, then the namespace is deleted',
    remedy: null,
    objects: 'go at once',
    run: async (population) => {
      await uninstallChart(population);
      await population.deleteNamespace();
    },
  },
  {
    name: 'The operator is gone already, then the grants are deleted',
    remedy: RELEASE,
    objects: 'wait, and go with the command',
    run: async (population) => {
      await population.rig.stopOperator();
      await population.delete(population.refs);
      await releaseAll(population);
      await population.untilGone();
    },
  },
  {
    name: 'The operator is gone already, then the namespace is deleted',
    remedy: RELEASE,
    objects: 'wait, and go with the command',
    run: async (population) => {
      await population.rig.stopOperator();
      await population.rig.deleteNamespace();
      await releaseAll(population);
      await population.rig.untilNamespaceGone();
    },
  },
  {
    name: 'Argo CD or Flux prunes the folder, the connector first',
    remedy: null,
    objects: 'go at once',
    run: async (population) => {
      await population.rig.deleteConnector();
      await population.delete(population.refs);
      await population.untilGone();
    },
  },
  {
    name: 'Argo CD or Flux prunes the folder, the connector last',
    remedy: null,
    objects: 'go at once',
    run: async (population) => {
      await population.delete(population.refs);
      await population.rig.deleteConnector();
      await population.untilGone();
    },
  },
  {
    name: 'A Git revert deletes 40 % of the grants',
    remedy: 'kubectl asana discard TOKEN',
    objects: 'are held, and go with the command (mode Plan: go at once)',
    run: async (population) => {
      const refs = [...population.upgraded.slice(0, 5), 'aac/given'];
      await population.delete(refs);
      if (population.variant.mode === 'Apply') {
        const { token } = await population.rig.untilNamed(population.upgraded.slice(0, 5));
        await population.rig.answer('discard', token ?? '');
      }
      await population.untilGone(refs);
    },
  },
  {
    name: 'etcd is restored from a backup',
    remedy: null,
    objects: 'are as they were in the backup, and are decided anew',
    run: async (population) => {
      const { rig } = population;
      const backup = await backUp(rig);
      // After the backup, one grant is deleted and its right revoked, and a grant for another person is declared.
      await population.delete(['alg/given']);
      await population.untilGone(['alg/given']);
      await rig.declare('later', { user: { email: 'carol@acme.example' } });
      await rig.untilReason('later', population.variant.mode === 'Apply' ? 'Granted' : 'Planned');
      await rig.stopOperator();
      population.remember();
      await lose(rig);
      await restore(rig, backup, true);
      await rig.startOperator();
      await population.untilSettled();
    },
  },
  {
    name: 'The objects are restored with a status from while they changed (Velero, `restoreStatus`)',
    remedy: null,
    objects: 'are decided anew, and nothing of the old status is left',
    run: async (population) => {
      const { rig } = population;
      const backup = takenInTransition(await backUp(rig));
      await rig.stopOperator();
      await lose(rig);
      await restore(rig, backup, true);
      await rig.startOperator();
      await population.untilSettled();
      await population.checkNothingUnderWay();
    },
  },
  {
    name: 'The objects are restored without status (Velero)',
    remedy: null,
    objects: 'are decided anew, and adopt what they find',
    run: async (population) => {
      const { rig } = population;
      const backup = await backUp(rig);
      await rig.stopOperator();
      await lose(rig);
      await restore(rig, backup, false);
      await rig.startOperator();
      await population.untilSettled();
      // These accounts were created by objects now lost and are adopted now, so they are never deprovisioned.
      await population.delete(['aac/given', 'alg/created']);
      await population.untilGone(['aac/given', 'alg/created']);
    },
  },
];

/** Runs the command as an administrator while no operator runs. */
async function releaseAll({ rig }: Population): Promise<void> {
  const flags = ['--namespace', rig.namespace, '--leader-election-namespace', LEASELESS];
  const { code, stderr } = await runProgram(['release', '--all', ...flags], rig.kubeconfigPath);
  assert.equal(code, 0, stderr);
}

/** No operator of these tests has its lease here; a namespace that is being deleted accepts no new lease. */
const LEASELESS = 'default';

/** Uninstalls the chart while an operator leads by the lease of its namespace; stops the operator afterwards. */
async function uninstallChart({ rig }: Population): Promise<void> {
  const release = 'asana-connector';
  const ended = new AbortController();
  const leading = await lead(rig, ended.signal);
  const values = ['crds.enabled=false', 'scope=namespaced'].flatMap((value) => ['--set', value]);
  await helm(['install', release, CHART, '--namespace', rig.namespace, '--wait=false', ...values], {
    KUBECONFIG: rig.kubeconfigPath,
  });
  const installed = { kubeconfigPath: rig.kubeconfigPath, namespace: rig.namespace, release };
  const { code, stderr } = await uninstall(installed);
  assert.equal(code, 0, stderr);
  await rig.stopOperator();
  ended.abort();
  await leading.ended;
}

/** Makes the rig's operator use a lease; returns once it is acquired. `ended` resolves after the signal ends it. */
async function lead(rig: OperatorRig, signal: AbortSignal): Promise<{ readonly ended: Promise<void> }> {
  const election = new LeaderElection({
    client: rig.client,
    namespace: rig.namespace,
    name: LEASE_NAME,
    identity: rig.namespace,
    // Longer than this process may be paused on a busy machine.
    leaseDurationMs: 60_000,
    renewDeadlineMs: 50_000,
    retryPeriodMs: 500,
    settlingMs: () => 0,
    stopAnnotation: STOPPED_UNTIL_ANNOTATION,
    clock: systemClock,
    random: Math.random,
    log: createLogger({ level: 'error', format: 'json' }),
    meter: silentMeter,
  });
  await election.acquire(signal);
  Object.defineProperty(rig.leadership, 'stoppedUntil', { get: () => election.stoppedUntil });
  return { ended: election.keep(signal).then(() => election.release()) };
}

async function deleteKinds(rig: OperatorRig): Promise<void> {
  await Promise.all(kinds.map(({ names }) => rig.ask({ method: 'DELETE', path: pathOf(names.plural) })));
}

async function untilNoKinds(rig: OperatorRig): Promise<void> {
  for (const { names } of kinds)
    await rig.until(`no ${names.plural}`, () =>
      rig.ask({ method: 'GET', path: pathOf(names.plural) }).then(
        () => false,
        (error: unknown) => isNotFound(error),
      ),
    );
}

function pathOf(plural: string): string {
  return `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${GROUP}`;
}
