import assert from 'node:assert/strict';
import type { GrantObject } from '../../src/api/kinds.ts';
import { REVOKE_FINALIZER } from '../../src/api/resources.ts';
import { SECOND_WORKSPACE_GID } from '../../src/sandbox/seed.ts';
import type { GrantRef } from '../operator/cluster-objects.ts';
import { isInWorkspace, Teams } from '../operator/console.ts';
import { conditionOf, OperatorRig, PERSONAL, SERVICE_ACCOUNT } from '../operator/rig.ts';

/** The settings of the connector at the time of the event. */
export interface Variant {
  readonly mode: 'Plan' | 'Apply';
  readonly allowDeprovision: boolean;
}

export const variants: readonly Variant[] = [
  { mode: 'Plan', allowDeprovision: false },
  { mode: 'Plan', allowDeprovision: true },
  { mode: 'Apply', allowDeprovision: false },
  { mode: 'Apply', allowDeprovision: true },
];

/** The rights that people have lost in Asana. */
export interface Losses {
  readonly licenses: number;
  readonly teams: number;
  /** The number of accounts removed from the organization, plus people removed from a workspace. */
  readonly deprovisioned: number;
}

/** The rights of a person in Asana. */
interface Access {
  readonly active: boolean;
  readonly enterprise: boolean;
  readonly team: boolean;
  readonly workspace: boolean;
}

const SETTLED = ['Granted', 'Removed', 'Planned'];
/** The number of people with a view-only license for whom an enterprise license is declared. */
const UPGRADED = 6;

/**
 * The grants of one connector, of all four kinds: given and adopted rights, with both deletion policies, an account
 * that a license grant created, one that an account object declares, and a declared absence.
 */
export class Population {
  readonly rig: OperatorRig;
  readonly variant: Variant;
  #before = new Map<string, Access>();
  #team = '';
  readonly #refs: GrantRef[] = [];

  private constructor(rig: OperatorRig, variant: Variant) {
    this.rig = rig;
    this.variant = variant;
  }

  /** Declares all grants, and waits until each is settled. */
  static async settle(variant: Variant): Promise<Population> {
    const rig = await OperatorRig.start('deletions', { secondWorkspace: 'workspace', membersPerTeam: 0 });
    const population = new Population(rig, variant);
    await population.#begin();
    await population.untilSettled();
    population.remember();
    return population;
  }

  get refs(): readonly GrantRef[] {
    return this.#refs;
  }

  /** The grants that declare an enterprise license for a person with a view-only license. */
  get upgraded(): readonly GrantRef[] {
    return this.#refs.filter((ref) => ref.startsWith('alg/upgraded'));
  }

  /** Counts losses relative to the present state from now on. */
  remember(): void {
    this.#before = this.#access();
  }

