import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { Condition } from '../../api/conditions.ts';
import type { Labels, Meter } from '../../core/meter.ts';
import type { DirectoryCounts } from '../../directory/directory.ts';
import { splitKey } from '../../kubernetes/resource.ts';
import { type ConnectorFacts, isComplete } from './connector-facts.ts';
import { intervalsOf } from './connector-policies.ts';
import type { GrantTally, KindTally } from './grant-tally.ts';

/** The metrics of each connector; every series has the labels namespace and connector. */
export class ConnectorMetrics {
  readonly #meter: Meter;
  readonly #gauges;
  /** The start of the last sync that was counted, by connector. */
  readonly #counted = new Map<string, number>();
  /** The condition series that are set, by connector: those that no longer apply are removed. */
  readonly #conditions = new Map<string, readonly Labels[]>();

  constructor(meter: Meter) {
    this.#meter = meter;
    const of = ['namespace', 'connector'];
    this.#gauges = {
      accounts: meter.gauge(
        'accounts',
        'Accounts by license: Enterprise, ViewOnly or none; unknown while no licenses are read.',
        [...of, 'license'],
      ),
      limit: meter.gauge('licenses_limit', 'Limit for enterprise licenses (maxEnterpriseLicenses).', of),
      unmanaged: meter.gauge('licenses_unmanaged', 'Enterprise licenses that no grant declares.', of),
      grants: meter.gauge('grants', 'Grants by kind and state.', [...of, 'kind', 'state']),
      endingSoon: meter.gauge('grants_ending_soon', 'Number of grants that end soon.', [...of, 'kind']),
      condition: meter.gauge('condition', 'Conditions of the connector, as labels. Always 1.', [
        ...of,
        'condition',
        'status',
        'reason',
      ]),
      paused: meter.gauge('removals_paused', '1 while removals are held, otherwise 0.', of),
      complete: meter.gauge('sync_complete', '1 if the last sync was complete, otherwise 0.', of),
      success: meter.gauge(
        'sync_last_success_timestamp_seconds',
        'Unix time at which the last complete sync ended.',
        of,
      ),
      interval: meter.gauge(
        'sync_interval_seconds',
        'Interval between syncs (sync.interval), in seconds.',
        of,
      ),
      requests: meter.gauge('sync_requests', 'Number of requests that the last sync sent to Asana.', of),
      duration: meter.histogram('sync_duration_seconds', 'Duration of syncs.', of),
    };
  }

  /** Updates the metrics of a connector from the facts its status was computed from, and from its conditions. */
  observe(key: string, facts: ConnectorFacts, conditions: readonly Condition[]): void {
    const labels = labelsOf(key);
    this.#observeLicenses(labels, facts);
    this.#observeGrants(labels, facts.tally);
    this.#observeConditions(key, conditions);
    this.#gauges.paused.set(facts.removals.holds ? 1 : 0, labels);
    this.#observeSync(key, facts);
  }

  /** Removes every series of a deleted connector, including those that other components count. */
  forget(key: string): void {
    this.#meter.forget(labelsOf(key));
    this.#counted.delete(key);
    this.#conditions.delete(key);
  }

  #observeLicenses(labels: ConnectorLabels, { counts, snapshot, tally, object }: ConnectorFacts): void {
    const { accounts, unmanaged, limit } = this.#gauges;
    const licensesRead = Boolean(snapshot?.parts.licenses);
    for (const [license, count] of counts ? countByLicense(counts, licensesRead) : []) {
      if (count === null) accounts.remove({ ...labels, license });
      else accounts.set(count, { ...labels, license });
    }
    // Without a reading of the licenses, the number of unmanaged ones is unknown.
    if (!counts || !licensesRead) unmanaged.remove(labels);
    else unmanaged.set(Math.max(0, counts.enterpriseLicenses - tally.managedEnterpriseLicenses), labels);
    const most = object.spec.provisioning.maxEnterpriseLicenses;
    if (most === undefined) limit.remove(labels);
    else limit.set(most, labels);
  }

  #observeGrants(labels: ConnectorLabels, { kinds }: GrantTally): void {
    for (const [kind, tally] of kinds) {
      for (const [state, count] of Object.entries(statesOf(tally)))
        this.#gauges.grants.set(count, { ...labels, kind, state });
      this.#gauges.endingSoon.set(tally.endingSoon, { ...labels, kind });
    }
  }

  #observeConditions(key: string, conditions: readonly Condition[]): void {
    const { condition: gauge } = this.#gauges;
    for (const series of this.#conditions.get(key) ?? []) gauge.remove(series);
    const shown = conditions.map(({ type: condition, status, reason }) => ({
      ...labelsOf(key),
      condition,
      status,
      reason,
    }));
    for (const series of shown) gauge.set(1, series);
    this.#conditions.set(key, shown);
  }

  #observeSync(key: string, { object, report }: ConnectorFacts): void {
    const labels = labelsOf(key);
    const gauges = this.#gauges;
    if (object.spec.suspend) gauges.interval.remove(labels);
    else gauges.interval.set(intervalsOf(object).intervalMs / 1000, labels);
    // After a restart, the status still says when the directory was last read completely.
    const before = this.#counted.has(key) ? null : lastSuccessIn(object);
    if (before !== null) gauges.success.set(before / 1000, labels);
    if (!report || this.#counted.get(key) === report.startedAt) return;
    this.#counted.set(key, report.startedAt);
    const complete = isComplete(report);
    gauges.complete.set(complete ? 1 : 0, labels);
    if (complete) gauges.success.set(Math.floor(report.completedAt / 1000), labels);
    gauges.requests.set(report.requests, labels);
    gauges.duration.observe((report.completedAt - report.startedAt) / 1000, labels);
  }
}

/**
 * Returns when the directory was last read completely according to the status, in epoch milliseconds; `null` if the
 * status does not say. After an incomplete sync, the measure says when accounts and licenses were last complete.
 */
function lastSuccessIn({ status }: AsanaConnector): number | null {
  const { sync, measure } = status ?? {};
  const whole = [measure?.accounts?.at, measure?.licenses?.at].filter((at) => at !== undefined);
  const times = sync?.complete && sync.completedAt !== undefined ? [sync.completedAt] : whole;
  return times.length === 0 ? null : Math.min(...times.map((at) => Date.parse(at)));
}

type ConnectorLabels = { readonly namespace: string; readonly connector: string };

function labelsOf(key: string): ConnectorLabels {
  const { namespace, name } = splitKey(key);
  return { namespace, connector: name };
}

/** Returns the accounts by license; `null` removes a series. Licenses that were not read must not show as 0. */
function countByLicense(counts: DirectoryCounts, read: boolean): readonly [license: string, number | null][] {
  const { accounts, enterpriseLicenses, viewOnlyLicenses } = counts;
  return [
    ['Enterprise', read ? enterpriseLicenses : null],
    ['ViewOnly', read ? viewOnlyLicenses : null],
    ['none', read ? accounts - enterpriseLicenses - viewOnlyLicenses : null],
    ['unknown', read ? null : accounts],
  ];
}

function statesOf({ grants, ready, planned, blocked }: KindTally): Record<string, number> {
  return { Ready: ready, Planned: planned, Blocked: blocked, Other: Math.max(0, grants - ready - blocked) };
}
