import { askControl, type ControlMethod } from '../../scripts/sandbox-control.ts';
import type { OperatorRig } from './rig.ts';

/** A task as the simulated ConductorOne shows it. */
export interface ShownTask {
  readonly id: string;
  readonly state: string;
  readonly leasedTo: readonly string[];
  readonly heartbeats: number;
  readonly result: { readonly codeName: string; readonly message: string } | null;
}

/** The simulated ConductorOne beside a rig's Asana, used through its control endpoint. */
export class TenantView {
  readonly #rig: OperatorRig;

  constructor(rig: OperatorRig) {
    this.#rig = rig;
  }

  /** Creates a Secret with the token and ConductorOne's credentials, like that of a baton-asana Deployment. */
  async createSecret(token: string): Promise<void> {
    const { clientId, clientSecret, caFile } = this.#rig.sandbox.conductorOne;
    this.#rig.environment['SSL_CERT_FILE'] = caFile;
    const keys = { BATON_TOKEN: token, BATON_CLIENT_ID: clientId, BATON_CLIENT_SECRET: clientSecret };
    await this.#rig.createSecret(keys);
  }

  async order(task: Record<string, unknown>): Promise<string> {
    return (await this.#send<ShownTask>('POST', '/tasks', task)).id;
  }

  async cancel(id: string): Promise<void> {
    await this.#send('DELETE', `/tasks/${id}`);
  }

  async addFault(fault: Record<string, unknown>): Promise<void> {
    await this.#send('POST', '/faults', fault);
  }

  task(id: string): Promise<ShownTask> {
    return this.#send<ShownTask>('GET', `/tasks/${id}`);
  }

  /** Orders a task and waits for its end. @returns the gRPC code and the message */
  async carryOut(task: Record<string, unknown>): Promise<{ code: string; message: string }> {
    const id = await this.order(task);
    return this.untilEnded(id);
  }

  async untilEnded(id: string): Promise<{ code: string; message: string }> {
    let seen: ShownTask | null = null;
    await this.#rig.until(
      `task ${id} ends`,
      async () => {
        seen = await this.task(id);
        return seen.result !== null;
      },
      () => JSON.stringify(seen),
    );
    const { result } = await this.task(id);
    return { code: result?.codeName ?? '', message: result?.message ?? '' };
  }

  async grantsOf(user: string): Promise<string[]> {
    const query = `?user=${encodeURIComponent(user)}`;
    const { grants } = await this.#send<{ grants: { id: string }[] }>('GET', `/grants${query}`);
    return grants.map(({ id }) => id);
  }

  uploads(): Promise<{ uploads: { state: string; bytes: number }[] }> {
    return this.#send('GET', '/uploads');
  }

  async set(settings: Record<string, unknown>): Promise<void> {
    await this.#send('POST', '/settings', settings);
  }

  #send<T>(method: ControlMethod, path: string, body?: unknown): Promise<T> {
    return askControl(this.#rig.sandbox, method, `/conductorone${path}`, body);
  }
}
