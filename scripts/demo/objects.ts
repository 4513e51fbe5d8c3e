import type { Kubectl } from './kubectl.ts';

/** A grant of any kind, with the fields that the demo reads. */
export interface ShownGrant {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly status?: GrantStatus;
}

interface GrantStatus {
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason: string;
  }[];
  readonly applied?: { readonly adopted: boolean };
  readonly drift?: { readonly count: number };
  readonly expiresAt?: string;
}

export interface ShownHold {
  readonly reason: string;
  readonly token: string;
  readonly count: number;
  readonly people: number;
  readonly pending?: readonly { readonly who: string; readonly what: string }[];
}

const GRANT_KINDS = 'alg,atg,awg,aac';

/** Returns grants of every kind; `more` are arguments of kubectl that narrow them down. */
export async function readGrants(
  kubectl: Kubectl,
  more: readonly string[] = [],
): Promise<readonly ShownGrant[]> {
  const output = await kubectl.run(['get', GRANT_KINDS, '-n', 'iga', '-o', 'json', ...more]);
  return (JSON.parse(output) as { items: ShownGrant[] }).items;
}

/** Returns one grant; `null` if there is none. */
export async function readGrant(kubectl: Kubectl, kind: string, name: string): Promise<ShownGrant | null> {
  return (await kubectl.read(kind, name)) as ShownGrant | null;
}

/** Returns the reason of a grant's Ready condition. */
export function reasonOf(grant: ShownGrant | null): string | undefined {
  return grant?.status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
}

export function isReady(grant: ShownGrant): boolean {
  return grant.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** Returns the hold on removals; `null` if there is none. */
export async function readHold(kubectl: Kubectl): Promise<ShownHold | null> {
  const connector = await kubectl.read('asc', 'acme');
  const { holds } = (connector?.['status'] ?? {}) as { holds?: ShownHold[] };
  return holds?.find(({ reason }) => reason === 'TooManyRemovals') ?? null;
}

/** Sets one of the operator's annotations on the connector, as a person would. */
export async function annotate(kubectl: Kubectl, key: string, value: string): Promise<void> {
  const annotation = `asana-connector.dev/${key}=${value}`;
  await kubectl.show(['annotate', 'asc', 'acme', '-n', 'iga', '--overwrite', annotation]);
}
