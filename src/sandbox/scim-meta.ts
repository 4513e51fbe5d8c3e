import { CORE_USER, ENTERPRISE_USER } from './scim-attributes.ts';
import { answerList } from './scim-list.ts';
import type { Route, World } from './world.ts';

const CORE_GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Schema';

/** The service's own description (RFC 7643 §5 to §7). Asana has these endpoints but does not publish their contents. */
export function scimMetaRoutes(world: World): Route[] {
  return [
    {
      method: 'GET',
      path: '/scim/ServiceProviderConfig',
      operation: 'scimGetServiceProviderConfig',
      handler: () => ({ status: 200, json: serviceProviderConfig }),
    },
    {
      method: 'GET',
      path: '/scim/ResourceTypes',
      operation: 'scimListResourceTypes',
      handler: (ask) => answerList(world, ask, resourceTypes, (type) => type),
    },
    {
      method: 'GET',
      path: '/scim/Schemas',
      operation: 'scimListSchemas',
      handler: (ask) => answerList(world, ask, schemas(world), (schema) => schema),
    },
  ];
}

const serviceProviderConfig = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
  patch: { supported: true },
  bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
  filter: { supported: true, maxResults: 100 },
  changePassword: { supported: false },
  sort: { supported: false },
  etag: { supported: false },
  authenticationSchemes: [
    { type: 'oauthbearertoken', name: 'OAuth Bearer Token', description: 'The token of a service account' },
  ],
};

const resourceTypes = [
  {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
    id: 'User',
    name: 'User',
    endpoint: '/Users',
    schema: CORE_USER,
    schemaExtensions: [{ schema: ENTERPRISE_USER, required: false }],
  },
  {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
    id: 'Group',
    name: 'Group',
    endpoint: '/Groups',
    schema: CORE_GROUP,
  },
];

/** Returns the schemas. `userType` is an attribute only in a view-only domain. */
function schemas(world: World): readonly Record<string, unknown>[] {
  const userAttributes = [
    attribute('userName', 'string', true),
    attribute('name', 'complex'),
    attribute('emails', 'complex'),
    attribute('active', 'boolean'),
    attribute('title', 'string'),
    attribute('preferredLanguage', 'string'),
    ...(world.settings.viewOnlyDomain ? [attribute('userType', 'string')] : []),
  ];
  return [
    { schemas: [SCHEMA], id: CORE_USER, name: 'User', attributes: userAttributes },
    {
      schemas: [SCHEMA],
      id: ENTERPRISE_USER,
      name: 'EnterpriseUser',
      attributes: [attribute('department', 'string')],
    },
    {
      schemas: [SCHEMA],
      id: CORE_GROUP,
      name: 'Group',
      attributes: [attribute('displayName', 'string', true), attribute('members', 'complex')],
    },
  ];
}

function attribute(name: string, type: string, required = false): Record<string, unknown> {
  return {
    name,
    type,
    multiValued: name === 'emails' || name === 'members',
    required,
    mutability: 'readWrite',
  };
}
