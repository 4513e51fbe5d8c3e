import { type Static, Type } from 'typebox';
import type { KindDefinition, ObjectOf } from './kind.ts';
import { asanaLicenseGrants } from './resources.ts';
import {
  choice,
  conditions,
  email,
  flag,
  gid,
  handledRequest,
  instant,
  namespaceName,
  object,
  objectName,
  text,
  timestampText,
} from './schema.ts';

const connectorRef = object(
  'The AsanaConnector that carries this grant out. Immutable: delete the grant and create another one instead.',
  {
    name: objectName('Name of the AsanaConnector. Grants wait (ConnectorNotFound) while there is none.'),
    namespace: Type.Optional(
      namespaceName(
        "Its namespace. Default: the grant's own; another one must be allowed by the connector's provisioning.allowedNamespaces.",
      ),
    ),
  },
);

const user = object(
  'Whose license it is: exactly one of email and gid. Immutable: delete the grant and create another one instead.',
  {
    email: Type.Optional(
      email(
        'Email address in lower case. Once the account is found, its gid is the identity, so a later change of address does no harm.',
      ),
    ),
    gid: Type.Optional(
      gid(
        "The account's gid in Asana, in quotes. It is the identity from the start, whatever the email address.",
      ),
    ),
  },
  {
    rules: [
      {
        rule: 'has(self.email) != has(self.gid)',
        message: 'give exactly one of user.email and user.gid',
        holds: ({ email, gid }) => (email === undefined) !== (gid === undefined),
      },
    ],
  },
);

const spec = object(
  'Who is to hold which license, and what happens to it in the end.',
  {
    connectorRef,
    user,
    license: choice(
      'The license the person is to hold: Enterprise (the default), or ViewOnly, which lowers an enterprise license.',
      ['Enterprise', 'ViewOnly'],
      'Enterprise',
    ),
    onMissingAccount: choice(
      "What to do while Asana has no such account: Wait (the default), or Create it in the connector's defaultWorkspace, view-only first. A person who left is not created again.",
      ['Wait', 'Create'],
      'Wait',
    ),
    deletionPolicy: choice(
      'What deleting or expiry does. Revoke (the default): take back what this grant holds; enterprise leaves view-only, and a view-only license that we gave is deprovisioned only where the connector allows it. Retain: leave Asana as it is.',
      ['Revoke', 'Retain'],
      'Revoke',
    ),
    expiresAt: Type.Optional(
      timestampText(
        'When the grant ends by itself, as deletionPolicy says; RFC 3339, such as 2027-01-31T00:00:00Z. Default: never.',
      ),
    ),
    reason: Type.Optional(
      text(
        'Why the person has it: a ticket, a project. Kept in the audit record; never sent to Asana. Default: none.',
        {
          maxLength: 512,
        },
      ),
    ),
    suspend: flag(
      'Leave this grant alone: no action, and no contest with other grants. Deleting a suspended grant changes nothing in Asana. Default false.',
      false,
    ),
  },
  {
    rules: [
      {
        rule: 'self.connectorRef == oldSelf.connectorRef',
        message: 'connectorRef is immutable: delete this grant and create another one',
        fieldPath: '.connectorRef',
      },
      {
        rule: 'self.user == oldSelf.user',
        message: 'user is immutable: delete this grant and create another one',
        fieldPath: '.user',
      },
    ],
  },
);

const license = (description: string) => choice(description, ['Enterprise', 'ViewOnly']);

/** Every action a license grant leads to. */
const ACTIONS = ['GrantEnterprise', 'RevokeEnterprise', 'Deprovision', 'CreateAccount'] as const;

