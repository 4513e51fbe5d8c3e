import type { AsanaAnswer, AsanaRequest, AsanaWrite } from '../asana/front.ts';
import { type Holding, readHolding } from '../asana/holding.ts';
import type { Site } from '../asana/site.ts';
import { type Effect, type EffectType, effectOf } from './effect.ts';
import { Ends } from './ends.ts';
import { deletionPolicyOf, modelOf } from './kinds.ts';
import {
  ANNOTATIONS,
  CONNECTOR_KIND,
  type Connector,
  connectorKeyOf,
  type Grant,
  hasBegun,
  keyOf,
  type Seen,
} from './objects.ts';
import type { Change, Commit, Owner, Task, Witness } from './records.ts';

/** An action that was begun has ended within this time. */
const UNDER_WAY_MS = 60_000;
const MINUTE_MS = 60_000;

/** The effects that undo an effect. */
const UNDOES: Partial<Record<EffectType, EffectType[]>> = {
  GrantEnterprise: ['RevokeEnterprise'],
  CreateAccount: ['Deprovision'],
  AddToTeam: ['RemoveFromTeam'],
  AddToWorkspace: ['RemoveFromWorkspace', 'Deprovision'],
};

/** Everything the judge has seen: objects, people, writes. Only records; the rules are elsewhere. */
export class Facts {
  readonly witness: Witness;
  readonly grants = new Map<string, Grant>();
  readonly connectors = new Map<string, Connector>();
  /** Grants that were deleted, or whose connector was, by uid. */
  readonly gone = new Map<string, { readonly grant: Grant; readonly at: number }>();
  readonly ends = new Ends();
  readonly tasks = new Map<string, Task>();
  /** The highest number of an answered task, by connector, user and team. */
  readonly #answered = new Map<string, number>();
  readonly changes: Change[] = [];
  /** Accounts and workspace memberships that the operator created: `site gid` and `site gid workspace`. */
  readonly made = new Set<string>();
  /** When a person of a site was last changed by anybody but the operator. */
  readonly #touched = new Map<string, number>();
  readonly #intentChanged = new Map<string, number>();
  /** When the current generation of each grant was first seen, by uid. */
  readonly #generations = new Map<string, { generation: number; at: number }>();
  readonly #looks = new Map<string, number>();
  /** When the status of each object was written within the last minute, by uid. */
  readonly #statusWrites = new Map<string, number[]>();
  /** When `requestedAt` was last written, by uid. */
  readonly #requests = new Map<string, number>();
  /** When a write about a person last left, by gid or address. */
  readonly #sent = new Map<string, number>();
  /** The gids and addresses of people for whom Asana accepted a change. */
  readonly #accepted = new Set<string>();
  /** Writes on their way to Asana, by number. */
  readonly #underWay = new Map<number, { readonly site: Site; readonly type: string }>();

  /** Since when a site tells the truth, and when its clock was last set to another time than ours, or back. */
  readonly #truthful = new Map<Site, number>();
  readonly #clocksMoved = new Map<Site, number>();

  constructor(witness: Witness) {
    this.witness = witness;
  }

