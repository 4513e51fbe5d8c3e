/**
 * Stand-ins for the parts of other projects that the chart touches: CRDs with the fields that the chart writes, so that
 * strict validation finds a misspelled one, and OpenShift's restricted-v2 as a policy.
 */

type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string' };
const free: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const fields = (properties: Readonly<Record<string, Schema>>): Schema => ({ type: 'object', properties });
const list = (items: Schema): Schema => ({ type: 'array', items });

const endpoint = fields({
  port: text,
  path: text,
  interval: text,
  scrapeTimeout: text,
  honorLabels: { type: 'boolean' },
  relabelings: list(free),
  metricRelabelings: list(free),
});

function definition(group: string, version: string, kind: string, plural: string, spec: Schema) {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        { name: version, served: true, storage: true, schema: { openAPIV3Schema: fields({ spec }) } },
      ],
    },
  };
}

const monitoring = (kind: string, plural: string, endpoints: string) =>
  definition(
    'monitoring.coreos.com',
    'v1',
    kind,
    plural,
    fields({ selector: free, [endpoints]: list(endpoint) }),
  );

const texts: Schema = { type: 'object', additionalProperties: text };
const rule = fields({ alert: text, expr: text, for: text, labels: texts, annotations: texts });

export const PROMETHEUS_OPERATOR = [
  definition(
    'monitoring.coreos.com',
    'v1',
    'PrometheusRule',
    'prometheusrules',
    fields({ groups: list(fields({ name: text, rules: list(rule) })) }),
  ),
  monitoring('ServiceMonitor', 'servicemonitors', 'endpoints'),
  monitoring('PodMonitor', 'podmonitors', 'podMetricsEndpoints'),
];

/** The API group by which a chart detects OpenShift. */
export const OPENSHIFT = definition(
  'security.openshift.io',
  'v1',
  'SecurityContextConstraints',
  'securitycontextconstraints',
  free,
);

/** Labels and annotations of a namespace whose pods restricted-v2 admits. */
export const OPENSHIFT_NAMESPACE = {
  labels: { 'example.com/scc': 'restricted-v2' },
  annotations: { 'openshift.io/sa.scc.uid-range': '1000680000/10000' },
};

const every = (condition: string) => `variables.containers.all(c, ${condition})`;
const context = (condition: string) => every(`has(c.securityContext) && ${condition}`);
const inRange = (id: string) => `${id} >= variables.first && ${id} < variables.first + variables.size`;

/** What restricted-v2 requires of the fields that a pod sets. It would default absent fields; this policy does not. */
const RESTRICTED_V2: readonly (readonly [expression: string, message: string])[] = [
  [
    `!has(object.spec.securityContext.runAsUser) || ${inRange('object.spec.securityContext.runAsUser')}`,
    'runAsUser of the pod is outside the range of the namespace',
  ],
  [
    `!has(object.spec.securityContext.fsGroup) || ${inRange('object.spec.securityContext.fsGroup')}`,
    'fsGroup of the pod is outside the range of the namespace',
  ],
  [
    every(
      `!has(c.securityContext) || !has(c.securityContext.runAsUser) || (${inRange('c.securityContext.runAsUser')})`,
    ),
    'runAsUser of a container is outside the range of the namespace',
  ],
  [
    context(`has(c.securityContext.capabilities) && 'ALL' in c.securityContext.capabilities.drop`),
    'a container must drop all capabilities',
  ],
  [
    context(
      `(!has(c.securityContext.capabilities.add) || c.securityContext.capabilities.add == ['NET_BIND_SERVICE'])`,
    ),
    'a container adds a capability',
  ],
  [
    context(
      `has(c.securityContext.allowPrivilegeEscalation) && !c.securityContext.allowPrivilegeEscalation && (!has(c.securityContext.privileged) || !c.securityContext.privileged)`,
    ),
    'a container could gain privileges',
  ],
  [
    `has(object.spec.securityContext.seccompProfile) && object.spec.securityContext.seccompProfile.type == 'RuntimeDefault'`,
    'the seccomp profile must be RuntimeDefault',
  ],
  [
    `(!has(object.spec.hostNetwork) || !object.spec.hostNetwork) && (!has(object.spec.hostPID) || !object.spec.hostPID) && (!has(object.spec.hostIPC) || !object.spec.hostIPC)`,
    "the pod shares the host's namespaces",
  ],
  [
    `!has(object.spec.volumes) || object.spec.volumes.all(v, has(v.configMap) || has(v.csi) || has(v.downwardAPI) || has(v.emptyDir) || has(v.ephemeral) || has(v.persistentVolumeClaim) || has(v.projected) || has(v.secret))`,
    'a volume is of a type that is not allowed',
  ],
];

/** A policy that imitates restricted-v2, with its binding. */
export const RESTRICTED_V2_POLICY = [
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'restricted-v2' },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
        ],
      },
      variables: [
        {
          name: 'containers',
          expression:
            'object.spec.containers + (has(object.spec.initContainers) ? object.spec.initContainers : [])',
        },
        {
          name: 'range',
          expression: `namespaceObject.metadata.annotations['openshift.io/sa.scc.uid-range'].split('/')`,
        },
        { name: 'first', expression: 'int(variables.range[0])' },
        { name: 'size', expression: 'int(variables.range[1])' },
      ],
      validations: RESTRICTED_V2.map(([expression, message]) => ({ expression, message })),
    },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: 'restricted-v2' },
    spec: {
      policyName: 'restricted-v2',
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels: OPENSHIFT_NAMESPACE.labels } },
    },
  },
];
