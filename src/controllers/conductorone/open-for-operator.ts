import type { AsanaConnector } from '../../api/asana-connector.ts';
import { asanaConnectors } from '../../api/resources.ts';
import { keyOf } from '../../kubernetes/resource.ts';
import type { TaskProvisioner } from '../../provisioning/task-provisioner.ts';
import type { ContenderSources } from '../grants/contenders.ts';
import { findDeclarations } from '../grants/declared-rights.ts';
import { settlingMs } from '../leadership.ts';
import type { AsanaOperatorOptions } from '../operator-options.ts';
import type { OpenConductorOne } from './link-reconciler.ts';
import { operatorTaskHost } from './operator-task-host.ts';

/** What service mode needs from the rest of the operator. */
interface OperatorParts extends ContenderSources {
  readonly provisioner: TaskProvisioner;
  /** Writes the status of a connector, and of all that share an organization with it. */
  readonly publishWithPeers: (key: string) => Promise<void>;
  /** Called when a task has changed something, so that a seat may be free. */
  readonly onChanged: (key: string) => void;
}

/** Opens service mode for a connector of the operator: its tasks run under the lease and respect declared grants. */
export function openForOperator(options: AsanaOperatorOptions, parts: OperatorParts): OpenConductorOne {
  const { client, clock, random, log, meter, tracer, identity, leadership, actionTimeoutMs } = options;
  return async (connector, credentials, onChange) => {
    // Loaded on first use: most operators do not need gRPC in memory.
    const open = options.means?.openConductorOne ?? (await import('./open-service.ts')).openConductorOne;
    const host = operatorTaskHost(connector, {
      ...parts,
      readConnector: (namespace, name) => client.get<AsanaConnector>(asanaConnectors, namespace, name),
      leadership,
      findDeclarations: (person, workspaces, now) => findDeclarations(parts, person, workspaces, now),
      settlingMs: () => settlingMs(leadership, actionTimeoutMs),
      actionTimeoutMs,
      clock,
    });
    return open(
      { connector, ...credentials, host, onChange },
      {
        identity,
        settings: options.conductorOne,
        clock,
        random,
        log: log.child({ connector: keyOf(connector) }),
        meter,
        tracer: tracer?.child({ connector: keyOf(connector) }),
      },
    );
  };
}
