import { toBinary } from '@bufbuild/protobuf';
import type { Account, License } from '../../directory/snapshot.ts';
import { type AccountContext, accountContext, accountFacts } from '../account-resource.ts';
import { licenseOffer, type Offer, workspaceOffer } from '../entitlements.ts';
import { type Entitlement, EntitlementSchema } from '../generated/c1/connector/v2/entitlement_pb.ts';
import { ResourceSchema, ResourceTypeSchema } from '../generated/c1/connector/v2/resource_pb.ts';
import { teamRolesOf } from '../grants.ts';
import { type TeamRole, teamRoles } from '../ids.ts';
import { heldEntitlements, licensesShown } from '../model.ts';
import { resourceTypes } from '../resource-types.ts';
import type { TeamHead } from '../resources.ts';
import { AccountEncoder } from './account-bytes.ts';
import { type GrantPattern, patternOf } from './grant-bytes.ts';
import { type DirectoryPiece, flagBitsOf, flagsOf, placeOf, type SyncCounts, type SyncJob } from './job.ts';
import type { RowSink } from './row-batch.ts';
import { resourceKey, Selector } from './selection.ts';
import { TeamEncoder } from './team-bytes.ts';

/** The roles for each combination of the flags of a membership. */
const ROLES: readonly (readonly TeamRole[])[] = Array.from({ length: 8 }, (_, bits) =>
  teamRolesOf(flagsOf(bits)),
);

/** Type and id. */
type ResourceKey = readonly [type: string, id: string];

/**
 * Turns the pieces of a directory into rows.
 */
export class SyncWriter {
  readonly #sink: RowSink;
  readonly #job: Pick<SyncJob, 'selection'>;
  readonly #selector: Selector;
  readonly #context: AccountContext;
  readonly #licenses: ReadonlyMap<License, Offer<'holder'>>;
  readonly #workspaces: ReadonlyMap<string, ReturnType<typeof workspaceOffer>>;
  readonly #patterns = new Map<string, GrantPattern>();
  readonly #accountEncoder = new AccountEncoder();
  readonly #teamEncoder = new TeamEncoder();
  #users = 0;
  /** The members so far of the team whose last part has not come yet. */
  #members: Uint32Array[] = [];
  readonly #counts = { resources: 0, entitlements: 0, grants: 0, unknownMembers: 0 };

  /** Writes the rows that do not depend on the pieces: resource types, licenses, workspaces. */
  constructor(sink: RowSink, job: Pick<SyncJob, 'settings' | 'selection' | 'head'>) {
    const { settings, selection, head } = job;
    this.#sink = sink;
    this.#job = job;
    this.#selector = new Selector(selection);
    this.#context = accountContext(head, settings);
    this.#licenses = new Map(licensesShown(settings).map((license) => [license, licenseOffer(license)]));
    const workspaces = head.workspaces.toSorted((a, b) => (a.gid < b.gid ? -1 : 1));
    this.#workspaces = new Map(workspaces.map((workspace) => [workspace.gid, workspaceOffer(workspace)]));

    for (const type of resourceTypes(settings)) {
      if (this.#selector.type(type.id)) sink.insertResourceType(type.id, toBinary(ResourceTypeSchema, type));
    }
    for (const offer of [...this.#licenses.values(), ...this.#workspaces.values()]) {
      this.#writeOffer(offer);
      for (const entitlement of Object.values<Entitlement>(offer.entitlements)) {
        this.#patterns.set(entitlement.id, patternOf(entitlement));
      }
    }
  }

  write(piece: DirectoryPiece): void {
    if (piece.kind === 'accounts') {
      for (const account of piece.accounts) this.#writeAccount(account);
      return;
    }
    let begin = 0;
    for (const { team, members, unknown, last } of piece.parts) {
      this.#members.push(piece.members.subarray(begin, begin + members));
      this.#counts.unknownMembers += unknown;
      begin += members;
      if (last) this.#writeTeam(team, this.#takeMembers());
    }
  }

  counts(): SyncCounts {
    return { ...this.#counts };
  }

  #writeAccount(account: Account): void {
    const { gid } = account;
    const facts = accountFacts(account, this.#context);
    this.#sink.addUser(gid, this.#accountEncoder.principal(facts));
    const place = this.#users;
    this.#users += 1;
    if (this.#selector.resource({ resourceType: 'user', resource: gid })) {
      this.#insertResource(['user', gid], facts.parent, this.#accountEncoder.resource(facts));
    }
    if (!this.#job.selection.grants) return;
    for (const { id } of heldEntitlements(account, this.#context, this.#licenses, this.#workspaces)) {
      const pattern = this.#patterns.get(id);
      if (
        pattern &&
        this.#selector.resource({ resourceType: pattern.resourceType, resource: pattern.resource })
      ) {
        this.#writeGrant(pattern, place);
      }
    }
  }

  #writeTeam(team: TeamHead, members: Uint32Array): void {
    const { gid, organization } = team;
    if (!this.#selector.resource({ resourceType: 'team', resource: gid })) return;
    const encoder = this.#teamEncoder;
    encoder.take(team);
    this.#insertResource(['team', gid], organization, encoder.resource());
    if (this.#job.selection.entitlements) {
      for (const role of teamRoles) this.#insertEntitlement(['team', gid], encoder.entitlement(role));
    }
    if (!this.#job.selection.grants) return;
    const patterns = new Map<TeamRole, GrantPattern>();
    for (const packed of members) {
      for (const role of ROLES[flagBitsOf(packed)] ?? []) {
        let pattern = patterns.get(role);
        if (!pattern) {
          pattern = encoder.pattern(role);
          patterns.set(role, pattern);
        }
        this.#writeGrant(pattern, placeOf(packed));
      }
    }
  }

  /** Returns the members of the team that is now complete, ordered by gid and without duplicates. */
  #takeMembers(): Uint32Array {
    const parts = this.#members;
    this.#members = [];
    const all = new Uint32Array(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    all.sort();
    let used = 0;
    for (const packed of all) {
      const before = all[used - 1];
      // Two memberships of one person: combines their flags.
      if (used > 0 && before !== undefined && placeOf(before) === placeOf(packed))
        all[used - 1] = before | packed;
      else all[used++] = packed;
    }
    return all.subarray(0, used);
  }

  #writeOffer({ resource, entitlements }: Offer<string>): void {
    const { id, parentResourceId } = resource;
    if (!id || !this.#selector.resource(id)) return;
    const key = [id.resourceType, id.resource] as const;
    this.#insertResource(key, parentResourceId?.resource ?? null, toBinary(ResourceSchema, resource));
    if (!this.#job.selection.entitlements) return;
    for (const entitlement of Object.values(entitlements)) {
      this.#insertEntitlement(key, { id: entitlement.id, data: toBinary(EntitlementSchema, entitlement) });
    }
  }

  #insertResource([type, id]: ResourceKey, parentWorkspace: string | null, data: Uint8Array): void {
    const key = resourceKey({ resourceType: type, resource: id });
    const parentType = parentWorkspace === null ? null : 'workspace';
    this.#sink.insertResource([type, key, parentType, parentWorkspace], data);
    this.#counts.resources += 1;
  }

  #insertEntitlement(
    [resourceType, resource]: ResourceKey,
    { id, data }: { readonly id: string; readonly data: Uint8Array },
  ): void {
    this.#sink.insertEntitlement([resourceType, resource, id], data);
    this.#counts.entitlements += 1;
  }

  /** @param place position of the user among the accounts */
  #writeGrant(pattern: GrantPattern, place: number): void {
    this.#sink.insertGrant(pattern, place);
    this.#counts.grants += 1;
  }
}
