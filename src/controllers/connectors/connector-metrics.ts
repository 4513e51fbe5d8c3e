import type { Meter } from '../../core/meter.ts';
import { splitKey } from '../../kubernetes/resource.ts';
import { grantKinds } from '../../api/kinds.ts';
import type { ConnectorFacts } from './connector-facts.ts';
import type { KindTally } from './grant-tally.ts';

/** The gauges of each connector; every series carries namespace and connector. */
export class ConnectorMetrics {
  readonly #gauges;
  /** Finished syncs already counted, by connector. */
  readonly #counted = new Map<string, number>();

  constructor(meter: Meter) {
    const of = ['namespace', 'connector'];
    this.#gauges = {
      accounts: meter.gauge('accounts', 'Accounts by license (enterprise, view-only, none).', [
        ...of,
        'license',
      ]),
      limit: meter.gauge(
        'licenses_limit',
        'Most enterprise licenses our actions lead to (maxEnterpriseLicenses).',
        of,
      ),
      unmanaged: meter.gauge('licenses_unmanaged', 'Enterprise licenses that no grant declares.', of),
      grants: meter.gauge('grants', 'Grants by kind and state.', [...of, 'kind', 'state']),
      paused: meter.gauge('removals_paused', '1 while removals are held.', of),
      complete: meter.gauge('sync_complete', '1 if the last sync read every part whole.', of),
      success: meter.gauge(
        'sync_last_success_timestamp_seconds',
        'When the last complete sync ended, Unix time.',
        of,
      ),
      requests: meter.gauge('sync_requests', 'Requests the last sync cost.', of),
      duration: meter.histogram('sync_duration_seconds', 'Duration of syncs.', of),
    };
  }

  /** Sets the gauges of a connector from what its status was made of. */
  observe(key: string, { counts, tally, removals, object, report, snapshot }: ConnectorFacts): void {
    const labels = labelsOf(key);
    const gauges = this.#gauges;
    if (counts) {
      const licensed = counts.enterpriseLicenses + counts.viewOnlyLicenses;
      gauges.accounts.set(counts.enterpriseLicenses, { ...labels, license: 'Enterprise' });
      gauges.accounts.set(counts.viewOnlyLicenses, { ...labels, license: 'ViewOnly' });
      gauges.accounts.set(counts.accounts - licensed, { ...labels, license: 'none' });
      const unmanaged = counts.enterpriseLicenses - tally.managedEnterpriseLicenses;
      gauges.unmanaged.set(Math.max(0, unmanaged), labels);
    }
    const limit = object.spec.provisioning.maxEnterpriseLicenses;
    if (limit === undefined) gauges.limit.remove(labels);
    else gauges.limit.set(limit, labels);
    for (const [kind, grants] of tally.kinds)
      for (const [state, count] of Object.entries(statesOf(grants)))
        gauges.grants.set(count, { ...labels, kind, state });
    gauges.paused.set(removals.holds ? 1 : 0, labels);
    if (!report || this.#counted.get(key) === report.startedAt) return;
    this.#counted.set(key, report.startedAt);
    const parts = snapshot?.parts;
    const complete =
      report.error === null &&
      parts !== undefined &&
      [parts.accounts, parts.licenses, parts.teams].every((part) => part?.complete ?? true);
    gauges.complete.set(complete ? 1 : 0, labels);
    if (complete) gauges.success.set(Math.floor(report.completedAt / 1000), labels);
    gauges.requests.set(report.requests, labels);
    gauges.duration.observe((report.completedAt - report.startedAt) / 1000, labels);
  }

  /** The connector is gone: its series go too. */
  forget(key: string): void {
    const labels = labelsOf(key);
    const { accounts, grants, duration: _, ...rest } = this.#gauges;
    for (const gauge of Object.values(rest)) gauge.remove(labels);
    for (const license of ['Enterprise', 'ViewOnly', 'none']) accounts.remove({ ...labels, license });
    for (const { names } of grantKinds)
      for (const state of states) grants.remove({ ...labels, kind: names.kind, state });
    this.#counted.delete(key);
  }
}

function labelsOf(key: string): { namespace: string; connector: string } {
  const { namespace, name } = splitKey(key);
  return { namespace, connector: name };
}

const states = ['Ready', 'Planned', 'Blocked', 'Other'] as const;

function statesOf({ grants, ready, planned, blocked }: KindTally): Record<(typeof states)[number], number> {
  return { Ready: ready, Planned: planned, Blocked: blocked, Other: Math.max(0, grants - ready - blocked) };
}