  /** Records a commit of the API server. */
  commit({ kind, verb, before, after }: Commit): void {
    const object = after ?? before;
    if (!object || (kind !== CONNECTOR_KIND && !modelOf(kind))) return;
    const { uid } = object.metadata;
    const at = this.witness.time();
    if (verb !== 'status' && !isOurs(before, after)) this.#intentChanged.set(uid, at);
    const asked = after?.metadata.annotations?.[ANNOTATIONS.requestedAt];
    if (asked !== undefined && asked !== before?.metadata.annotations?.[ANNOTATIONS.requestedAt])
      this.#requests.set(uid, at);
    if (kind !== CONNECTOR_KIND && verb !== 'status') {
      const known = this.#generations.get(uid);
      if (known?.generation !== object.metadata.generation)
        this.#generations.set(uid, { generation: object.metadata.generation, at });
    }
    if (verb === 'status') {
      const since = at - MINUTE_MS;
      const recent = (this.#statusWrites.get(uid) ?? []).filter((before) => before > since);
      this.#statusWrites.set(uid, [...recent, at]);
    }
    if (kind !== CONNECTOR_KIND && after) this.ends.note(after as Grant, at);
    const all: Map<string, Seen> = kind === CONNECTOR_KIND ? this.connectors : this.grants;
    if (after) all.set(uid, after);
    else {
      all.delete(uid);
      // Without a connector, its grants ask for nothing any more.
      const ended = kind === CONNECTOR_KIND ? this.grantsOf(object as Connector) : [object as Grant];
      for (const grant of ended) this.gone.set(grant.metadata.uid, { grant, at });
    }
  }

  /** Records that a process has received an answer about one person. */
  look(answer: AsanaAnswer): void {
    if (answer.method !== 'GET' || answer.status !== 200) return;
    const gid = answer.params['id'] ?? answer.query['user'];
    if (gid !== undefined) this.#looks.set(`${answer.by} ${gid}`, this.witness.time());
  }

  /** Records the answer to a write. */
  accept(answer: AsanaAnswer): void {
    const effect = effectOf(answer);
    if (!effect || answer.status < 200 || answer.status >= 300) return;
    for (const who of [effect.gid, effect.email]) if (who) this.#accepted.add(who);
  }

  /** Whether a process has received Asana's acceptance of a change of this person. */
  isAccepted(...names: readonly (string | null | undefined)[]): boolean {
    return names.some((who) => who && this.#accepted.has(who));
  }

  /** Records that a task was answered. */
  answered({ connector, user, team, number }: Task): void {
    const key = `${connector} ${user} ${team}`;
    this.#answered.set(key, Math.max(number, this.#answered.get(key) ?? 0));
  }

  /** Whether a later task for the same account or team membership has already been answered. */
  isOvertaken({ connector, user, team, number }: Task): boolean {
    return (this.#answered.get(`${connector} ${user} ${team}`) ?? 0) > number;
  }

  /** Returns the monotonic time of a process's last look at one person; `null` if there was none. */
  lookedAt(by: string, gid: string): number | null {
    return this.#looks.get(`${by} ${gid}`) ?? null;
  }

  /** Records a write that has reached Asana. @returns its change, or null if it changed nothing */
  write(write: AsanaWrite, owner: Owner | null): Change | null {
    const effect = effectOf(write);
    const { before, after, site } = write;
    if (!effect || !after) return null;
    if (same(before, after)) return null;
    if (effect.type === 'CreateAccount' && !before) {
      this.made.add(`${site.plan.name} ${after.gid}`);
      // The request named only the address, which may pass on to another person.
      this.#sent.set(after.gid, this.witness.time());
    }
    if (effect.workspace) this.made.add(`${site.plan.name} ${after.gid} ${effect.workspace}`);
    const change: Change = {
      at: this.witness.time(),
      effect,
      site,
      gid: after.gid,
      owner: owner?.id ?? null,
      action: owner?.action ?? null,
    };
    this.changes.push(change);
    return change;
  }

  /** Records that somebody other than the operator changed a person. */
  touch(site: Site, gid: string): void {
    this.#touched.set(`${site.plan.name} ${gid}`, this.witness.time());
  }

  /** Records that a site's tokens read the site itself again, and that its listings are whole. */
  tellsTheTruth(site: Site): void {
    this.#truthful.set(site, this.witness.time());
  }

  /** Returns since when answers about a site are its own and its listings whole; `Infinity` while a listing is not. */
  truthfulSince(site: Site): number {
    return site.lies.length > 0
      ? Number.POSITIVE_INFINITY
      : (this.#truthful.get(site) ?? Number.NEGATIVE_INFINITY);
  }

  /**
   * Whether a token reads another organization, or may have since a reading began. Looks found nobody of this one then,
   * and their results stand until the next reading.
   */
  wasForeignSince(token: string, site: Site, readAt: number): boolean {
    const mended = this.truthfulSince(site);
    return this.witness.siteOf(token) !== site || (mended <= this.witness.time() && readAt < mended);
  }

  /** Records that the clock of a site was set. */
  moveClocks(site: Site): void {
    this.#clocksMoved.set(site, this.witness.time());
  }

  clocksMovedAt(site: Site): number {
    return this.#clocksMoved.get(site) ?? Number.NEGATIVE_INFINITY;
  }

  touchedAt(site: Site, gid: string): number {
    return this.#touched.get(`${site.plan.name} ${gid}`) ?? Number.NEGATIVE_INFINITY;
  }

  /** Returns when a write of the operator last changed a person. */
  changedAt(site: Site, gid: string): number {
    return (
      this.changes.findLast((change) => change.site === site && change.gid === gid)?.at ??
      Number.NEGATIVE_INFINITY
    );
  }

  /** Returns when Asana's view of a person last changed: by anybody, or by showing a change that was late. */
  lastChangeOf(site: Site, gid: string, team: string): number {
    const person = site.directory.person(gid);
    // A team that shows one change late shows all of its members as they were before.
    const members = site.directory.team(team)?.staleMembers;
    const ends = [person?.stale, person?.staleTeams, members].flatMap((stale) =>
      stale ? [stale.until] : [],
    );
    const shownAt = this.witness.time() - (site.time.now() - Math.max(Number.NEGATIVE_INFINITY, ...ends));
    return Math.max(this.touchedAt(site, gid), this.changedAt(site, gid), shownAt);
  }

  /** Records that a write leaves. */
  sends(request: AsanaRequest, effect: Effect, gid: string | null): void {
    for (const whom of [gid, effect.gid, effect.email])
      if (whom !== null) this.#sent.set(whom, this.witness.time());
    this.#underWay.set(request.number, { site: request.site, type: effect.type });
  }

  /** Records that a write has arrived, or was lost on its way. */
  arrives(request: AsanaRequest): void {
    this.#underWay.delete(request.number);
  }

  /** Returns the number of writes of a type that have left and not arrived. */
  inFlight(site: Site, type: string): number {
    return [...this.#underWay.values()].filter((one) => one.site === site && one.type === type).length;
  }

  /** Whether a write about a person has left since; writes that were refused or changed nothing count. */
  sentSince(user: { readonly gid?: string; readonly email?: string } | undefined, since: number): boolean {
    return [user?.gid, user?.email].some((whom) => (this.#sent.get(whom ?? '') ?? Number.NaN) >= since);
  }

  /** Returns when `requestedAt` was last written; `null` if it never was. */
  requestedAt(uid: string): number | null {
    return this.#requests.get(uid) ?? null;
  }

  /** Returns how often the status of an object was written within the last minute. */
  statusWritesOf(uid: string): number {
    return this.#statusWrites.get(uid)?.length ?? 0;
  }

  /** Returns when a user last changed what an object declares: spec, annotations, deletion. */
  intentChangedAt(uid: string): number {
    return this.#intentChanged.get(uid) ?? Number.NEGATIVE_INFINITY;
  }

  /** Returns the monotonic time at which the current generation was first seen. */
  generationAt({ metadata }: Grant): number {
    return this.#generations.get(metadata.uid)?.at ?? 0;
  }

  connectorOf(grant: Grant): Connector | null {
    const key = connectorKeyOf(grant);
    return [...this.connectors.values()].find((connector) => keyOf(connector) === key) ?? null;
  }

  grantsOf(connector: Connector): Grant[] {
    const key = keyOf(connector);
    return [...this.grants.values()].filter((grant) => connectorKeyOf(grant) === key);
  }

  /** Returns the connectors whose Secret holds this token. */
  connectorsOf(token: string): Connector[] {
    return [...this.connectors.values()].filter((connector) => this.tokenOf(connector) === token);
  }

  tokenOf({ spec }: Connector): string {
    return this.witness.tokenOfSecret(spec.credentials.secretRef.name);
  }

  /** Returns the organization that a connector reads now. */
  siteOf(connector: Connector): Site | null {
    return this.witness.siteOf(this.tokenOf(connector));
  }

  /** Returns the account of a grant: by gid if one is recorded or declared, otherwise by address. */
  holdingOf(grant: Grant, site: Site): Holding | null {
    const gid = grant.status?.user?.gid ?? grant.spec.user?.gid;
    const email = modelOf(grant.kind)?.email(grant);
    const person = gid ? site.directory.person(gid) : site.directory.personByEmail(email ?? '');
    return person ? readHolding(site, person) : null;
  }

  /** Whether the operator created this account, or added it to that workspace. */
  isMade(site: Site, gid: string, workspace: string | null): boolean {
    const { name } = site.plan;
    if (workspace !== null && workspace !== site.organization.gid)
      return this.made.has(`${name} ${gid} ${workspace}`);
    return this.made.has(`${name} ${gid}`) || this.made.has(`${name} ${gid} ${site.organization.gid}`);
  }

  /** Whether a grant has ended: deleted, or expired by both clocks. */
  hasEnded(grant: Grant): boolean {
    return grant.metadata.deletionTimestamp !== undefined || this.hasExpired(grant);
  }

  hasExpired(grant: Grant): boolean {
    return this.lateMs(grant) >= 0;
  }

  /** Returns how long ago a grant expired by its own spec and status; negative before that and without an end. */
  lateMs(grant: Grant): number {
    const { spec, status } = grant;
    const end = spec.expiresAt ?? (spec.duration === undefined ? undefined : status?.expiresAt);
    return end === undefined ? Number.NEGATIVE_INFINITY : this.#clockOf(grant) - Date.parse(end);
  }

  hasStarted(grant: Grant): boolean {
    const { spec } = grant;
    return (
      spec.startsAt === undefined || hasBegun(grant) || Date.parse(spec.startsAt) <= this.#clockOf(grant)
    );
  }

  /** Returns the earlier of two clocks: the operator's, which starts actions, and Asana's, which decides. */
  #clockOf(grant: Grant): number {
    const connector = this.connectorOf(grant);
    const site = connector && this.siteOf(connector);
    // An action that began before the clock was set may be under way.
    if (site && this.clocksMovedAt(site) > this.witness.time() - UNDER_WAY_MS) return this.witness.now();
    return Math.min(this.witness.now(), site?.time.now() ?? Number.POSITIVE_INFINITY);
  }

  /** Whether a grant counts as a live declaration, regardless of its connector. */
  isLive(grant: Grant): boolean {
    const { spec, status } = grant;
    // A grant keeps what it has applied until another right begins.
    const holds = status?.applied !== undefined && spec.ensure !== 'Absent';
    return !this.hasEnded(grant) && spec.suspend !== true && (holds || this.hasStarted(grant));
  }

  /** Returns what an ending object takes back although its status does not show yet that it gave it. */
  #undone({ metadata }: Grant, holding: Holding | null): EffectType[] {
    if (!holding?.active) return [];
    const own = this.changes.filter(({ owner }) => owner === metadata.uid);
    return own.flatMap(({ effect }) => UNDOES[effect.type] ?? []);
  }

  /** Returns the effects that an object asks for now, regardless of what forbids them. */
  asks(grant: Grant, site: Site): readonly string[] {
    const model = modelOf(grant.kind);
    if (!model) return [];
    const holding = this.holdingOf(grant, site);
    if (!this.hasEnded(grant)) return this.hasStarted(grant) ? model.live(grant, holding) : [];
    if (deletionPolicyOf(grant) === 'Retain') return [];
    const made = holding !== null && this.isMade(site, holding.gid, grant.spec.workspace ?? null);
    return [...model.ended(grant, holding, made), ...this.#undone(grant, holding)];
  }
}

/** Whether a request names the account of a grant. */
export function isAbout(effect: Effect, grant: Grant): boolean {
  const { gid, email } = effect;
  if (gid !== null)
    return gid === (grant.status?.user?.gid ?? grant.spec.user?.gid) || gid === grant.status?.user?.gid;
  const named = modelOf(grant.kind)?.email(grant);
  return email !== null && (named === email || grant.status?.user?.email === email);
}

/** Whether a commit leaves the user's wishes alone, such as one that adds or removes the finalizer. */
function isOurs(before: Seen | null, after: Seen | null): boolean {
  if (!before || !after) return false;
  const wish = ({ metadata, ...object }: Seen) =>
    JSON.stringify([(object as { spec?: unknown }).spec, metadata.annotations, metadata.deletionTimestamp]);
  return wish(before) === wish(after);
}

function same(a: Holding | null, b: Holding): boolean {
  return a !== null && JSON.stringify(a) === JSON.stringify(b);
}
