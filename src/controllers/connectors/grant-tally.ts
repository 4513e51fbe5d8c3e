import { type GrantKindName, type GrantObject, grantKinds } from '../../api/kinds.ts';
import { takesSeat } from '../../directory/account.ts';
import type { Directory } from '../../directory/directory.ts';
import { endingOf } from '../grants/grant-time.ts';

/** Counts of the grants of one kind by state. */
export interface KindTally {
  readonly grants: number;
  readonly ready: number;
  readonly planned: number;
  readonly blocked: number;
  /** Grants with an ExpiresSoon event that have not ended. */
  readonly endingSoon: number;
}

/** Counts of the grants of one connector. */
export interface GrantTally {
  readonly kinds: ReadonlyMap<GrantKindName, KindTally>;
  /** Accounts with an enterprise license that is declared by a grant that is neither deleted nor expired. */
  readonly managedEnterpriseLicenses: number;
}

/** A grant with its kind, which the stored object itself does not contain. */
export interface TalliedGrant {
  readonly kind: { readonly resource: { readonly kind: GrantKindName } };
  readonly object: GrantObject;
}

const nothing: KindTally = { grants: 0, ready: 0, planned: 0, blocked: 0, endingSoon: 0 };

/** Counts the grants of one connector by kind and by state. */
export function tallyGrants(grants: Iterable<TalliedGrant>, directory: Directory, now: number): GrantTally {
  const kinds = new Map(grantKinds.map(({ names }) => [names.kind, { ...nothing }]));
  const managed = new Set<string>();
  for (const { kind, object } of grants) {
    const tally = kinds.get(kind.resource.kind);
    if (!tally) continue;
    tally.grants += 1;
    if (isTrue(object, 'Ready')) tally.ready += 1;
    if (isTrue(object, 'Stalled')) tally.blocked += 1;
    if (object.status?.planned) tally.planned += 1;
    const over = endingOf(object, now) !== null;
    if (object.status?.expiresSoonToldAt !== undefined && !over) tally.endingSoon += 1;
    const gid = declaresEnterprise(object) && !over ? object.status?.user?.gid : undefined;
    const account = gid === undefined ? undefined : directory.account(gid);
    if (account?.license === 'Enterprise' && takesSeat(account)) managed.add(account.gid);
  }
  return { kinds, managedEnterpriseLicenses: managed.size };
}

function isTrue({ status }: GrantObject, type: string): boolean {
  return status?.conditions?.some((one) => one.type === type && one.status === 'True') ?? false;
}

function declaresEnterprise({ spec }: GrantObject): boolean {
  return 'license' in spec && spec.license === 'Enterprise';
}

/** Returns the sums over all kinds. */
export function sumTally({ kinds }: GrantTally): KindTally {
  const sum = { ...nothing };
  for (const one of kinds.values()) {
    sum.grants += one.grants;
    sum.ready += one.ready;
    sum.planned += one.planned;
    sum.blocked += one.blocked;
    sum.endingSoon += one.endingSoon;
  }
  return sum;
}
