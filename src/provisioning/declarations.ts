import type { License } from '../directory/snapshot.ts';
import { describeRight, isSameRight, type Right } from './right.ts';

/** What a live grant declares for an account: a right, or (`ensure: Absent`) that it is not to exist. */
export interface Declaration {
  readonly ensure: 'Present' | 'Absent';
  /** `null` while what the grant names is not found or not read yet: the declaration counts all the same. */
  readonly right: Right | null;
  /** The gid of the workspace or organization that the right is in; `null` if it is not known. */
  readonly place: string | null;
  /** The object, as messages name it: "AsanaLicenseGrant iga/alice". */
  readonly object: string;
}

/** Returns the first declaration of any right in a place, which keeps the account from being taken out of it. */
export function findDeclaredIn(declared: readonly Declaration[], place: string | null): Declaration | null {
  return declared.find((one) => one.ensure === 'Present' && isIn(one, place)) ?? null;
}

/** Returns the first declaration of exactly this right in a place. */
export function findDeclared(
  declared: readonly Declaration[],
  right: Right,
  place: string | null,
): Declaration | null {
  const same = (one: Declaration) => one.right !== null && isSameRight(one.right, right);
  return declared.find((one) => one.ensure === 'Present' && same(one) && isIn(one, place)) ?? null;
}

/** Returns the first declaration of another license in the organization. */
export function findOtherLicense(
  declared: readonly Declaration[],
  license: License,
  organization: string | null,
): Declaration | null {
  const differs = ({ right }: Declaration) => right?.type === 'License' && right.license !== license;
  return declared.find((one) => one.ensure === 'Present' && differs(one) && isIn(one, organization)) ?? null;
}

/** Returns the first declaration that the person is to have no account in a place. */
export function findAbsence(declared: readonly Declaration[], place: string | null): Declaration | null {
  return declared.find((one) => one.ensure === 'Absent' && isIn(one, place)) ?? null;
}

/** Returns the message that names the declaring object, and what would change its declaration. */
export function describeDeclaration({ object, ensure, right }: Declaration, who: string): string {
  const says =
    ensure === 'Absent' ? `no account for ${who}` : `${right ? describeRight(right) : 'access'} for ${who}`;
  return `${object} declares ${says}: change or delete that object instead.`;
}

/** Whether a declaration is, or may be, in a place: one that is not known to be elsewhere counts. */
function isIn(declaration: Declaration, place: string | null): boolean {
  return declaration.place === null || place === null || declaration.place === place;
}
