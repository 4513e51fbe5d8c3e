import type { Held } from './grant.ts';
import type { PrinterColumn } from './kind.ts';

/** Fields of the spec that `--field-selector` supports for every grant kind. */
export const selectableConnector = ['.spec.connectorRef.name', '.spec.connectorRef.namespace'] as const;
/** Further such fields, for the grant kinds with `spec.user`. */
export const selectableUser = ['.spec.user.email', '.spec.user.gid'] as const;

const ready = (field: string) => `.status.conditions[?(@.type=="Ready")].${field}`;

/** The column for the person who holds the right; the first column of every grant kind. */
export const userColumn: PrinterColumn = {
  name: 'User',
  type: 'string',
  // One column cannot combine two fields: a wildcard would show the declared or the current address at random.
  jsonPath: '.status.person',
  description:
    'The person: the email address as found in Asana, before that as declared, or the gid if there is none. Empty until the operator has written a status.',
};

/**
 * Returns the columns of a kind: first the person and the declared right, then those that every kind has.
 *
 * @param declared the columns for the person and the declared right
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
      // Matches spec and status: a declared end shows before the status has it, and the end of a duration as soon as
      // it is known. If both are set, they agree within seconds.
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
