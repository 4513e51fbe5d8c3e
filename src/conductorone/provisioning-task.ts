import { create } from '@bufbuild/protobuf';
import { RefusedError } from '../provisioning/refusal.ts';
import type { TaskOutcome, TaskRequest } from '../provisioning/task-request.ts';
import { accountResource } from './account-resource.ts';
import { annotation } from './annotation.ts';
import type { FinalState } from './client.ts';
import {
  createAccountRequestOf,
  grantRequestOf,
  type Principal,
  revokeRequestOf,
} from './entitlement-request.ts';
import { succeededWith } from './finish.ts';
import {
  GrantAlreadyExistsSchema,
  GrantAlreadyRevokedSchema,
  GrantReplacedSchema,
} from './generated/c1/connector/v2/annotation_pb.ts';
import { type Entitlement, EntitlementSchema } from './generated/c1/connector/v2/entitlement_pb.ts';
import {
  GrantManagerServiceGrantResponseSchema,
  GrantManagerServiceRevokeResponseSchema,
} from './generated/c1/connector/v2/grant_pb.ts';
import {
  AccountInfoSchema,
  CreateAccountResponseSchema,
  type Resource,
  ResourceSchema,
} from './generated/c1/connector/v2/resource_pb.ts';
import type {
  Task_CreateAccountTask,
  Task_GrantTask,
  Task_RevokeTask,
} from './generated/c1/connectorapi/baton/v1/baton_pb.ts';
import { grantOf } from './grants.ts';
import { licenseGrantId, licenseIds, readEntitlementId } from './ids.ts';

/** Carries out a request: `TaskHost.provision`, bound to one task. */
export type Provision = (request: TaskRequest) => Promise<TaskOutcome>;

/**
 * Carries out a grant task.
 * @throws RefusedError, AsanaError
 */
export async function carryOutGrant(task: Task_GrantTask, provision: Provision): Promise<FinalState> {
  const { entitlement = create(EntitlementSchema), principal = create(ResourceSchema) } = task;
  const request = grantRequestOf(entitlement.id, principalIn(principal));
  const { wish } = request;
  const { changed } = await provision(request);
  const granted = grantOf(withResource(entitlement), principal);
  const replaced = wish.type === 'License' && wish.license === 'Enterprise';
  const annotations = [];
  if (!changed) annotations.push(annotation(GrantAlreadyExistsSchema, {}));
  // An account can get an enterprise license only if it held the view-only one before.
  else if (replaced) {
    const replacedGrantId = licenseGrantId(licenseIds.ViewOnly, principalIn(principal).id);
    annotations.push(annotation(GrantReplacedSchema, { replacedGrantId }));
  }
  return succeededWith(
    GrantManagerServiceGrantResponseSchema,
    create(GrantManagerServiceGrantResponseSchema, { annotations, grants: [granted] }),
  );
}

/**
 * Carries out a revoke task.
 * @throws RefusedError, AsanaError
 */
export async function carryOutRevoke({ grant }: Task_RevokeTask, provision: Provision): Promise<FinalState> {
  const request = revokeRequestOf({
    id: grant?.id ?? '',
    entitlement: grant?.entitlement?.id || undefined,
    principal: grant?.principal?.id ? principalIn(grant.principal) : undefined,
  });
  const { changed } = await provision(request);
  return succeededWith(
    GrantManagerServiceRevokeResponseSchema,
    create(GrantManagerServiceRevokeResponseSchema, {
      annotations: changed ? [] : [annotation(GrantAlreadyRevokedSchema, {})],
    }),
  );
}

/**
 * Carries out a create-account task. Its password options have no effect: Asana mails an invitation, and there is no
 * secret to return.
 * @throws RefusedError, AsanaError, InvalidInputError
 */
export async function carryOutCreateAccount(
  task: Task_CreateAccountTask,
  provision: Provision,
): Promise<FinalState> {
  const { accountInfo = create(AccountInfoSchema), resourceTypeId } = task;
  if (resourceTypeId !== '' && resourceTypeId !== 'user') {
    throw new RefusedError(
      'InvalidPrincipal',
      'This connector creates only accounts of the resource type user. Request an account of that type.',
    );
  }
  const { changed, account } = await provision(createAccountRequestOf(accountInfo));
  // Shows the account as the next sync will, except for a parent that only the whole directory reveals.
  const resource = account && accountResource(account, { organization: null, serviceAccount: null });
  const result = { isCreateAccountResult: true, ...(resource ? { resource } : {}) };
  const ending = !resource ? 'inProgress' : changed ? 'success' : 'alreadyExists';
  return succeededWith(
    CreateAccountResponseSchema,
    create(CreateAccountResponseSchema, { result: { case: ending, value: result } }),
  );
}

function principalIn({ id }: Resource): Principal {
  return { type: id?.resourceType ?? '', id: id?.resource ?? '' };
}

/** Adds the resource, which a grant is built on, if the task contains only the id of the entitlement. */
function withResource(entitlement: Entitlement): Entitlement {
  const target = readEntitlementId(entitlement.id);
  if (!target || entitlement.resource?.id?.resource) return entitlement;
  const resource = target.type === 'license' ? licenseIds[target.license] : target.gid;
  return create(EntitlementSchema, {
    ...entitlement,
    resource: create(ResourceSchema, { id: { resourceType: target.type, resource } }),
  });
}
