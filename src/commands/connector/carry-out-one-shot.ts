import type { JsonObject } from '@bufbuild/protobuf';
import { C1zReader } from '../../conductorone/c1z/reader.ts';
import {
  createAccountRequestOf,
  grantRequestOf,
  revokeRequestOf,
} from '../../conductorone/entitlement-request.ts';
import type { Logger } from '../../core/logger.ts';
import { RefusedError } from '../../provisioning/refusal.ts';
import type { TaskRequest } from '../../provisioning/task-request.ts';
import type { OneShot } from '../baton-settings/one-shot-request.ts';
import { nameOf } from '../baton-settings/setting-rules.ts';
import type { Settings } from '../baton-settings/settings-table.ts';
import type { Standalone } from './standalone.ts';
import { tempFolderOf } from './sync-into-file.ts';

/** The requester in the audit line. */
const COMMAND_LINE = 'command-line';

/**
 * Carries out one change. Does not require `--provisioning`. Entitlements, principals and grants are looked up in the
 * file, so a sync must have been written to it before. The file is not changed.
 * @throws C1zError, RefusedError, AsanaError
 */
export async function carryOutOneShot(
  shot: OneShot,
  settings: Settings,
  { host }: Standalone,
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  const request = await requestOf(shot, settings);
  const { changed, account } = await host.provision(request, COMMAND_LINE, signal);
  log.info(changed ? 'change made' : 'nothing to change', {
    want: request.want,
    right: request.wish.type,
    account: account?.gid,
  });
}

async function requestOf(shot: OneShot, settings: Settings): Promise<TaskRequest> {
  if (shot.kind === 'CreateAccount') return creationOf(shot);
  await using reader = await C1zReader.open(settings.file, tempFolderOf(settings));
  if (shot.kind === 'Grant') {
    if (!reader.entitlement(shot.entitlement)) {
      throw new RefusedError('EntitlementNotFound', missing('grantEntitlement', 'entitlement', settings));
    }
    if (!reader.resource(shot.type, shot.principal)) {
      throw new RefusedError('AccountNotFound', missing('grantPrincipal', 'principal', settings));
    }
    return grantRequestOf(shot.entitlement, { type: shot.type, id: shot.principal });
  }
  const grant = reader.grant(shot.grant);
  if (!grant) throw new RefusedError('EntitlementNotFound', missing('revokeGrant', 'grant', settings));
  const principal = grant.principal?.id;
  return revokeRequestOf({
    id: grant.id,
    entitlement: grant.entitlement?.id,
    principal: principal && { type: principal.resourceType, id: principal.resource },
  });
}

function missing(
  setting: 'grantEntitlement' | 'grantPrincipal' | 'revokeGrant',
  what: string,
  settings: Settings,
) {
  return `${nameOf(setting)}: the newest full sync of ${settings.file} has no such ${what}. Correct the ID, or run a sync into the file first.`;
}

function creationOf({ login, email, profile }: Extract<OneShot, { kind: 'CreateAccount' }>): TaskRequest {
  return createAccountRequestOf({
    login: login ?? '',
    emails: email === null ? [] : [{ address: email, isPrimary: true }],
    // The profile was parsed from JSON.
    profile: profile as JsonObject,
  });
}
