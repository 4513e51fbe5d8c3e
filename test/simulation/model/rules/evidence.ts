import { type EffectType, isDeprovision, isRemoval } from '../effect.ts';
import { isOverReading } from '../holds.ts';
import { holdsOf } from '../objects.ts';
import { hasRecordedAnother, isSoAlready, ofGrant, onRemoval, type Rule } from '../rule.ts';

/** The greatest age of a fresh look when a removal leaves: reads, one retry and its pause fit in. */
const FRESH_LOOK_MS = 180_000;

/** The action types of effects that are requested over REST. */
const OVER_REST: Partial<Record<EffectType, string>> = {
  CreateAccount: 'InviteAccount',
  Deprovision: 'RemoveFromWorkspace',
};

/** Rules about what must be known and recorded before a write leaves: intent, readings, looks, answers to holds. */
export const evidenceRules: readonly Rule[] = [
  {
    name: 'OnlyWhoWeMade',
    sentence:
      'nobody is deprovisioned whom the operator did not create, unless an object says Absent or a task says so',
    broken: ofGrant(({ effect, facts, site, holding }, { spec }) => {
      if (!isDeprovision(effect) || spec.ensure === 'Absent' || !holding) return null;
      return facts.isMade(site, holding.gid, effect.workspace) ? null : 'the operator found this account';
    }),
  },
  {
    name: 'ObjectAsks',
    sentence: 'a write leaves only if its object asks for it, as it stands and as the person stands',
    broken: ofGrant((c, grant) => {
      const { facts, site, effect } = c;
      const asked = facts.asks(grant, site);
      if (hasRecordedAnother(c)) return null;
      if (isSoAlready(effect, facts.holdingOf(grant, site))) return null;
      return asked.includes(effect.type)
        ? null
        : `${effect.type} is not asked (${asked.join(', ') || 'nothing is'})`;
    }),
  },
  {
    name: 'GuestKeepsLastTeam',
    sentence: 'no object takes a guest out of the last team that they are in',
    broken: ofGrant(({ effect, holding, site, facts }) => {
      if (effect.type !== 'RemoveFromTeam' || holding?.kind !== 'guest' || holding.teams.length > 1)
        return null;
      // The look before the action shows all of the guest's teams, except for changes that Asana shows late.
      const isNew = facts.touchedAt(site, holding.gid) > facts.witness.time() - FRESH_LOOK_MS;
      return isNew || site.directory.reads.areStale() ? null : 'it is the last one';
    }),
  },
  {
    name: 'HeldStaysHeld',
    sentence: 'what was once held is carried out only by an acknowledgement that named it',
    broken: ofGrant(({ held, effect }, grant) => {
      if (!isRemoval(effect)) return null;
      const state = held.stateOf(grant);
      if (state === 'Held') return 'it was held, and nobody has acknowledged it';
      return state === 'Discarded' ? 'it was discarded' : null;
    }),
  },
  {
    name: 'ReadingTrusted',
    sentence: 'nothing is removed while a hold over the reading stands',
    broken: onRemoval(({ connector, held }) => {
      const doubt = holdsOf(connector).find(
        (hold) => isOverReading(hold) && !held.isAcknowledged(connector, hold.id ?? hold.token ?? ''),
      );
      return doubt ? `${doubt.reason} stands` : null;
    }),
  },
  {
    name: 'ReadingWhole',
    sentence: 'a removal needs a last reading that was whole, recent and not suddenly smaller',
    broken: onRemoval((c) => {
      const { readings, request, connector, held, effect } = c;
      if (hasRecordedAnother(c) || held.hasAnswers(connector)) return null;
      return readings.doubt(request.token, connector, effect);
    }),
  },
  {
    name: 'FreshLook',
    sentence: 'the person is looked at afresh before a removal',
    broken: onRemoval(({ facts, request, effect }) => {
      if (effect.gid === null) return null;
      const at = facts.lookedAt(request.by, effect.gid);
      if (at === null) return 'nobody has looked';
      const agoMs = facts.witness.time() - at;
      return agoMs > FRESH_LOOK_MS ? `the last look was ${Math.round(agoMs / 1000)} s ago` : null;
    }),
  },
  {
    name: 'OrganizationKnown',
    sentence: 'nothing is written into an organization that is not the one recorded',
    broken: ({ connector, readings, request }) => {
      const recorded = connector.status?.organizations;
      const shown = readings.workspacesOf(request.token);
      // A connector with only plain workspaces records none.
      if (!recorded?.length || shown.length === 0) return null;
      if (shown.some((gids) => gids.some((gid) => recorded.includes(gid)))) return null;
      return `Asana shows ${shown.join(', ')}, recorded is ${recorded.join(', ')}`;
    },
  },
  {
    name: 'IntentFirst',
    sentence: 'the intent is in status before the request leaves',
    broken: ofGrant(({ effect }, { status }) => {
      const action = status?.lastAction;
      if (!action) return 'status has no lastAction';
      if (action.result !== 'Pending') return `lastAction is ${action.result}`;
      const same = action.type === effect.type || action.type === OVER_REST[effect.type];
      return same ? null : `lastAction is ${action.type}`;
    }),
  },
];
