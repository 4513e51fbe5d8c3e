import type { Held } from './grant.ts';
import type { PrinterColumn } from './kind.ts';

/** Fields of the spec that `--field-selector` knows in every kind. */
export const selectableConnector = ['.spec.connectorRef.name', '.spec.connectorRef.namespace'] as const;
/** The same for kinds that name a person. */
export const selectableUser = ['.spec.user.email', '.spec.user.gid'] as const;

const ready = (field: string) => `.status.conditions[?(@.type=="Ready")].${field}`;

/** Who has the right: the columns of kinds that name a person begin with it. */
export const userColumn: PrinterColumn = {
  name: 'User',
  type: 'string',
  // One column cannot join two fields: a wildcard would take the declared or the current address, at random.
  jsonPath: '.status.person',
  description:
    'The person: the email address as found in Asana, before that as declared, or the gid if there is none. Empty until the operator has written a status.',
};

/**
 * The columns of a kind: whose right and what is declared come first, then those that every kind has.
 *
 * @param observed the field of the right in `status.observed`
 */
export function grantColumns(declared: readonly PrinterColumn[], observed: keyof Held): PrinterColumn[] {
  return [
    ...declared,
    {
      name: 'Observed',
      type: 'string',
      jsonPath: `.status.observed.${observed}`,
      description: 'What was last seen in Asana.',
    },
    { name: 'Planned', type: 'string', jsonPath: '.status.planned.action', description: 'The next action.' },
    {
      name: 'Ready',
      type: 'string',
      jsonPath: ready('status'),
      description: 'Whether everything that the grant asks for is done.',
    },
    { name: 'Reason', type: 'string', jsonPath: ready('reason'), description: 'The reason of Ready.' },
    {
      name: 'Expires',
      type: 'string',
      // Of the status or of the spec: an end that is declared shows before the status says so, and that of a
      // duration as soon as it is known. Where both have it they say the same within seconds.
      jsonPath: '.*.expiresAt',
      description: 'When the grant ends.',
    },
    {
      name: 'Age',
      type: 'date',
      jsonPath: '.metadata.creationTimestamp',
      description: 'Time since the object was created.',
    },
    {
      name: 'Message',
      type: 'string',
      jsonPath: ready('message'),
      priority: 1,
      description: 'The message of Ready.',
    },
  ];
}
