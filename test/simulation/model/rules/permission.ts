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
    sentence: 'only the process that leads sends a write, and nobody while everything is stopped',
    broken: ({ request, leadership: { holder, stopped } }) => {
      if (stopped) return 'everything is stopped';
      return request.by === holder ? null : `${request.by} does not lead (${holder ?? 'nobody'} does)`;
    },
  },
  {
    name: 'NewLeaderWaits',
    sentence: 'a leader that took over removes nothing in its first minute',
    broken: onRemoval(({ leadership: { takenOver, sinceMs } }) =>
      takenOver && sinceMs < SETTLING_MS ? `it leads for ${Math.round(sinceMs / 1000)} s` : null,
    ),
  },
  {
    name: 'NothingSuspended',
    sentence: 'nothing is written for a suspended object or connector',
    broken: ({ grant, connector }) => {
      if (connector.spec.suspend) return 'the connector is suspended';
      return grant?.spec.suspend ? 'the object is suspended' : null;
    },
  },
  {
    name: 'ApplyOnly',
    sentence: 'a connector in Plan writes nothing for grants; one without provision nothing for tasks',
    broken: ({ grant, connector }) => {
      if (grant) return modeOf(connector) === 'Apply' ? null : 'the connector is in Plan';
      return connector.spec.conductorOne?.provision ? null : 'provision is off';
    },
  },
  {
    name: 'NamespaceAllowed',
    sentence:
      'a grant of a namespace that is not allowed gets nothing; from elsewhere only what was given is taken',
    broken: ofGrant(({ connector, effect }, { metadata, status }) => {
      if (metadata.namespace === connector.metadata.namespace) return null;
      const allowed = connector.spec.provisioning?.allowedNamespaces ?? [];
      if (!isRemoval(effect))
        return allowed.includes('*') || allowed.includes(metadata.namespace)
          ? null
          : 'the namespace is not allowed';
      if (isDeprovision(effect)) return 'a foreign namespace deprovisions';
      return status?.applied?.adopted ? 'what was adopted is taken by a foreign namespace' : null;
    }),
  },
  {
    name: 'Released',
    sentence: 'an object that is abandoned or retains takes nothing when it ends',
    broken: ofGrant(({ facts, effect }, grant) => {
      if (!isRemoval(effect) || !facts.hasEnded(grant)) return null;
      const { annotations, deletionTimestamp } = grant.metadata;
      if (deletionTimestamp !== undefined && annotations?.[ANNOTATIONS.abandon] === 'true')
        return 'it is abandoned';
      return deletionPolicyOf(grant) === 'Retain' ? 'it retains' : null;
    }),
  },
  {
    name: 'RemovalDelay',
    sentence: 'a removal waits removalDelay after it was declared',
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
    sentence: 'the protected keep what they have',
    broken: onRemoval(({ connector, holding, grant }) => {
      const { protectedUsers = [], protectAdmins = true } = connector.spec.provisioning ?? {};
      if (protectAdmins && holding?.admin) return 'an administrator';
      const named = [holding?.email, grant && modelOf(grant.kind)?.email(grant), grant?.status?.user?.email];
      const found = named.find((email) => typeof email === 'string' && protectedUsers.includes(email));
      return found ? `${found} is among protectedUsers` : null;
    }),
  },
  {
    name: 'DeprovisionAllowed',
    sentence: 'nobody is deprovisioned while allowDeprovision is off',
    broken: ({ effect, connector }) =>
      isDeprovision(effect) && !connector.spec.provisioning?.allowDeprovision
        ? 'allowDeprovision is off'
        : null,
  },
];
