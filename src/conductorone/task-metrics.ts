import type { Labels, Meter } from '../core/meter.ts';

/** The labels of a connector in metrics. */
export interface ConnectorLabels {
  readonly namespace: string;
  readonly connector: string;
}

/** The metrics of one connector's connection to ConductorOne. */
export class TaskMetrics {
  readonly #labels: Labels;
  readonly #instruments;

  constructor(meter: Meter, { namespace, connector }: ConnectorLabels) {
    const of = ['namespace', 'connector'];
    this.#labels = { namespace, connector };
    this.#instruments = {
      connected: meter.gauge('conductorone_connected', '1 while ConductorOne responds, otherwise 0.', of),
      tasks: meter.counter('conductorone_tasks_total', 'Tasks of ConductorOne by type and result.', [
        ...of,
        'type',
        'result',
      ]),
      bytes: meter.counter('conductorone_upload_bytes_total', 'Bytes uploaded to ConductorOne.', of),
      duration: meter.histogram(
        'conductorone_upload_duration_seconds',
        'Duration of successful uploads to ConductorOne.',
        of,
      ),
    };
  }

  connected(connected: boolean): void {
    this.#instruments.connected.set(connected ? 1 : 0, this.#labels);
  }

  /** Removes the gauge that would otherwise still be reported for a connector without a connection. */
  forget(): void {
    this.#instruments.connected.remove(this.#labels);
  }

  task(type: string, result: string): void {
    this.#instruments.tasks.add(1, { ...this.#labels, type, result });
  }

  upload(bytes: number, seconds: number): void {
    this.#instruments.bytes.add(bytes, this.#labels);
    this.#instruments.duration.observe(seconds, this.#labels);
  }
}
