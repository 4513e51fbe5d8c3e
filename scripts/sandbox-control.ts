/** The part of the output of a ready `asana-connector sandbox` that scripts need. */
export interface SandboxAddress {
  readonly asanaUrl: string;
  readonly controlUrl: string;
  readonly workspace: string;
  readonly tokens: { readonly serviceAccount: string };
  readonly conductorOne: {
    readonly clientId: string;
    readonly clientSecret: string;
    readonly caFile: string;
  };
}

export type ControlMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * Calls the control endpoint of a sandbox (docs/sandbox.md), which shows and changes the simulated Asana, and under
 * /conductorone the simulated ConductorOne. Returns `null` if the answer has no content.
 * @throws Error for any answer but a success
 */
export async function askControl<T>(
  { controlUrl }: { readonly controlUrl: string },
  method: ControlMethod,
  path: string,
  body?: unknown,
): Promise<T> {
  const content =
    body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${controlUrl}${path}`, { method, ...content });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text === '' ? 'null' : text) as T;
}

/** Returns the path of a person on the control endpoint. */
export function userPath(email: string): string {
  return `/users/${encodeURIComponent(email)}`;
}