const status = object('What the operator saw and did. Written by the operator alone.', {
  observedGeneration: Type.Optional(
    Type.Integer({
      description: 'The generation of the spec this status speaks of.',
      minimum: 0,
      format: 'int64',
    }),
  ),
  lastHandledReconcileAt: Type.Optional(
    handledRequest('The last value of the annotation asana-connector.dev/requestedAt that was answered.'),
  ),
  conditions: Type.Optional(
    conditions(
      'The state by type: Ready, Reconciling, Stalled, Drifted, Expired. The reason of Ready says why, its message what to do.',
    ),
  ),
  user: Type.Optional(
    object('The account as Asana knows it.', {
      gid: Type.String({ description: 'Its gid: once found, it is the identity.', maxLength: 64 }),
      email: Type.Optional(Type.String({ description: 'Its email address today.', maxLength: 320 })),
      name: Type.Optional(Type.String({ description: 'Its name today.', maxLength: 1024 })),
    }),
  ),
  observed: Type.Optional(
    object('The license seen in Asana.', {
      license: license('The license.'),
      since: instant('Since when this value is seen; moves only when the value does.'),
    }),
  ),
  applied: Type.Optional(
    object('The right this grant holds; what deleting it takes back.', {
      license: license('The license.'),
      at: instant('When it was first seen to hold.'),
      adopted: Type.Boolean({
        description: 'True if it was found so, false if an action of ours led there.',
      }),
    }),
  ),
  planned: Type.Optional(
    object('What is still to be done; absent when nothing is.', {
      action: choice('The action.', ACTIONS),
      notBefore: Type.Optional(timestampText('A removal waits until then.')),
      hold: Type.Optional(
        Type.String({
          description: "The connector's hold that stops it (status.hold.token).",
          maxLength: 64,
        }),
      ),
      reason: Type.String({ description: 'Why.', maxLength: 1024 }),
    }),
  ),
  drift: Type.Optional(
    object('How often somebody else changed the license and it was set back.', {
      count: Type.Integer({
        description: 'Set-backs since then; three in 24 hours stop it (Contended).',
        minimum: 0,
      }),
      since: instant('The first of them.'),
    }),
  ),
  lastAction: Type.Optional(
    object('The last change made in Asana, recorded before the request leaves.', {
      id: Type.String({ description: 'Names it in the audit log.', maxLength: 64 }),
      type: choice('The action.', ACTIONS),
      from: Type.Optional(license('The license before.')),
      to: Type.Optional(license('The license it leads to; absent for a deprovision.')),
      at: instant('When it began.'),
      result: choice('Pending until Asana was seen to show it.', [
        'Pending',
        'Succeeded',
        'Failed',
        'Unconfirmed',
      ]),
    }),
  ),
  discardedGeneration: Type.Optional(
    Type.Integer({
      description: 'The generation whose removal a person discarded: left alone until it is edited.',
      minimum: 0,
      format: 'int64',
    }),
  ),
});

export type AsanaLicenseGrantSpec = Static<typeof spec>;
export type AsanaLicenseGrantStatus = Static<typeof status>;
export type AsanaLicenseGrant = ObjectOf<AsanaLicenseGrantSpec, AsanaLicenseGrantStatus>;

const ready = (field: string) => `.status.conditions[?(@.type=="Ready")].${field}`;

/** AsanaLicenseGrant: one person's license, declared. */
export const asanaLicenseGrantKind: KindDefinition = {
  names: asanaLicenseGrants,
  description:
    "One person's Asana license, declared. The operator makes it so, keeps it so, and takes it back when the object is deleted or expires.",
  spec,
  status,
  selectableFields: [
    '.spec.connectorRef.name',
    '.spec.connectorRef.namespace',
    '.spec.user.email',
    '.spec.user.gid',
    '.spec.license',
  ],
  columns: [
    { name: 'User', type: 'string', jsonPath: '.status.user.email', description: 'The account.' },
    { name: 'License', type: 'string', jsonPath: '.spec.license', description: 'The license declared.' },
    {
      name: 'Observed',
      type: 'string',
      jsonPath: '.status.observed.license',
      description: 'The license seen.',
    },
    {
      name: 'Planned',
      type: 'string',
      jsonPath: '.status.planned.action',
      description: 'What is still to be done.',
    },
    {
      name: 'Ready',
      type: 'string',
      jsonPath: ready('status'),
      description: 'Whether all that is asked is done.',
    },
    { name: 'Reason', type: 'string', jsonPath: ready('reason'), description: 'Why.' },
    { name: 'Expires', type: 'string', jsonPath: '.spec.expiresAt', description: 'When it ends by itself.' },
    {
      name: 'Age',
      type: 'date',
      jsonPath: '.metadata.creationTimestamp',
      description: 'Time since it was created.',
    },
    {
      name: 'Message',
      type: 'string',
      jsonPath: ready('message'),
      priority: 1,
      description: 'Why, in words.',
    },
  ],
};
