import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../core/clock.ts';
import { SandboxTime } from '../sandbox-time.ts';
import { AccessTokens } from './access-tokens.ts';
import { batonHandlers } from './baton-handlers.ts';
import { CallLog } from './call-log.ts';
import { makeCertificate } from './certificate.ts';
import { CredentialIssuer } from './credentials.ts';
import { Instances } from './instances.ts';
import { defaultTenantSettings, readTenantSettings, type TenantSettings } from './settings.ts';
import { TaskQueue } from './task-queue.ts';
import { TenantFaults } from './tenant-faults.ts';
import { TenantServer } from './tenant-server.ts';
import { answerTokenRequest } from './token-endpoint.ts';
import { UploadDesk } from './upload-desk.ts';

const LOOPBACK = '127.0.0.1';
/** The host that the certificate names and clients connect to. */
const HOST = 'localhost';

export interface TenantOptions {
  /** Port on loopback; 0 = any free one. */
  readonly port: number;
  readonly clock: Clock;
  readonly settings?: Partial<TenantSettings> | undefined;
}

/** A running simulated ConductorOne with one connector. */
export interface Tenant {
  /** `https://localhost:PORT` */
  readonly url: string;
  /** `<name>@localhost:PORT/ccc`: leads here without any override. The newest one issued, like the secret. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** Path of the certificate authority in PEM, for NODE_EXTRA_CA_CERTS or SSL_CERT_FILE. Removed on close. */
  readonly caFile: string;
  /** The certificate authority as text. */
  readonly authority: string;
  readonly settings: Readonly<TenantSettings>;
  readonly faults: TenantFaults;
  readonly queue: TaskQueue;
  readonly instances: Instances;
  readonly uploads: UploadDesk;
  readonly calls: CallLog;
  /**
   * Applies settings from untrusted JSON.
   * @throws InvalidInputError
   */
  change(settings: unknown): void;
  /** Issues a new client id and secret, and invalidates the earlier ones and their tokens. */
  rotateCredentials(): void;
  /** Issues a bearer token without a request. */
  issueToken(): string;
  /** Cuts every open connection without notice. */
  cut(): void;
  close(): Promise<void>;
}

/** Starts a simulated ConductorOne on loopback, with its own credentials and certificate. */
export async function startTenant({ port, clock, settings: given = {} }: TenantOptions): Promise<Tenant> {
  const settings = { ...defaultTenantSettings };
  const time = new SandboxTime(clock);
  const tokens = new AccessTokens({ now: () => time.now(), monotonic: () => clock.monotonic() });
  const change = (changes: unknown): void => {
    Object.assign(settings, readTenantSettings(changes));
    time.skewMs = settings.skewMs;
    if (!settings.credentialsValid) tokens.revokeAll();
  };
  change(given);
  const folder = await mkdtemp(join(tmpdir(), 'asana-connector-sandbox-'));
  const faults = new TenantFaults();
  const calls = new CallLog(time);
  const queue = new TaskQueue(settings, clock, time);
  const instances = new Instances(settings, clock, time);
  const uploads = new UploadDesk({ settings, clock, queue, time, folder });
  const closing = new AbortController();
  // The credentials contain the port, which is known only after listening.
  const credentials = Promise.withResolvers<CredentialIssuer>();
  const server = new TenantServer({
    settings,
    faults,
    tokens,
    clock,
    handlers: batonHandlers({ settings, queue, instances, uploads, calls }),
    calls,
    answerToken: async (request, response) =>
      answerTokenRequest(
        { credentials: (await credentials.promise).newest, tokens, settings, time, calls },
        request,
        response,
      ),
    closing: closing.signal,
  });
  const close = async (): Promise<void> => {
    closing.abort();
    await server.close();
    uploads.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    // TLS clients check certificates by the machine's clock.
    const certificate = await makeCertificate(systemClock.now());
    server.present(certificate);
    const caFile = join(folder, 'ca.pem');
    await writeFile(caFile, certificate.authority);
    const bound = await server.listen(LOOPBACK, port);
    const issuer = new CredentialIssuer(HOST, bound);
    credentials.resolve(issuer);
    return {
      url: `https://${HOST}:${bound}`,
      get clientId() {
        return issuer.newest.clientId;
      },
      get clientSecret() {
        return issuer.newest.clientSecret;
      },
      caFile,
      authority: certificate.authority,
      settings,
      faults,
      queue,
      instances,
      uploads,
      calls,
      change,
      rotateCredentials: () => {
        issuer.rotate();
        tokens.revokeAll();
      },
      issueToken: () => tokens.issue(settings.tokenLifetimeS * 1000),
      cut: () => server.cut(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