  losses(): Losses {
    const now = this.#access();
    const lost = (field: keyof Access) =>
      [...this.#before].filter(([gid, access]) => access[field] && now.get(gid)?.[field] !== true).length;
    return {
      licenses: lost('enterprise'),
      teams: lost('team'),
      deprovisioned: lost('active') + lost('workspace'),
    };
  }

  /** Waits until every grant was decided and has nothing left to do. */
  async untilSettled(): Promise<void> {
    for (const ref of this.#refs) {
      let grant: GrantObject | null = null;
      await this.rig.until(
        `${ref} is settled`,
        async () => {
          grant = await this.rig.grant(ref);
          return SETTLED.includes(conditionOf(grant, 'Ready')?.reason ?? '');
        },
        () => JSON.stringify(grant?.status),
      );
    }
  }

  /** Fails if a grant is still reconciling, or shows a planned action for a reason other than Planned. */
  async checkNothingUnderWay(): Promise<void> {
    for (const ref of this.#refs) {
      const grant = await this.rig.grant(ref);
      assert.equal(conditionOf(grant, 'Reconciling'), undefined, ref);
      if (conditionOf(grant, 'Ready')?.reason !== 'Planned')
        assert.equal(grant?.status?.planned, undefined, ref);
    }
  }

  /** Deletes grants concurrently, like a GitOps tool. */
  async delete(refs: readonly GrantRef[]): Promise<void> {
    await Promise.all(refs.map((ref) => this.rig.deleteGrant(ref)));
  }

  async untilGone(refs: readonly GrantRef[] = this.#refs): Promise<void> {
    for (const ref of refs) await this.rig.untilGone(ref);
  }

  /** Deletes the namespace, and waits until it and everything in it is gone. */
  async deleteNamespace(): Promise<void> {
    await this.rig.deleteNamespace();
    await this.rig.untilNamespaceGone();
  }

  /** Fails if a grant still has the finalizer or a record of what was applied or created. */
  async checkReleased(): Promise<void> {
    for (const ref of this.#refs) {
      const grant = await this.rig.grant(ref);
      assert.equal(grant?.metadata.finalizers?.includes(REVOKE_FINALIZER) ?? false, false, ref);
      assert.equal(grant?.status?.applied, undefined, ref);
      assert.equal(grant?.status?.created, undefined, ref);
    }
  }

  async declare(ref: GrantRef, spec: Record<string, unknown>): Promise<void> {
    await this.rig.declare(ref, spec);
    this.#refs.push(ref);
  }

  async #begin(): Promise<void> {
    const { rig, variant } = this;
    const { sandbox } = rig;
    const teams = new Teams(sandbox);
    this.#team = await teams.create('Design guild', ['bob@acme.example', 'root@acme.example']);
    // Only a personal token sees a second workspace. Its declared type is ServiceAccount, which may deprovision.
    await rig.createSecret({ BATON_TOKEN: PERSONAL, SCIM_TOKEN: SERVICE_ACCOUNT });
    await rig.createConnector({
      credentials: { type: 'ServiceAccount', secretRef: { name: 'token', scimTokenKey: 'SCIM_TOKEN' } },
      defaultWorkspace: sandbox.workspace,
      provisioning: {
        ...variant,
        removalDelay: '5s',
        maxRemovals: { percent: 20, atLeast: 3, window: '1h' },
      },
    });
    await rig.untilPhase('Connected');
    await this.#declareEverybody();
  }

  async #declareEverybody(): Promise<void> {
    const person = (name: string) => ({ user: { email: `${name}@acme.example` } });
    const team = { team: { gid: this.#team } };
    const workspace = { workspace: SECOND_WORKSPACE_GID };
    const upgraded = [...this.rig.sandbox.state.people]
      .filter(({ kind, profile }) => kind === 'member' && profile.active && profile.license === 'view only')
      .filter(({ profile }) => !/^(alice|carol)@/.test(profile.email))
      .slice(0, UPGRADED);
    const declared: [GrantRef, Record<string, unknown>][] = [
      ['alg/given', person('alice')],
      ['alg/adopted', person('root')],
      ['alg/created', { ...person('hire'), license: 'ViewOnly', onMissingAccount: 'Create' }],
      ['atg/given', { ...person('carol'), ...team }],
      ['atg/adopted', { ...person('bob'), ...team }],
      ['awg/given', { ...person('carol'), ...workspace, deletionPolicy: 'Revoke' }],
      ['awg/kept', { ...person('bob'), ...workspace }],
      ['aac/given', { email: 'temp@acme.example', deletionPolicy: 'Revoke' }],
      ['aac/kept', { email: 'kept@acme.example' }],
      ['aac/absent', { email: 'nobody@acme.example', ensure: 'Absent' }],
      ...upgraded.map(({ gid }, index): [GrantRef, Record<string, unknown>] => [
        `alg/upgraded-${index}`,
        { user: { gid } },
      ]),
    ];
    await Promise.all(declared.map(([ref, spec]) => this.declare(ref, spec)));
  }

  #access(): Map<string, Access> {
    const { sandbox } = this.rig;
    return new Map(
      [...sandbox.state.people].map((person) => [
        person.gid,
        {
          active: person.profile.active,
          enterprise: person.profile.license === 'enterprise',
          team: person.teamMemberships.some(({ team }) => team.gid === this.#team),
          workspace: isInWorkspace(sandbox, person.profile.email, SECOND_WORKSPACE_GID),
        },
      ]),
    );
  }
}
