import { accountActions } from '../../src/provisioning/account/actions.ts';
import { licenseActions } from '../../src/provisioning/license/actions.ts';
import { teamActions } from '../../src/provisioning/team/actions.ts';
import { workspaceActions } from '../../src/provisioning/workspace/actions.ts';
import { code, generatedNote, table } from './markdown.ts';

const ACTIONS = { ...licenseActions, ...accountActions, ...teamActions, ...workspaceActions };

/** Returns docs/reference/events.md: every reason of an event. */
export function eventsPage(): string {
  return `${generatedNote('scripts/manifests/events-page.ts and the actions in src/provisioning')}

# Events

Show the events of an object with \`kubectl describe\`, or those of a namespace with \`kubectl events -n iga\`. Kubernetes
deletes events after an hour by default. The [conditions](conditions.md) say how things are now, and the audit log keeps
every change.

The operator writes an event when something happens or a problem begins, and none while nothing changes. It does not repeat
the events of a problem after a restart. An event that occurs again within five minutes is not written again; after that, its
\`series.count\` rises.

## Events of an AsanaConnector

${table(
  ['type', 'reason', 'when'],
  [
    ['Warning', 'the reason of Stalled', 'The connector becomes Stalled, or Stalled for another reason.'],
    ['Warning', 'the reason of CredentialsValid', 'CredentialsValid becomes False.'],
    [
      'Warning',
      ['TooManyRemovals', 'DirectoryShrunk', 'ListingShort', 'OrganizationChanged'].map(code).join(', '),
      'A hold for this reason begins (RemovalsPaused). The message says how to answer it.',
    ],
    ['Warning', 'the reason of ConductorOneConnected', 'The connection to ConductorOne is lost or refused.'],
    ['Normal', code('ConductorOneConnected'), 'The connection to ConductorOne is established.'],
    ['Normal', code('HoldAnswered'), 'An annotation answered a hold.'],
    ['Warning', code('UnknownHold'), 'An annotation contains a token that matches no current hold.'],
  ],
)}

The reasons of conditions are listed in [Conditions](conditions.md#reasons-of-an-asanaconnector). A problem that shows in
several conditions with one reason is written once.

## Events of a grant

${table(
  ['type', 'reason', 'when'],
  [
    ...Object.entries(ACTIONS).map(([action, { event }]) => [
      'Normal',
      code(event),
      `The action ${code(action)} was carried out.`,
    ]),
    [
      'Warning',
      code('DriftCorrected'),
      'An action was carried out because the access had been changed outside of this operator.',
    ],
    ['Normal', code('Adopted'), 'The person already had the access, and the grant keeps it.'],
    [
      'Normal or Warning',
      code('Released'),
      'The grant was let go and Asana was left as it is. Warning: access that should have been revoked remains.',
    ],
    ['Normal', code('ExpiresSoon'), 'The grant ends soon.'],
    ['Warning', 'the reason of Stalled', 'The grant becomes Stalled, or Stalled for another reason.'],
  ],
)}

The reasons of Stalled are listed in [Conditions](conditions.md#reasons-of-a-grant).
`;
}
