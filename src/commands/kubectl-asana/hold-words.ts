import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { ConnectorHold } from '../../api/asana-connector-status.ts';
import { findCondition } from '../../api/conditions.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { wordFor } from '../../directory/doubt.ts';
import { partNames } from '../../directory/snapshot.ts';
import { parseHoldToken } from '../../provisioning/removals/hold-token.ts';

/** Whether a hold contains removals. Otherwise it holds a reading. */
export function isOfRemovals({ reason }: ConnectorHold): boolean {
  return reason === 'TooManyRemovals';
}

/** Describes why a held reading is in doubt, using the connector's condition if that is about this hold only. */
export function describeReadingHold({ status }: AsanaConnector, hold: ConnectorHold): string {
  const told = findCondition(status?.conditions, 'RemovalsPaused');
  if (told?.reason === hold.reason && status?.holds?.length === 1) return `${hold.reason}: ${told.message}`;
  const what =
    hold.reason === 'OrganizationChanged'
      ? 'The token belongs to another organization than before'
      : 'The last reading of Asana is doubtful';
  return `${hold.reason}: ${what} (${describeLack(hold)}).`;
}

/** Describes in a few words what a held reading lacks, or what it found instead. */
export function describeLack({ reason, count, missing = {}, places = [] }: ConnectorHold): string {
  if (reason === 'OrganizationChanged') {
    // SCIM does not show the gid of the organization that its users belong to.
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
 * Checks that a token can answer the hold. A token of removals names those that had joined by then and none that joined
 * later; a token of a reading names that reading only.
 * @throws InvalidInputError if the reading has changed since the token was given, or if the token was never given, so
 *   that the operator would ignore it
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
