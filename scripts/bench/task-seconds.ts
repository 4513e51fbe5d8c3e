import { askControl, type SandboxAddress } from '../sandbox-control.ts';
import { until } from './rig.ts';

/** A task of the simulated ConductorOne. */
interface Task {
  readonly id: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly result: { readonly codeName: string; readonly message: string } | null;
}

/** Gives the connector a task. @returns its id */
export async function giveTask(sandbox: SandboxAddress, order: object): Promise<string> {
  return (await askControl<Task>(sandbox, 'POST', '/conductorone/tasks', order)).id;
}

/**
 * Waits until a task has ended.
 * @returns seconds from its arrival at the connector to its end
 * @throws Error if the task did not succeed
 */
export async function secondsOfTask(sandbox: SandboxAddress, id: string): Promise<number> {
  const ask = () => askControl<Task>(sandbox, 'GET', `/conductorone/tasks/${id}`);
  await until('the task ends', async () => (await ask()).result !== null);
  const { result, startedAt, endedAt } = await ask();
  if (result?.codeName !== 'OK' || !startedAt || !endedAt)
    throw new Error(`the task ended with ${result?.codeName}: ${result?.message}`);
  return (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
}
