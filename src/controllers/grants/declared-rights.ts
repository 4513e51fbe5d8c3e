import { contends } from '../../provisioning/contest.ts';
import type { Declaration } from '../../provisioning/declarations.ts';
import { type ContenderSources, Contenders, type KnownContender } from './contenders.ts';

/**
 * What live grants declare: grants in force, of connectors that act. They keep the account from being deprovisioned, and
 * ConductorOne's tasks from contradicting Git.
 * @param grants those that mean the account
 */
export function declarationsOf(grants: readonly KnownContender[]): readonly Declaration[] {
  return grants.flatMap((contender) => {
    const { grant, right, place } = contender;
    if (!isLive(contender)) return [];
    return [{ ensure: grant.ensure, right, place, object: nameOf(contender) }];
  });
}

/** What others declare for the account of one grant. Against an absence only grants of the connector's own namespace count. */
export function declarationsBeside(
  own: KnownContender,
  others: readonly KnownContender[],
): readonly Declaration[] {
  const counting = others.filter(({ grant }) => own.grant.ensure === 'Present' || grant.sameNamespace);
  return declarationsOf(counting);
}

/** The live account that is declared among `others` where a right is, as messages name it; null for none. */
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
 * What Git declares for somebody in the workspaces that whoever asks reads: gids and addresses mean somebody else elsewhere. Of
 * a connector that has read nothing yet nobody knows where it is, and what it declares counts.
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
