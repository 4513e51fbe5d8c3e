import type { Account } from '../../directory/snapshot.ts';

/** So that what a team or a workspace adds still fits into the 253 characters of a name. */
const LONGEST_PERSON = 180;
const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const OBJECT_NAME = new RegExp(`^${LABEL}([.]${LABEL})*$`);

/**
 * What a person's objects are called: `alice-at-acme.example` for alice@acme.example. An address that no name can hold as it
 * is loses what does not fit, and the gid is added, so that a name never moves because somebody else comes or goes.
 */
export function nameOfPerson({ gid, email }: Pick<Account, 'gid' | 'email'>): string {
  if (email === null) return `account-${gid}`;
  const plain = email.replace('@', '-at-');
  // "-at-" in the address itself: two addresses would come to one name.
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
