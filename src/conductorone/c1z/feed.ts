import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Account, Snapshot } from '../../directory/snapshot.ts';
import { type DirectoryPiece, packMember, type TeamPart } from './job.ts';
import { sortSliced } from './sliced-sort.ts';

/** Cloning this many accounts takes about 2 ms. */
const ACCOUNTS_A_PIECE = 1000;
/** Looking up this many members takes about 3 ms. */
const MEMBERS_A_PIECE = 16_384;
const TEAMS_A_PIECE = 500;

const pause = () => nextTurn(undefined);

/**
 * Yields a directory in pieces that each take a few milliseconds to create, so that the event loop stays free however
 * large the directory is: accounts ordered by gid, then teams ordered by gid. Members are sent as numbers; a million of
 * them as objects would take seconds to clone.
 */
export async function* piecesOf(
  snapshot: Pick<Snapshot, 'accounts' | 'teams'>,
): AsyncGenerator<DirectoryPiece> {
  const places = new Map<string, number>();
  const gids = await sortSliced(snapshot.accounts.keys(), pause);
  for (let from = 0; from < gids.length; from += ACCOUNTS_A_PIECE) {
    const accounts: Account[] = [];
    for (const gid of gids.slice(from, from + ACCOUNTS_A_PIECE)) {
      places.set(gid, places.size);
      accounts.push(snapshot.accounts.get(gid) as Account);
    }
    yield { kind: 'accounts', accounts };
  }
  yield* teamPieces(snapshot, await sortSliced(snapshot.teams.keys(), pause), places);
}

function* teamPieces(
  { teams }: Pick<Snapshot, 'teams'>,
  gids: readonly string[],
  places: ReadonlyMap<string, number>,
): Generator<DirectoryPiece> {
  let parts: TeamPart[] = [];
  const members = new Uint32Array(MEMBERS_A_PIECE);
  let used = 0;
  const take = (): DirectoryPiece => {
    const piece: DirectoryPiece = { kind: 'teams', parts, members: members.slice(0, used) };
    parts = [];
    used = 0;
    return piece;
  };

  for (const gid of gids) {
    const whole = teams.get(gid);
    if (!whole) continue;
    const { memberships, name, organization } = whole;
    const team = { gid, name, organization };
    let begin = used;
    let unknown = 0;
    for (const membership of memberships) {
      const place = places.get(membership.user);
      if (place === undefined) {
        unknown += 1;
        continue;
      }
      if (used === MEMBERS_A_PIECE) {
        parts.push({ team, members: used - begin, unknown, last: false });
        yield take();
        begin = 0;
        unknown = 0;
      }
      members[used] = packMember(place, membership);
      used += 1;
    }
    parts.push({ team, members: used - begin, unknown, last: true });
    if (parts.length === TEAMS_A_PIECE) yield take();
  }
  if (parts.length > 0) yield take();
}
