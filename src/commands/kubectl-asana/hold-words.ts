import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { ConnectorHold } from '../../api/asana-connector-status.ts';
import { findCondition } from '../../api/conditions.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { wordFor } from '../../directory/doubt.ts';
import { partNames } from '../../directory/snapshot.ts';
import { parseHoldToken } from '../../provisioning/removals/hold-token.ts';

/** Whether a hold is over removals, or else over a reading. */
export function isOfRemovals({ reason }: ConnectorHold): boolean {
  return reason === 'TooManyRemovals';
}

/** What is doubtful about a reading that is held: in the connector's own words, where they are about this hold alone. */
export function describeReadingHold({ status }: AsanaConnector, hold: ConnectorHold): string {
  const told = findCondition(status?.conditions, 'RemovalsPaused');
  if (told?.reason === hold.reason && status?.holds?.length === 1) return `${hold.reason}: ${told.message}`;
  const what =
    hold.reason === 'OrganizationChanged'
      ? 'The token belongs to another organization than before'
      : 'The last reading of Asana is doubtful';
  return `${hold.reason}: ${what} (${describeLack(hold)}).`;
}

/** What a reading that is held lacks, or reads instead, in a few words. */
export function describeLack({ reason, count, missing = {}, places = [] }: ConnectorHold): string {
  if (reason === 'OrganizationChanged') {
    // Where SCIM shows strangers there is no gid that would name their organization.
    const found = places.map((place) => (place === 'scim' ? 'another one over SCIM' : place));
    return `found: ${found.join(', ') || 'none'}`;
  }
  const lacking = partNames.flatMap((name) => {
    const lost = missing[name];
    return lost === undefined ? [] : [`${wordFor(name)}: ${lost}`];
  });
  if (places.length > 0) lacking.push(`workspaces: ${places.join(', ')}`);
  return `missing ${lacking.length > 0 ? lacking.join('; ') : `entries: ${count}`}`;
}

/**
 * A token of removals names those that had joined by it, whatever came later; one of a reading names the reading as it stands.
 * @throws InvalidInputError for the token of a reading that is not the last one any more, and for one that was never given,
 *   which the operator would pass over
 */
export function makeSureItStands(token: string, hold: ConnectorHold): void {
  if (token === hold.token) return;
  if (!isOfRemovals(hold))
    throw new InvalidInputError(
      'TOKEN',
      `is not the current token of the hold ${hold.reason}, whose reading has changed (${describeLack(hold)}): if that is correct, run kubectl asana acknowledge ${hold.token}`,
    );
  const [asked, newest] = [parseHoldToken(token), parseHoldToken(hold.token)];
  if (asked && newest && asked.n > newest.n)
    throw new InvalidInputError(
      'TOKEN',
      `is beyond the newest token of the hold, ${hold.token}: use that token`,
    );
}
