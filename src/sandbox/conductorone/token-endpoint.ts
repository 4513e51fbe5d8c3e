import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { SandboxTime } from '../sandbox-time.ts';
import type { AccessTokens } from './access-tokens.ts';
import { verifyAssertion } from './assertion.ts';
import type { CallLog } from './call-log.ts';
import type { IssuedCredentials } from './credentials.ts';
import type { TenantSettings } from './settings.ts';
import { TokenRefusal } from './token-refusal.ts';

export const TOKEN_PATH = '/auth/v1/token';

/** Largest request body in bytes; an assertion has some 700. */
const LARGEST_BODY = 16 * 1024;
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export interface TokenEndpointParts {
  readonly credentials: IssuedCredentials;
  readonly tokens: AccessTokens;
  readonly settings: TenantSettings;
  readonly time: SandboxTime;
  readonly calls: CallLog;
}

interface TokenAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** Why the request is refused. */
  readonly reason: string | null;
}

/** Answers `POST /auth/v1/token` over HTTP/1.1 and HTTP/2, only for client credentials with a signed assertion. */
export async function answerTokenRequest(
  parts: TokenEndpointParts,
  request: Http2ServerRequest,
  response: Http2ServerResponse,
): Promise<void> {
  const { status, body, reason } = await judge(parts, request);
  parts.calls.note('Token', null, String(status), reason);
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    date: parts.time.httpDate(),
  });
  response.end(JSON.stringify(body));
}

async function judge(parts: TokenEndpointParts, request: Http2ServerRequest): Promise<TokenAnswer> {
  try {
    if (request.method !== 'POST')
      throw new TokenRefusal(405, 'invalid_request', 'tokens are asked for by POST');
    const form = await readForm(request);
    checkForm(form, parts.credentials.clientId);
    if (!parts.settings.credentialsValid)
      throw new TokenRefusal(401, 'invalid_client', 'these credentials have been revoked');
    spendAssertion(parts, form.get('client_assertion') ?? '');
    const { tokenLifetimeS } = parts.settings;
    return {
      status: 200,
      body: {
        access_token: parts.tokens.issue(tokenLifetimeS * 1000),
        token_type: 'Bearer',
        expires_in: tokenLifetimeS,
      },
      reason: null,
    };
  } catch (error) {
    if (!(error instanceof TokenRefusal)) throw error;
    const { status, message } = error;
    return { status, body: { error: error.error, error_description: message }, reason: message };
  }
}

async function readForm(request: Http2ServerRequest): Promise<URLSearchParams> {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/x-www-form-urlencoded(;\s*charset=utf-8)?$/i.test(type))
    throw new TokenRefusal(
      400,
      'invalid_request',
      'the content type must be application/x-www-form-urlencoded',
    );
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_BODY) throw new TokenRefusal(413, 'invalid_request', 'the request is too large');
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

function checkForm(form: URLSearchParams, clientId: string): void {
  const one = (name: string): string => {
    const [value, ...more] = form.getAll(name);
    if (value === undefined || value === '' || more.length > 0)
      throw new TokenRefusal(400, 'invalid_request', `${name} must be there once`);
    return value;
  };
  if (one('grant_type') !== 'client_credentials')
    throw new TokenRefusal(400, 'unsupported_grant_type', 'grant_type must be client_credentials');
  if (one('client_id') !== clientId)
    throw new TokenRefusal(401, 'invalid_client', 'there is no client with this client_id');
  if (one('client_assertion_type') !== ASSERTION_TYPE)
    throw new TokenRefusal(400, 'invalid_request', `client_assertion_type must be ${ASSERTION_TYPE}`);
  one('client_assertion');
}

function spendAssertion({ credentials, tokens, time }: TokenEndpointParts, assertion: string): void {
  const { clientId, publicKey, audience } = credentials;
  const { nonce, expiresAt } = verifyAssertion(assertion, { clientId, audience, publicKey, now: time.now() });
  if (!tokens.spend(nonce, expiresAt))
    throw new TokenRefusal(
      401,
      'invalid_client',
      'the client assertion is refused: its nonce was used before',
    );
}
