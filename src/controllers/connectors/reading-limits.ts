import type { LeftOutWorkspace } from '../../directory/snapshot.ts';
import type { SyncResult } from '../../directory/sync.ts';

const WHY: Readonly<Record<LeftOutWorkspace['leftOut'], string>> = {
  Guest: 'the account of the token is a guest in it',
  Refused: 'Asana rejects the token for it (403)',
};

/** Describes in sentences for the log what a complete reading leaves out: the `connector` command has no status. */
export function limitsOf(result: SyncResult | null): readonly string[] {
  if (!result?.snapshot) return [];
  const { rest, snapshot } = result;
  const leftOut = snapshot.leftOut.map(
    ({ gid, name, leftOut: why }) => `Workspace ${gid} (${name}) is not read: ${WHY[why]}.`,
  );
  return rest.ok ? leftOut : [rest.error.message, ...leftOut];
}
