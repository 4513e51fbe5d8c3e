import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { type Clock, systemClock } from '../core/clock.ts';
import { asanaServer } from './asana-server.ts';
import { readChecked } from './checked.ts';
import type { TenantSettings } from './conductorone/settings.ts';
import { startTenant, type Tenant } from './conductorone/tenant.ts';
import { controlServer } from './control.ts';
import { Directory } from './directory.ts';
import { AsanaFaults } from './faults.ts';
import { FieldCompiler } from './fields.ts';
import { BASE_PATH, Gate } from './gate.ts';
import { seededRandom } from './gids.ts';
import { Pager } from './paging.ts';
import { RequestLog } from './request-log.ts';
import { teamRoutes } from './rest-teams.ts';
import { userRoutes } from './rest-users.ts';
import { workspaceRoutes } from './rest-workspaces.ts';
import { SandboxTime } from './sandbox-time.ts';
import { scimGroupRoutes } from './scim-groups.ts';
import { scimMetaRoutes } from './scim-meta.ts';
import { scimUserRoutes } from './scim-users.ts';
import { FEWEST_ACCOUNTS, ORGANIZATION_GID, type Seeded, type SeedSizes, seedDirectory } from './seed.ts';
import { changeSettings, defaultSettings, type Settings } from './settings.ts';
import { type TokenKind, Tokens } from './tokens.ts';
import type { World } from './world.ts';

const HOST = '127.0.0.1';

export interface SandboxOptions extends Partial<SeedSizes>, Partial<Settings> {
  /** Port of the simulated Asana on loopback; 0 (default) = any free one. */
  readonly port?: number;
  /** Port of the control endpoint; 0 (default) = any free one. */
  readonly controlPort?: number;
  /** Port of the simulated ConductorOne on loopback; 0 (default) = any free one. */
  readonly conductorOnePort?: number;
  /** The settings of the simulated ConductorOne that differ from its defaults. */
  readonly conductorOneSettings?: Partial<TenantSettings>;
  /** The same seed and sizes give the same people, teams and gids. */
  readonly seed?: number;
  /** Tokens to use instead of generated ones. */
  readonly tokens?: Partial<Record<TokenKind, string>>;
  readonly clock?: Clock;
}

/** A running sandbox. */
export interface Sandbox {
  /** `http://127.0.0.1:PORT/api/1.0`; SCIM is below it. */
  readonly asanaUrl: string;
  readonly controlUrl: string;
  /** Gid of the organization. */
  readonly workspace: string;
  readonly tokens: Readonly<Record<TokenKind, string>>;
  /** Everything the simulated Asana holds, to read and to change directly. */
  readonly state: Directory;
  readonly people: Seeded;
  readonly settings: Settings;
  readonly faults: AsanaFaults;
  readonly requests: RequestLog;
  readonly tokenRegister: Tokens;
  readonly time: SandboxTime;
  /** The simulated ConductorOne: its address, its credentials and its contents. */
  readonly conductorOne: Omit<Tenant, 'close'>;
  /** Ends what is in progress and closes the ports. */
  close(): Promise<void>;
}

const defaultSizes: SeedSizes = {
  organization: ORGANIZATION_GID,
  accounts: 40,
  teams: 6,
  membersPerTeam: 8,
  deprovisioned: 3,
  rejoined: 2,
  secondWorkspace: 'none',
};

/**
 * Starts a simulated Asana, a simulated ConductorOne and their control endpoint on loopback.
 * @throws InvalidInputError for options out of bounds, and the errors of listening (a port in use)
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const clock = options.clock ?? systemClock;
  const seed = options.seed ?? 1;
  const settings = readSettings(options);
  const time = new SandboxTime(clock);
  const random = seededRandom(seed);
  const directory = new Directory(settings, time, random);
  const people = seedDirectory(directory, random, readSizes(options));
  const tokenRegister = new Tokens(settings, clock);
  const tokens = issueTokens(tokenRegister, people, options);
  const faults = new AsanaFaults();
  const requests = new RequestLog();
  const closing = new AbortController();
  const gate = new Gate({
    settings,
    tokens: tokenRegister,
    faults,
    log: requests,
    time,
    clock,
    closing: closing.signal,
  });

  let asanaUrl = '';
  const pager = new Pager(`sandbox ${seed}`, () => time.now());
  const world: World = { directory, settings, pager, fields: new FieldCompiler(), baseUrl: () => asanaUrl };
  const asana = asanaServer(gate, [
    ...userRoutes(world),
    ...workspaceRoutes(world),
    ...teamRoutes(world),
    ...scimMetaRoutes(world),
    ...scimUserRoutes(world),
    ...scimGroupRoutes(world),
  ]);
  const conductorOne = await startTenant({
    port: options.conductorOnePort ?? 0,
    clock,
    settings: options.conductorOneSettings,
  });
  const control = controlServer({
    directory,
    settings,
    faults,
    requests,
    tokens: tokenRegister,
    time,
    conductorOne,
  });
  const close = async () => {
    closing.abort();
    await Promise.all([asana.close(), control.close(), conductorOne.close()]);
  };
  try {
    asanaUrl = `${await listen(asana, options.port ?? 0)}${BASE_PATH}`;
    const controlUrl = await listen(control, options.controlPort ?? 0);
    const workspace = people.organization.gid;
    return {
      asanaUrl,
      controlUrl,
      workspace,
      tokens,
      state: directory,
      people,
      settings,
      faults,
      requests,
      tokenRegister,
      time,
      conductorOne,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function listen(app: FastifyInstance, port: number): Promise<string> {
  return app.listen({ host: HOST, port });
}

function issueTokens(register: Tokens, people: Seeded, options: SandboxOptions): Record<TokenKind, string> {
  const seed = options.seed ?? 1;
  const tokens: Record<TokenKind, string> = {
    personalAccessToken: `sandbox-personal-${seed}`,
    serviceAccount: `sandbox-service-account-${seed}`,
    scimOnly: `sandbox-scim-only-${seed}`,
    ...options.tokens,
  };
  register.issue(tokens.personalAccessToken, 'personalAccessToken', people.root);
  register.issue(tokens.serviceAccount, 'serviceAccount', people.serviceAccount);
  register.issue(tokens.scimOnly, 'scimOnly', people.serviceAccount);
  return tokens;
}

function readSettings(options: SandboxOptions): Settings {
  const settings = { ...defaultSettings };
  const given = Object.entries(options).filter(
    ([name, value]) => name in defaultSettings && value !== undefined,
  );
  changeSettings(settings, Object.fromEntries(given));
  return settings;
}

/** Bounds that keep a directory within memory. */
const sizesSchema = Type.Object({
  organization: Type.String({ pattern: '^[0-9]+$' }),
  accounts: Type.Integer({ minimum: FEWEST_ACCOUNTS, maximum: 500_000 }),
  teams: Type.Integer({ minimum: 0, maximum: 100_000 }),
  membersPerTeam: Type.Integer({ minimum: 0, maximum: 5000 }),
  deprovisioned: Type.Integer({ minimum: 0, maximum: 100_000 }),
  rejoined: Type.Integer({ minimum: 0, maximum: 100_000 }),
  secondWorkspace: Type.Enum(['none', 'workspace', 'organization']),
});

function readSizes(options: SandboxOptions): SeedSizes {
  const given = Object.entries(options).filter(
    ([name, value]) => name in defaultSizes && value !== undefined,
  );
  return readChecked('sizes', sizesSchema, { ...defaultSizes, ...Object.fromEntries(given) });
}
