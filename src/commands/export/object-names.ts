import type { Account } from '../../directory/snapshot.ts';

/** Longest name of a person, so that the suffix of a team or workspace fits into the 253 characters of a name. */
const LONGEST_PERSON = 180;
const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const OBJECT_NAME = new RegExp(`^${LABEL}([.]${LABEL})*$`);

/**
 * Returns the name of a person's objects: `alice-at-acme.example` for alice@acme.example. If the address does not fit
 * into a name, invalid characters are replaced and the gid is added, so that the name never depends on other accounts.
 */
export function nameOfPerson({ gid, email }: Pick<Account, 'gid' | 'email'>): string {
  if (email === null) return `account-${gid}`;
  const plain = email.replace('@', '-at-');
  // With "-at-" in the address itself, two addresses could lead to the same name.
  const clear = !email.includes('-at-') && plain.length <= LONGEST_PERSON && OBJECT_NAME.test(plain);
  return clear ? plain : withGid(plain, gid);
}

function withGid(text: string, gid: string): string {
  const letters = text
    .normalize('NFKD')
    .replaceAll(/\p{M}+/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST_PERSON - gid.length - 1)
    .replaceAll(/^-+|-+$/g, '');
  return letters === '' ? `account-${gid}` : `${letters}-${gid}`;
}
