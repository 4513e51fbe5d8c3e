import type { Turn } from './ledger.ts';
import type { Ask } from './watched-replica.ts';
import { ACTION_TIMEOUT_MS, RENEW_DEADLINE_MS } from './watched-replica.ts';
import { beginsAbsent, type Wish } from './wishes.ts';

/** What one process did, as its proxies saw it. */
export interface Conduct {
  readonly name: string;
  readonly asks: readonly Ask[];
  readonly renewals: readonly number[];
  /** True if it took the lease from a holder that had not released it. */
  readonly tookOver: boolean;
}

/** How long a request may take from the process to its proxy, on a machine that is busy with other work. */
const ON_THE_WAY_MS = 300;
/** How soon a one-way request may be repeated: four minutes after its intent, recorded a little before it. */
const EARLIEST_AGAIN_MS = 240_000 - ACTION_TIMEOUT_MS;

/**
 * Checks that each wish led to one effective change of its person, and that nothing else changed.
 * @returns a sentence for each change that was lost, doubled, or wished for by nobody
 */
export function judgeChanges(wishes: readonly Wish[], turns: readonly Turn[]): string[] {
  const findings: string[] = [];
  const left = [...turns];
  for (const wish of wishes) {
    const index = left.findIndex(
      ({ gid, email, from, to }) =>
        (beginsAbsent(wish) ? email === wish.email : gid === wish.gid) &&
        from === wish.from &&
        to === wish.to,
    );
    if (index === -1) findings.push(`not made: ${wish.action} of ${wish.email} (${wish.from} → ${wish.to})`);
    else left.splice(index, 1);
  }
  for (const { email, from, to } of left) findings.push(`repeated or undeclared: ${email}, ${from} → ${to}`);
  return findings;
}

/**
 * Checks that a one-way request was sent once, if it arrived at all, and again only after four minutes of looking for
 * its result: a request may reach Asana and be dropped there when its sender dies.
 */
export function judgeOneWay(wishes: readonly Wish[], asks: readonly Ask[]): string[] {
  return wishes
    .filter(({ oneWay }) => oneWay)
    .flatMap((wish) => {
      const sent = asks.filter((ask) => isChangeOf(wish, ask)).toSorted((a, b) => a.at - b.at);
      const gaps = sent.slice(1).map(({ at }, index) => at - (sent[index]?.at ?? at));
      return gaps
        .filter((gap) => gap < EARLIEST_AGAIN_MS)
        .map(
          (gap) =>
            `repeated too early: ${wish.action} of ${wish.email} was sent again ${Math.round(gap)} ms later`,
        );
    });
}

/** Checks that no change begins after the renew deadline, before a look at the person, or, if it removes, too early. */
export function judgeConduct(conduct: Conduct, wishes: readonly Wish[]): string[] {
  const findings: string[] = [];
  const began = conduct.renewals[0] ?? Number.POSITIVE_INFINITY;
  for (const ask of conduct.asks) {
    if (ask.method === 'GET') continue;
    const what = `${conduct.name}: ${ask.method} ${ask.path}`;
    const renewed = conduct.renewals.findLast((at) => at <= ask.at) ?? Number.NEGATIVE_INFINITY;
    const late = ask.at - renewed - RENEW_DEADLINE_MS;
    if (late > ON_THE_WAY_MS) findings.push(`${what} came ${Math.round(late)} ms after the renew deadline`);
    const wish = wishes.findLast((candidate) => candidate.at <= ask.at && isChangeOf(candidate, ask));
    if (wish === undefined) continue;
    const looked = conduct.asks.some((other) => other.at <= ask.at && isLookAt(wish, other));
    if (!looked) findings.push(`${what} was sent before the process had read ${wish.email}`);
    if (wish.removal && conduct.tookOver && ask.at - began < ACTION_TIMEOUT_MS)
      findings.push(`${what} came ${Math.round(ask.at - began)} ms after the process took over the lease`);
  }
  return findings;
}

/** Whether a request changes what the wish is about. */
export function isChangeOf({ email, gid, action }: Wish, { method, path, body }: Ask): boolean {
  if (method === 'GET') return false;
  if (action === 'CreateAccount') return body.includes(email);
  return gid !== null && (path.includes(gid) || body.includes(gid));
}

function isLookAt({ email, gid }: Wish, { method, path }: Ask): boolean {
  return method === 'GET' && (path.includes(email) || (gid !== null && path.includes(gid)));
}
