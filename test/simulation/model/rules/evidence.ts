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
      'a grant deprovisions only accounts and workspace memberships that the operator created, unless it declares `ensure: Absent`',
    broken: ofGrant(({ effect, facts, site, holding }, { spec }) => {
      if (!isDeprovision(effect) || spec.ensure === 'Absent' || !holding) return null;
      return facts.isMade(site, holding.gid, effect.workspace) ? null : 'the operator did not create it';
    }),
  },
  {
    name: 'ObjectAsks',
    sentence:
      "a change is sent for a grant only if the grant's current state and the person's current access call for it",
    broken: ofGrant((c, grant) => {
      const { facts, site, effect } = c;
      const asked = facts.asks(grant, site);
      if (hasRecordedAnother(c)) return null;
      if (isSoAlready(effect, facts.holdingOf(grant, site))) return null;
      return asked.includes(effect.type)
        ? null
        : `the grant does not ask for ${effect.type} (it asks for ${asked.join(', ') || 'nothing'})`;
    }),
  },
  {
    name: 'GuestKeepsLastTeam',
    sentence: 'no grant removes a guest from their last team',
    broken: ofGrant(({ effect, holding, site, facts }) => {
      if (effect.type !== 'RemoveFromTeam' || holding?.kind !== 'guest') return null;
      // A removal that is sent again, because Asana shows the first one late, removes nothing.
      if (holding.teams.length > 1 || !holding.teams.includes(effect.team ?? '')) return null;
      // The look before the action shows all of the guest's teams, except for changes that Asana shows late.
      const isNew = facts.touchedAt(site, holding.gid) > facts.witness.time() - FRESH_LOOK_MS;
      return isNew || site.directory.reads.areStale() ? null : "it is the guest's last team";
    }),
  },
  {
    name: 'HeldStaysHeld',
    sentence: 'a removal that was ever in a hold is sent only after an acknowledgement that covers it',
    broken: ofGrant(({ held, effect }, grant) => {
      if (!isRemoval(effect)) return null;
      const state = held.stateOf(grant);
      if (state === 'Held') return 'it was held and has not been acknowledged';
      return state === 'Discarded' ? 'it was discarded' : null;
    }),
  },
  {
    name: 'ReadingTrusted',
    sentence: 'no removal is sent during an unacknowledged hold over the reading',
    broken: onRemoval(({ connector, held }) => {
      const doubt = holdsOf(connector).find(
        (hold) => isOverReading(hold) && !held.isAcknowledged(connector, hold.id ?? hold.token ?? ''),
      );
      return doubt ? `the hold ${doubt.reason} is not acknowledged` : null;
    }),
  },
  {
    name: 'ReadingWhole',
    sentence: 'a removal requires that the last reading is complete, recent and not suddenly smaller',
    broken: onRemoval((c) => {
      const { readings, request, connector, held, effect } = c;
      if (hasRecordedAnother(c) || held.hasAnswers(connector)) return null;
      return readings.doubt(request.token, connector, effect);
    }),
  },
  {
    name: 'FreshLook',
    sentence: 'a removal is sent only after a fresh read of the person, at most three minutes old',
    broken: onRemoval(({ facts, request, effect }) => {
      if (effect.gid === null) return null;
      const at = facts.lookedAt(request.by, effect.gid);
      if (at === null) return 'this process has not read the person';
      const agoMs = facts.witness.time() - at;
      return agoMs > FRESH_LOOK_MS ? `the last read was ${Math.round(agoMs / 1000)} s ago` : null;
    }),
  },
  {
    name: 'OrganizationKnown',
    sentence: 'no change is sent to an organization other than the recorded one',
    broken: ({ connector, readings, request }) => {
      const recorded = connector.status?.organizations;
      const shown = readings.workspacesOf(request.token);
      // A connector with only plain workspaces records none.
      if (!recorded?.length || shown.length === 0) return null;
      if (shown.some((gids) => gids.some((gid) => recorded.includes(gid)))) return null;
      return `Asana shows ${shown.join(', ')}, but ${recorded.join(', ')} is recorded`;
    },
  },
  {
    name: 'IntentFirst',
    sentence: 'the intent of a grant is in `status.lastAction` before its change is sent',
    broken: ofGrant(({ effect }, { status }) => {
      const action = status?.lastAction;
      if (!action) return 'status has no lastAction';
      if (action.result !== 'Pending') return `lastAction is ${action.result}`;
      const same = action.type === effect.type || action.type === OVER_REST[effect.type];
      return same ? null : `lastAction is ${action.type}`;
    }),
  },
];
