import type { License } from '../directory/snapshot.ts';
import { describeRight, isSameRight, type Right } from './right.ts';

/** What a live grant says of an account: that it has a right, or (`ensure: Absent`) that it has none. */
export interface Declaration {
  readonly ensure: 'Present' | 'Absent';
  /** Null while what it names is not found, or not read yet: it counts for the account all the same. */
  readonly right: Right | null;
  /** The gid of the workspace or organization the right is in; null where it is not known. */
  readonly place: string | null;
  /** The object, as messages name it: "AsanaLicenseGrant iga/alice". */
  readonly object: string;
}

/** The first that keeps an account from being taken out of a place: any right that is declared there. */
export function findDeclaredIn(declared: readonly Declaration[], place: string | null): Declaration | null {
  return declared.find((one) => one.ensure === 'Present' && isIn(one, place)) ?? null;
}

/** The first that declares exactly this right, in a place. */
export function findDeclared(
  declared: readonly Declaration[],
  right: Right,
  place: string | null,
): Declaration | null {
  const same = (one: Declaration) => one.right !== null && isSameRight(one.right, right);
  return declared.find((one) => one.ensure === 'Present' && same(one) && isIn(one, place)) ?? null;
}

/** The first that declares another license, in the organization. */
export function findOtherLicense(
  declared: readonly Declaration[],
  license: License,
  organization: string | null,
): Declaration | null {
  const differs = ({ right }: Declaration) => right?.type === 'License' && right.license !== license;
  return declared.find((one) => one.ensure === 'Present' && differs(one) && isIn(one, organization)) ?? null;
}

/** The first that says the person is to have no account in a place. */
export function findAbsence(declared: readonly Declaration[], place: string | null): Declaration | null {
  return declared.find((one) => one.ensure === 'Absent' && isIn(one, place)) ?? null;
}

/** Whose word stands, and what would change it. */
export function describeDeclaration({ object, ensure, right }: Declaration, who: string): string {
  const says =
    ensure === 'Absent' ? `no account for ${who}` : `${right ? describeRight(right) : 'access'} for ${who}`;
  return `${object} declares ${says}: change or delete that object instead.`;
}

/** What is not known to be elsewhere counts. */
function isIn(declaration: Declaration, place: string | null): boolean {
  return declaration.place === null || place === null || declaration.place === place;
}
