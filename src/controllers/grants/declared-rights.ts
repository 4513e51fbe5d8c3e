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

/** The live account that is declared among `others`, as messages name it; null for none. */
export function findAccountDeclaration(others: readonly KnownContender[]): string | null {
  const declared = others.find(
    (other) => other.known.kind.field === 'account' && other.grant.ensure === 'Present' && isLive(other),
  );
  return declared ? nameOf(declared) : null;
}

function isLive(contender: KnownContender): boolean {
  return contender.acts && contends(contender);
}

function nameOf({ grant }: KnownContender): string {
  const { kind, namespace, name } = grant.object;
  return `${kind} ${namespace}/${name}`;
}

/** What Git declares for somebody: gids mean nothing beyond the organization that asks. */
export function findDeclarations(
  sources: ContenderSources,
  person: Parameters<Contenders['about']>[0],
  organization: string | null,
  now: number,
): readonly Declaration[] {
  const grants = new Contenders(sources, now).about(person);
  return declarationsOf(
    grants.filter(({ organizations }) =>
      organization === null ? organizations.length === 0 : organizations.includes(organization),
    ),
  );
}
