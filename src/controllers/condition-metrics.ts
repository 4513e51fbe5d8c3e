import type { Condition } from '../api/conditions.ts';
import type { Meter } from '../core/meter.ts';

/** `resource_condition{kind,condition,status}`: the number of objects of a kind with a condition in a status. */
export class ConditionMetrics {
  readonly #gauge;
  /** Series that were set before; those that no object has any more are set to 0. */
  readonly #known = new Set<string>();

  constructor(meter: Meter) {
    this.#gauge = meter.gauge(
      'resource_condition',
      'Number of objects by kind, condition and status of the condition.',
      ['kind', 'condition', 'status'],
    );
  }

  /** Counts the conditions of every object of a kind; called when metrics are read. */
  refresh(
    kind: string,
    objects: Iterable<{ readonly status?: { readonly conditions?: readonly Condition[] } }>,
  ): void {
    const counts = new Map<string, number>(
      [...this.#known].filter((series) => series.startsWith(`${kind} `)).map((series) => [series, 0]),
    );
    for (const { status } of objects) {
      for (const condition of status?.conditions ?? []) {
        const series = `${kind} ${condition.type} ${condition.status}`;
        counts.set(series, (counts.get(series) ?? 0) + 1);
      }
    }
    for (const [series, count] of counts) {
      const [, condition = '', status = ''] = series.split(' ');
      this.#known.add(series);
      this.#gauge.set(count, { kind, condition, status });
    }
  }
}
