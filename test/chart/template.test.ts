import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { grantKinds, kinds } from '../../src/api/kinds.ts';
import { operatorCommand } from '../../src/commands/operator/operator-command.ts';
import { argsOf, at, CHART, helm, NAMESPACE, only, type Rendered, render } from './helm.ts';

interface Rule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

function rulesOf(object: Rendered): Rule[] {
  return object['rules'] as Rule[];
}

/** Returns `group/resource:verb` for each permission of a role, so that two sets of rules can be compared. */
function rightsOf(object: Rendered): string[] {
  return rulesOf(object)
    .flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${group}/${resource}:${verb}`)),
      ),
    )
    .toSorted();
}

/** All permissions that the operator has where it watches: Secrets are read by name, never listed. */
const OPERATOR_RIGHTS = [
  '/namespaces:get',
  '/secrets:get',
  ...kinds.flatMap(({ names }) =>
    ['/status:patch', ':get', ':list', ':watch'].map((right) => `${names.group}/${names.plural}${right}`),
  ),
  // For the finalizer; connectors have none.
  ...grantKinds.map(({ names }) => `${names.group}/${names.plural}:patch`),
  'events.k8s.io/events:create',
  'events.k8s.io/events:patch',
].toSorted();

const VARIANTS: Record<string, string[]> = {
  default: [],
  namespaced: ['scope=namespaced', 'watchNamespaces={team-a,team-b}'],
  'highly available': ['replicaCount=2', 'podDisruptionBudget.enabled=true'],
  monitored: [
    'metrics.serviceMonitor.enabled=true',
    'metrics.prometheusRule.enabled=true',
    'metrics.dashboard.enabled=true',
    'networkPolicy.enabled=true',
  ],
};

describe('the chart', () => {
  test('passes helm lint --strict', async () => {
    assert.match(await helm(['lint', '--strict', CHART]), /0 chart\(s\) failed/);
  });

  test('has the version of the program it installs', async () => {
    const chart = parse(await readFile(join(CHART, 'Chart.yaml'), 'utf8')) as {
      version: string;
      appVersion: string;
      annotations: Record<string, string>;
    };
    const program = JSON.parse(await readFile(join(CHART, '../../package.json'), 'utf8')) as {
      version: string;
    };
    assert.equal(chart.appVersion, program.version);
    assert.equal(chart.version, program.version);
    assert.ok(chart.annotations['artifacthub.io/images']?.includes(`:${program.version}\n`));
  });

  for (const [variant, values] of Object.entries(VARIANTS)) {
    test(`runs a pod that the restricted Pod Security Standard admits (${variant})`, async () => {
      const pod = at(only(await render(...values), 'Deployment'), 'spec', 'template', 'spec');
      const container = at(pod, 'containers', 0);
      assert.equal(at(pod, 'securityContext', 'runAsNonRoot'), true);
      assert.equal(at(pod, 'securityContext', 'runAsUser'), 65532);
      assert.deepEqual(at(pod, 'securityContext', 'seccompProfile'), { type: 'RuntimeDefault' });
      assert.deepEqual(at(container, 'securityContext'), {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'initContainers']) {
        assert.equal(at(pod, field), undefined, field);
      }
      assert.deepEqual(
        (at(pod, 'volumes') as object[]).flatMap((volume) => Object.keys(volume)).toSorted(),
        ['emptyDir', 'name'],
        'no volume but the scratch directory',
      );
    });

    test(`gives no role a wildcard, a list of Secrets or a way to gain more permissions (${variant})`, async () => {
      const roles = (await render(...values)).filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');
      assert.ok(roles.length > 0);
      for (const role of roles) {
        for (const right of rightsOf(role)) {
          assert.doesNotMatch(right, /\*/, role.metadata.name);
          assert.doesNotMatch(right, /secrets:(?!get$)/, role.metadata.name);
          assert.doesNotMatch(
            right,
            /:(escalate|bind|impersonate)$|serviceaccounts\/token/,
            role.metadata.name,
          );
          assert.doesNotMatch(right, /customresourcedefinitions/, role.metadata.name);
        }
      }
    });
  }

  test('has a ClusterRole with exactly the permissions that the operator needs', async () => {
    const objects = await render();
    const role = objects.find(
      ({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === 'acme-asana-connector',
    );
    assert.ok(role);
    assert.deepEqual(rightsOf(role), OPERATOR_RIGHTS);
    assert.equal(at(only(objects, 'ClusterRoleBinding'), 'roleRef', 'name'), role.metadata.name);
  });

  test('has only Roles, with the same permissions, when it is namespaced', async () => {
    const objects = await render(...(VARIANTS['namespaced'] ?? []));
    const kinds = new Set(objects.map(({ kind }) => kind));
    assert.ok(!kinds.has('ClusterRole') && !kinds.has('ClusterRoleBinding'), [...kinds].join(' '));
    const roles = objects.filter(({ kind, metadata }) => kind === 'Role' && metadata.namespace !== NAMESPACE);
    assert.deepEqual(
      roles.map(({ metadata }) => metadata.namespace),
      ['team-a', 'team-b'],
    );
    for (const role of roles) assert.deepEqual(rightsOf(role), OPERATOR_RIGHTS);
    for (const binding of objects.filter(({ kind }) => kind === 'RoleBinding')) {
      assert.equal(
        at(binding, 'subjects', 0, 'namespace'),
        NAMESPACE,
        'the service account is in the namespace of the release',
      );
    }
    const args = argsOf(objects, 'Deployment');
    assert.deepEqual(
      args.filter((arg) => arg.startsWith('--namespace=')),
      ['--namespace=team-a', '--namespace=team-b'],
    );
  });

  test('watches the namespace of the release when it is namespaced without watchNamespaces', async () => {
    const objects = await render('scope=namespaced');
    const args = argsOf(objects, 'Deployment');
    assert.ok(args.includes(`--namespace=${NAMESPACE}`));
  });

  test('gives access to one lease only, in the namespace of the release', async () => {
    const role = (await render()).find(
      ({ metadata }) => metadata.name === 'acme-asana-connector-leader-election',
    );
    assert.ok(role);
    assert.equal(role.kind, 'Role');
    assert.equal(role.metadata.namespace, NAMESPACE);
    assert.deepEqual(rulesOf(role), [
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
      {
        apiGroups: ['coordination.k8s.io'],
        resources: ['leases'],
        resourceNames: ['asana-connector'],
        verbs: ['get', 'update', 'patch'],
      },
    ]);
  });

  test('adds the kinds to the built-in roles view and edit, unless this is disabled', async () => {
    const clusterRoles = async (...values: string[]) =>
      (await render(...values)).filter(({ kind }) => kind === 'ClusterRole').map(({ metadata }) => metadata);
    const byName = new Map((await clusterRoles()).map((metadata) => [metadata.name, metadata.labels ?? {}]));
    const label = 'rbac.authorization.k8s.io/aggregate-to-';
    assert.equal(byName.get('acme-asana-connector-view')?.[`${label}view`], 'true');
    assert.equal(byName.get('acme-asana-connector-edit')?.[`${label}edit`], 'true');
    assert.equal(
      byName.get('acme-asana-connector-edit')?.[`${label}view`],
      undefined,
      'a reader must not write',
    );
    assert.deepEqual(
      (await clusterRoles('rbac.aggregateToView=false', 'rbac.aggregateToEdit=false')).map(
        ({ name }) => name,
      ),
      ['asana-connector-every-namespace', 'acme-asana-connector'],
    );
  });

  test('contains the ClusterRole that prevents a second release only if it watches every namespace', async () => {
    const keepers = async (...values: string[]) =>
      (await render(...values)).filter(({ metadata }) => metadata.name === 'asana-connector-every-namespace');
    assert.deepEqual(
      (await keepers()).map(({ kind, rules }) => [kind, rules]),
      [['ClusterRole', []]],
    );
    assert.deepEqual(await keepers('scope=namespaced'), []);
  });

  test('probes liveness and readiness on the health port and names the metrics port', async () => {
    const container = at(only(await render(), 'Deployment'), 'spec', 'template', 'spec', 'containers', 0);
    assert.deepEqual(at(container, 'livenessProbe', 'httpGet'), { path: '/livez', port: 'health' });
    assert.deepEqual(at(container, 'readinessProbe', 'httpGet'), { path: '/readyz', port: 'health' });
    assert.deepEqual(
      (at(container, 'ports') as { name: string; containerPort: number }[]).map(({ name, containerPort }) => [
        name,
        containerPort,
      ]),
      [
        ['metrics', 8080],
        ['health', 8081],
      ],
    );
    const args = at(container, 'args') as string[];
    assert.ok(args.includes('--metrics-bind-address=:8080') && args.includes('--health-bind-address=:8081'));
  });

  test('limits the heap to less than three quarters of the memory limit', async () => {
    const container = at(only(await render(), 'Deployment'), 'spec', 'template', 'spec', 'containers', 0);
    const options = (at(container, 'env') as { name: string; value: string }[]).find(
      ({ name }) => name === 'NODE_OPTIONS',
    );
    const heap = Number(/--max-old-space-size=(\d+)/.exec(options?.value ?? '')?.[1]);
    const limit = Number(/^(\d+)Mi$/.exec(String(at(container, 'resources', 'limits', 'memory')))?.[1]);
    assert.ok(heap > 0 && heap < limit * 0.75, `heap ${heap} MiB, limit ${limit} MiB`);
  });

  const settings: readonly [set: readonly string[], because: string][] = [
    [[], 'with default values'],
    [['leaderElection.enabled=false'], 'without leader election'],
    [
      [
        'scope=namespaced',
        'watchNamespaces={iga,data}',
        'operator.concurrency=7',
        'operator.asana.apiUrl=https://asana.example/api/1.0',
        'operator.conductorOne.host=acme.conductor.one:443',
        'otel.endpoint=http://collector.monitoring:4318',
      ],
      'with values that have no default',
    ],
  ];
  for (const [set, because] of settings) {
    test(`starts the operator only with flags that it knows, ${because}`, async () => {
      const [command, ...flags] = argsOf(await render(...set), 'Deployment');
      assert.equal(command, 'operator');
      const operator = operatorCommand(AbortSignal.abort(), () => {}).exitOverride();
      assert.deepEqual(operator.parseOptions(flags), { operands: [], unknown: [] }, because);
    });
  }

  test('mounts the volume at the folder of the audit log, and passes the path to the operator', async () => {
    const path = '/var/log/asana-connector/audit.log';
    const volume = 'operator.auditLog.volume.persistentVolumeClaim.claimName=audit';
    const deployment = only(await render(`operator.auditLog.path=${path}`, volume), 'Deployment');
    const pod = at(deployment, 'spec', 'template', 'spec');
    assert.ok((at(pod, 'containers', 0, 'args') as string[]).includes(`--audit-log-path=${path}`));
    assert.deepEqual(at(pod, 'containers', 0, 'volumeMounts', 1), {
      name: 'audit',
      mountPath: '/var/log/asana-connector',
    });
    assert.deepEqual(at(pod, 'volumes', 1), {
      name: 'audit',
      persistentVolumeClaim: { claimName: 'audit' },
    });
  });

  test('rejects an audit log without a volume, or with a volume that would hide the program', async () => {
    await assert.rejects(render('operator.auditLog.path=/var/log/audit.log'), /name a volume/);
    const hiding = [
      'operator.auditLog.path=/app/audit.log',
      'operator.auditLog.volume.emptyDir.medium=Memory',
    ];
    await assert.rejects(render(...hiding), /a folder of its own/);
    assert.ok(await render('operator.auditLog.path=/tmp/audit.log'));
  });

  test('elects a leader of two replicas, limits disruptions, and rejects two without election', async () => {
    const objects = await render(...(VARIANTS['highly available'] ?? []));
    assert.equal(at(only(objects, 'Deployment'), 'spec', 'replicas'), 2);
    assert.ok(argsOf(objects, 'Deployment').includes('--leader-elect'));
    assert.equal(at(only(objects, 'PodDisruptionBudget'), 'spec', 'maxUnavailable'), 1);
    await assert.rejects(render('replicaCount=2', 'leaderElection.enabled=false'), /both would act/);
  });

  test('uses the strategy Recreate, and has no role for the lease, without leader election', async () => {
    const objects = await render('leaderElection.enabled=false');
    assert.deepEqual(at(only(objects, 'Deployment'), 'spec', 'strategy'), { type: 'Recreate' });
    assert.ok(!objects.some(({ metadata }) => metadata.name.endsWith('leader-election')));
  });

  test('has, if enabled, a ServiceMonitor with honorLabels, which selects its Service', async () => {
    const objects = await render(...(VARIANTS['monitored'] ?? []));
    const monitor = only(objects, 'ServiceMonitor');
    assert.equal(at(monitor, 'spec', 'endpoints', 0, 'honorLabels'), true);
    const service = only(objects, 'Service');
    for (const [key, value] of Object.entries(
      at(monitor, 'spec', 'selector', 'matchLabels') as Record<string, string>,
    )) {
      assert.equal(service.metadata.labels?.[key], value, `the Service carries ${key}`);
    }
    await assert.rejects(
      render('metrics.serviceMonitor.enabled=true', 'metrics.service.enabled=false'),
      /metrics\.service\.enabled must be true/,
    );
    assert.ok(!(await render()).some(({ kind }) => kind === 'ServiceMonitor'), 'off by default');
  });

  test('contains, if enabled, the alerts of their file, with the URLs of runbooks below runbookBaseUrl', async () => {
    const set = ['metrics.prometheusRule.enabled=true', 'metrics.prometheusRule.labels.release=kps'];
    const rule = only(await render(...set), 'PrometheusRule');
    assert.equal(rule.metadata.labels?.['release'], 'kps');
    const file = await readFile(join(CHART, 'files/alerts.yaml'), 'utf8');
    assert.deepEqual(rule['spec'], parse(file));
    const base = 'metrics.prometheusRule.runbookBaseUrl=https://wiki.example.com/runbooks/';
    const published = only(await render(...set, base), 'PrometheusRule');
    const urls = (at(published, 'spec', 'groups', 0, 'rules') as Rendered[]).map((one) => [
      at(one, 'alert'),
      at(one, 'annotations', 'runbook_url'),
    ]);
    for (const [alert, url] of urls)
      assert.equal(url, `https://wiki.example.com/runbooks/${String(alert)}.md`);
    assert.ok(!(await render()).some(({ kind }) => kind === 'PrometheusRule'), 'off by default');
  });

  test('contains, if enabled, the dashboard of its file, with the label for the sidecar of Grafana', async () => {
    const configMap = only(await render('metrics.dashboard.enabled=true'), 'ConfigMap');
    assert.equal(configMap.metadata.labels?.['grafana_dashboard'], '1');
    const file = await readFile(join(CHART, 'files/dashboard.json'), 'utf8');
    assert.deepEqual(JSON.parse(at(configMap, 'data', 'asana-connector.json') as string), JSON.parse(file));
    assert.ok(!(await render()).some(({ kind }) => kind === 'ConfigMap'), 'off by default');
  });

  test('keeps the CRDs at uninstall unless crds.keep is false, and omits them if crds.enabled is false', async () => {
    const definitions = async (...values: string[]) =>
      (await render(...values)).filter(({ kind }) => kind === 'CustomResourceDefinition');
    const kept = await definitions();
    assert.deepEqual(
      kept.map(({ metadata }) => metadata.name).toSorted(),
      kinds.map(({ names }) => `${names.plural}.${names.group}`).toSorted(),
    );
    for (const { metadata } of kept)
      assert.equal(metadata.annotations?.['helm.sh/resource-policy'], 'keep', metadata.name);
    for (const { metadata } of await definitions('crds.keep=false')) {
      assert.equal(metadata.annotations?.['helm.sh/resource-policy'], undefined, metadata.name);
    }
    assert.deepEqual(await definitions('crds.enabled=false'), []);
  });

  test('prefers the digest of the image to its tag', async () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const objects = await render(
      'image.repository=registry.example.com/x',
      'image.tag=1.2.3',
      `image.digest=${digest}`,
    );
    assert.equal(
      at(only(objects, 'Deployment'), 'spec', 'template', 'spec', 'containers', 0, 'image'),
      `registry.example.com/x@${digest}`,
    );
  });

  test('rejects watchNamespaces without scope namespaced', async () => {
    await assert.rejects(render('watchNamespaces={a}'), /needs scope namespaced/);
  });

  test('puts every object but the cluster-wide ones into the namespace of the release', async () => {
    const clusterWide = new Set(['ClusterRole', 'ClusterRoleBinding', 'CustomResourceDefinition']);
    const values = Object.values(VARIANTS)
      .flat()
      .filter((value) => !/scope|watchNamespaces/.test(value));
    for (const { kind, metadata } of await render(...values)) {
      assert.equal(
        metadata.namespace,
        clusterWide.has(kind) ? undefined : NAMESPACE,
        `${kind} ${metadata.name}`,
      );
    }
  });
});
