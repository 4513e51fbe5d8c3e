import { contends } from '../../provisioning/contest.ts';
import type { Declaration } from '../../provisioning/declarations.ts';
import { type ContenderSources, Contenders, type KnownContender } from './contenders.ts';

/**
 * Returns what live grants declare: grants in force, of connectors that act. Their declarations protect the account
 * from deprovisioning, and keep ConductorOne's tasks from contradicting Git.
 * @param grants the grants for the account
 */
export function declarationsOf(grants: readonly KnownContender[]): readonly Declaration[] {
  return grants.flatMap((contender) => {
    const { grant, right, place } = contender;
    if (!isLive(contender)) return [];
    return [{ ensure: grant.ensure, right, place, object: nameOf(contender) }];
  });
}

/** Returns what others declare for a grant's account; against an absence, only the connector's own namespace counts. */
export function declarationsBeside(
  own: KnownContender,
  others: readonly KnownContender[],
): readonly Declaration[] {
  const counting = others.filter(({ grant }) => own.grant.ensure === 'Present' || grant.sameNamespace);
  return declarationsOf(counting);
}

/** Returns the live AsanaAccount among `others` for the place of a right, as messages name it; `null` for none. */
export function findAccountDeclaration(
  { place }: Pick<KnownContender, 'place'>,
  others: readonly KnownContender[],
): string | null {
  const isAccount = ({ known, grant }: KnownContender) =>
    known.kind.field === 'account' && grant.ensure === 'Present';
  const mayBeThere = (other: KnownContender) =>
    place === null || other.place === null || other.place === place;
  const declared = others.find((other) => isAccount(other) && mayBeThere(other) && isLive(other));
  return declared ? nameOf(declared) : null;
}

function isLive(contender: KnownContender): boolean {
  return contender.acts && contends(contender);
}

function nameOf({ grant }: KnownContender): string {
  const { kind, namespace, name } = grant.object;
  return `${kind} ${namespace}/${name}`;
}

/**
 * Returns what Git declares for a person in the workspaces that the caller reads: elsewhere, gids and addresses mean
 * other people. If a connector has read nothing yet, its workspaces are unknown and its declarations count.
 * @param workspaces gids
 */
export function findDeclarations(
  sources: ContenderSources,
  person: Parameters<Contenders['about']>[0],
  workspaces: readonly string[],
  now: number,
): readonly Declaration[] {
  const isShared = (other: KnownContender) =>
    other.workspaces.length === 0 || other.workspaces.some((gid) => workspaces.includes(gid));
  return declarationsOf(new Contenders(sources, now).about(person).filter(isShared));
}
