import { CodedError } from '../core/errors.ts';

export type Surface = 'rest' | 'scim';

/** A request that Asana would refuse. It becomes the error body of its surface. */
export class Refusal extends CodedError {
  readonly surface: Surface;
  readonly status: number;
  /** Seconds for the `Retry-After` header. */
  readonly retryAfterSeconds: number | null;
  /** A keyword of RFC 7644 §3.12; `null` if none fits. */
  readonly scimType: string | null;

  constructor(
    surface: Surface,
    status: number,
    message: string,
    details: { retryAfterSeconds?: number; scimType?: string } = {},
  ) {
    super('Refused', 'stalling', message);
    this.surface = surface;
    this.status = status;
    this.retryAfterSeconds = details.retryAfterSeconds ?? null;
    this.scimType = details.scimType ?? null;
  }

  /** Returns the body: `{"errors": […]}` for REST (OpenAPI, `ErrorResponse`), RFC 7644 §3.12 for SCIM. */
  body(): Record<string, unknown> {
    return this.surface === 'scim' ? this.#scimBody() : { errors: [this.#restError()] };
  }

  #restError(): Record<string, string> {
    const help =
      'For more information on API status codes and how to handle them, read the docs on errors: https://developers.asana.com/docs/errors';
    // `phrase` accompanies 500s only (OpenAPI, `Error.phrase`).
    if (this.status === 500) return { message: this.message, phrase: '6 sad squid snuggle softly' };
    return { message: this.message, help };
  }

  #scimBody(): Record<string, unknown> {
    return {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      ...(this.scimType === null ? {} : { scimType: this.scimType }),
      detail: this.message,
      status: String(this.status),
    };
  }
}

/** Returns a REST refusal with status 400. */
export function badRequest(message: string): Refusal {
  return new Refusal('rest', 400, message);
}

/** Returns the `Forbidden` of REST, status 403. */
export function forbidden(message: string): Refusal {
  return new Refusal('rest', 403, message);
}

/** Returns the 404 for an unknown object in a path. `resource` is Asana's name for its type. */
export function unknownObject(resource: string, id: string): Refusal {
  return new Refusal('rest', 404, `${resource}: Unknown object: ${id}`);
}

/** Returns the 404 for an unknown route. Asana also answers a wrong method with it, never with 405. */
export function noRoute(): Refusal {
  return new Refusal('rest', 404, 'No matching route for request');
}

export function scimRefusal(status: number, detail: string, scimType?: string): Refusal {
  return new Refusal('scim', status, detail, scimType === undefined ? {} : { scimType });
}
