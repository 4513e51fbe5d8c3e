import { isDeprovision, isRemoval } from '../effect.ts';
import { deletionPolicyOf, modelOf } from '../kinds.ts';
import { ANNOTATIONS, durationMs, modeOf } from '../objects.ts';
import { ofGrant, onRemoval, type Rule } from '../rule.ts';

/** How long a new leader that took over removes nothing. */
const SETTLING_MS = 60_000;

/** Rules about who may act at all, and for whom: processes, switches, namespaces, policies. */
export const permissionRules: readonly Rule[] = [
  {
    name: 'LeaderActs',
    sentence: 'only the leader sends changes to Asana, and no process does while actions are stopped',
    broken: ({ request, leadership: { holder, stopped } }) => {
      if (stopped) return 'actions are stopped';
      return request.by === holder ? null : `${request.by} is not the leader (${holder ?? 'no process'} is)`;
    },
  },
  {
    name: 'NewLeaderWaits',
    sentence: 'a leader that took over the lease sends no removal in its first minute',
    broken: onRemoval(({ leadership: { takenOver, sinceMs } }) =>
      takenOver && sinceMs < SETTLING_MS ? `it has led for ${Math.round(sinceMs / 1000)} s` : null,
    ),
  },
  {
    name: 'NothingSuspended',
    sentence: 'no change is sent for a suspended object or connector',
    broken: ({ grant, connector }) => {
      if (connector.spec.suspend) return 'the connector is suspended';
      return grant?.spec.suspend ? 'the object is suspended' : null;
    },
  },
  {
    name: 'ApplyOnly',
    sentence:
      'changes are sent for grants only in mode Apply, and for tasks only with `conductorOne.provision`',
    broken: ({ grant, connector }) => {
      if (grant) return modeOf(connector) === 'Apply' ? null : 'the connector is in mode Plan';
      return connector.spec.conductorOne?.provision ? null : 'provision is off';
    },
  },
  {
    name: 'NamespaceAllowed',
    sentence:
      "a grant outside its connector's namespace gives access only if that namespace is allowed, revokes no adopted right, and never deprovisions",
    broken: ofGrant(({ connector, effect }, { metadata, status }) => {
      if (metadata.namespace === connector.metadata.namespace) return null;
      const allowed = connector.spec.provisioning?.allowedNamespaces ?? [];
      if (!isRemoval(effect))
        return allowed.includes('*') || allowed.includes(metadata.namespace)
          ? null
          : 'the namespace is not allowed';
      if (isDeprovision(effect)) return "a grant outside the connector's namespace deprovisions";
      return status?.applied?.adopted
        ? "the right was adopted, and the grant is outside the connector's namespace"
        : null;
    }),
  },
  {
    name: 'Released',
    sentence:
      'an object with `deletionPolicy: Retain`, or deleted with the annotation `abandon`, removes nothing when it ends',
    broken: ofGrant(({ facts, effect }, grant) => {
      if (!isRemoval(effect) || !facts.hasEnded(grant)) return null;
      const { annotations, deletionTimestamp } = grant.metadata;
      if (deletionTimestamp !== undefined && annotations?.[ANNOTATIONS.abandon] === 'true')
        return 'it was abandoned';
      return deletionPolicyOf(grant) === 'Retain' ? 'its deletionPolicy is Retain' : null;
    }),
  },
  {
    name: 'RemovalDelay',
    sentence:
      'a removal is sent no earlier than `removalDelay` after the deletion, expiry or edit that causes it',
    broken: ofGrant(({ facts, effect, connector }, grant) => {
      if (!isRemoval(effect)) return null;
      const delayMs = durationMs(connector.spec.provisioning?.removalDelay, 60_000);
      const { deletionTimestamp } = grant.metadata;
      const sinceMs = facts.hasEnded(grant)
        ? facts.witness.now() -
          Date.parse(deletionTimestamp ?? grant.spec.expiresAt ?? grant.status?.expiresAt ?? '')
        : facts.witness.time() - facts.generationAt(grant);
      // Kubernetes timestamps have whole seconds.
      return sinceMs < delayMs - 1_000
        ? `${Math.round(sinceMs / 1000)} s of ${delayMs / 1000} s have passed`
        : null;
    }),
  },
  {
    name: 'Protected',
    sentence:
      'no removal is sent for a user in `protectedUsers` or, with `protectAdmins`, for an administrator',
    broken: onRemoval(({ connector, holding, grant }) => {
      const { protectedUsers = [], protectAdmins = true } = connector.spec.provisioning ?? {};
      if (protectAdmins && holding?.admin) return 'the person is an administrator';
      const named = [holding?.email, grant && modelOf(grant.kind)?.email(grant), grant?.status?.user?.email];
      const found = named.find((email) => typeof email === 'string' && protectedUsers.includes(email));
      return found ? `${found} is in protectedUsers` : null;
    }),
  },
  {
    name: 'DeprovisionAllowed',
    sentence: 'no deprovision is sent while `allowDeprovision` is off',
    broken: ({ effect, connector }) =>
      isDeprovision(effect) && !connector.spec.provisioning?.allowDeprovision
        ? 'allowDeprovision is off'
        : null,
  },
];
