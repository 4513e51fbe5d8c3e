import { askControl, type SandboxAddress } from '../sandbox-control.ts';
import { people } from './cast.ts';
import { say, showTable } from './screen.ts';
import { type Stage, until } from './stage.ts';

/** ConductorOne as a person would see it there, through the sandbox's control endpoint. */
export class ConductorOneView {
  readonly #sandbox: SandboxAddress;

  constructor(sandbox: SandboxAddress) {
    this.#sandbox = sandbox;
  }

  /** Enqueues a task and returns the gRPC code that it ended with. */
  async carryOut(task: Record<string, string>): Promise<string> {
    const { id } = await this.#ask<{ id: string }>('/tasks', task);
    let result: { codeName: string; message: string } | null = null;
    await until(`ConductorOne's ${task['type']} task ends`, async () => {
      ({ result } = await this.#ask<{ result: typeof result }>(`/tasks/${id}`));
      return result !== null;
    });
    return (result as { codeName: string } | null)?.codeName ?? '';
  }

  /** Returns the size and the counts of the last upload. */
  async uploaded(): Promise<{ bytes: number; accounts: number; entitlements: number; grants: number }> {
    const count = async (what: 'accounts' | 'entitlements' | 'grants') =>
      (await this.#ask<Record<string, unknown[]>>(`/${what}`))[what]?.length ?? 0;
    const { uploads } = await this.#ask<{ uploads: { bytes: number }[] }>('/uploads');
    return {
      bytes: uploads.at(-1)?.bytes ?? 0,
      accounts: await count('accounts'),
      entitlements: await count('entitlements'),
      grants: await count('grants'),
    };
  }

  #ask<T>(path: string, task?: Record<string, string>): Promise<T> {
    return askControl(this.#sandbox, task ? 'POST' : 'GET', `/conductorone${path}`, task);
  }
}

interface ConductorOneStage extends Stage {
  readonly conductorOne: ConductorOneView;
  /** Returns alice's license in Asana itself. */
  readonly licenseOfAlice: () => Promise<string>;
}

/** Tells ConductorOne's part of the story: the connection, an upload, an access request. */
export async function tellConductorOne(stage: ConductorOneStage): Promise<void> {
  const { kubectl, conductorOne, licenseOfAlice, expect } = stage;
  const condition = '{.status.conditions[?(@.type=="ConductorOneConnected")].status}';
  const connected = await kubectl.show(['get', 'asc', 'acme', '-n', 'iga', '-o', `jsonpath=${condition}`]);
  expect(
    'ConductorOne is connected',
    `ConductorOneConnected=${connected.trim()}`,
    connected.trim() === 'True',
  );

  const synced = await conductorOne.carryOut({ type: 'syncFull' });
  const upload = await conductorOne.uploaded();
  say('ConductorOne called for a sync, and got:');
  showTable(
    ['BYTES (C1Z)', 'ACCOUNTS', 'ENTITLEMENTS', 'GRANTS'],
    [[upload.bytes, upload.accounts, upload.entitlements, upload.grants].map(String)],
  );
  expect('the upload arrives', `${upload.accounts} accounts`, synced === 'OK' && upload.accounts >= 200);

  const before = await licenseOfAlice();
  const request = { type: 'grant', entitlement: 'enterprise', user: people.alice };
  const granted = await conductorOne.carryOut(request);
  const after = await licenseOfAlice();
  say(`alice asked for an Enterprise license in ConductorOne, somebody approved it: ${before} → ${after}.`);
  expect(
    'an access request is carried out',
    `alice ${before} → ${after}`,
    granted === 'OK' && before === 'view only' && after === 'enterprise',
  );
  await kubectl.show(['get', 'asc', 'acme', '-n', 'iga', '-o', 'jsonpath={.status.conductorOne}']);
}
