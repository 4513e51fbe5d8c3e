/**
 * The one name by which limits count somebody: whoever loses six rights is one person.
 * @param organization its gid; empty where there is none
 */
export function personKey(organization: string, gid: string): string {
  return `${organization}/${gid}`;
}
