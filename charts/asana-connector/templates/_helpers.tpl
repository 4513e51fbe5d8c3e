{{- define "asana-connector.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* 52 characters leave room for the suffixes of what carries this name. */}}
{{- define "asana-connector.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- $name := include "asana-connector.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "asana-connector.selectorLabels" -}}
app.kubernetes.io/name: {{ include "asana-connector.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The pod of the uninstall hook, which no Service and no policy of the operator's pods is meant for. */}}
{{- define "asana-connector.releaseLabels" -}}
app.kubernetes.io/name: {{ include "asana-connector.name" . }}-release
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "asana-connector.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "asana-connector.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: asana-connector
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The same with further ones, which go before commonLabels: a dict of root and more. */}}
{{- define "asana-connector.labelsWith" -}}
{{- merge (deepCopy (default dict .more)) (include "asana-connector.labels" .root | fromYaml) | toYaml }}
{{- end }}

{{- define "asana-connector.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "asana-connector.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name: name an existing service account, or set serviceAccount.create" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "asana-connector.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{/* "true" on OpenShift, where a namespace has users and groups of its own. */}}
{{- define "asana-connector.onOpenShift" -}}
{{- if eq (toString .Values.openshift) "auto" }}
{{- .Capabilities.APIVersions.Has "security.openshift.io/v1" }}
{{- else }}
{{- .Values.openshift }}
{{- end }}
{{- end }}

{{- define "asana-connector.podSecurityContext" -}}
{{- if eq (include "asana-connector.onOpenShift" .) "true" }}
{{- omit .Values.podSecurityContext "runAsUser" "runAsGroup" "fsGroup" | toYaml }}
{{- else }}
{{- toYaml .Values.podSecurityContext }}
{{- end }}
{{- end }}

{{- define "asana-connector.securityContext" -}}
{{- if eq (include "asana-connector.onOpenShift" .) "true" }}
{{- omit .Values.securityContext "runAsUser" "runAsGroup" | toYaml }}
{{- else }}
{{- toYaml .Values.securityContext }}
{{- end }}
{{- end }}

{{/* The namespaces of scope `namespaced`, as a JSON object, since a template can only return text. */}}
{{- define "asana-connector.watchNamespaces" -}}
{{- dict "items" (default (list .Release.Namespace) .Values.watchNamespaces | uniq) | toJson }}
{{- end }}

{{/* The kinds that carry the operator's finalizer. */}}
{{- define "asana-connector.grants" -}}
asanalicensegrants, asanateamgrants, asanaworkspacegrants, asanaaccounts
{{- end }}

{{/* What the operator may do in the namespaces it watches. The same for a ClusterRole and for Roles. */}}
{{- define "asana-connector.rules" -}}
- apiGroups: [asana-connector.dev]
  resources: [asanaconnectors, {{ include "asana-connector.grants" . }}]
  verbs: [get, list, watch]
# metadata.finalizers, and nothing else of the object.
- apiGroups: [asana-connector.dev]
  resources: [{{ include "asana-connector.grants" . }}]
  verbs: [patch]
- apiGroups: [asana-connector.dev]
  resources:
    - asanaconnectors/status
    {{- range splitList ", " (include "asana-connector.grants" .) }}
    - {{ . }}/status
    {{- end }}
  verbs: [patch]
# One at a time, those that connectors name: never listed, never watched.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
# Whether a namespace is being deleted, and with it the grants inside.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{/* Annotations of what runs before the release is deleted, by weight; what failed stays to be looked at. */}}
{{- define "asana-connector.hook" -}}
helm.sh/hook: pre-delete
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}

{{/* What the pre-delete hook may do: let grants go, and say so. */}}
{{- define "asana-connector.releaseRules" -}}
- apiGroups: [asana-connector.dev]
  resources: [{{ include "asana-connector.grants" . }}]
  verbs: [list, patch]
- apiGroups: [asana-connector.dev]
  resources:
    {{- range splitList ", " (include "asana-connector.grants" .) }}
    - {{ . }}/status
    {{- end }}
  verbs: [patch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{/* Folder that the certificate authorities are mounted at. */}}
{{- define "asana-connector.caFolder" -}}
/etc/asana-connector/ca
{{- end }}

{{/* "true" where a proxy is set. */}}
{{- define "asana-connector.hasProxy" -}}
{{- if or .Values.proxy.httpsProxy .Values.proxy.secretRef.name }}true{{ end }}
{{- end }}

{{/* What a ServiceMonitor and a PodMonitor say about the endpoint. */}}
{{- define "asana-connector.scrape" -}}
port: metrics
path: /metrics
interval: {{ .interval }}
scrapeTimeout: {{ .scrapeTimeout }}
# The label `namespace` of a series is the connector's, not the operator's.
honorLabels: true
{{- with .relabelings }}
relabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* An egress rule to a destination: peers and ports. */}}
{{- define "asana-connector.egress" -}}
- {{- with .to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    {{- $protocols := default (list "TCP") .protocols }}
    {{- range $port := .ports }}
    {{- range $protocols }}
    - port: {{ $port }}
      protocol: {{ . }}
    {{- end }}
    {{- end }}
{{- end }}

{{/* Egress that every pod of the release needs: names, and the API server. */}}
{{- define "asana-connector.clusterEgress" -}}
{{- with .Values.networkPolicy }}
{{- include "asana-connector.egress" (dict "to" .dns.to "ports" .dns.ports "protocols" (list "UDP" "TCP")) }}
{{ include "asana-connector.egress" .apiServer }}
{{- end }}
{{- end }}

{{/* Ports of the proxy: those that are set, else that of its URL. */}}
{{- define "asana-connector.proxyPorts" -}}
{{- $ports := .Values.networkPolicy.proxy.ports }}
{{- if not $ports }}
{{- $url := required "networkPolicy.proxy.ports: name the port of the proxy, since its URL is in a Secret" .Values.proxy.httpsProxy }}
{{- $host := (urlParse $url).host }}
{{- $port := regexFind ":[0-9]+$" $host | trimPrefix ":" }}
{{- $ports = list (int (default (ternary "443" "80" (hasPrefix "https:" $url)) $port)) }}
{{- end }}
{{- dict "items" $ports | toJson }}
{{- end }}

{{/* An object of ours that the values declare: a dict of root, kind, name and its entry. */}}
{{- define "asana-connector.declared" -}}
{{- $root := .root }}
{{- $namespace := default $root.Release.Namespace .entry.namespace }}
{{- $watched := (include "asana-connector.watchNamespaces" $root | fromJson).items }}
{{- if and (eq $root.Values.scope "namespaced") (not (has $namespace $watched)) }}
{{- fail (printf "%s %s: nobody watches its namespace %s: add it to watchNamespaces" .kind .name $namespace) }}
{{- end }}
{{- /* After the definitions and the operator, all in one wave: grants wait for their connector by themselves. */}}
{{- $argo := dict "argocd.argoproj.io/sync-wave" "1" "argocd.argoproj.io/sync-options" "SkipDryRunOnMissingResource=true" }}
apiVersion: asana-connector.dev/v1alpha1
kind: {{ .kind }}
metadata:
  name: {{ .name | quote }}
  namespace: {{ $namespace }}
  labels:
    {{- include "asana-connector.labelsWith" (dict "root" $root "more" .entry.labels) | nindent 4 }}
  annotations:
    {{- merge (deepCopy (default dict .entry.annotations)) $argo | toYaml | nindent 4 }}
spec:
  {{- toYaml .entry.spec | nindent 2 }}
{{- end }}
