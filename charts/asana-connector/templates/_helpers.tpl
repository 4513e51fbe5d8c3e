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

{{- define "asana-connector.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "asana-connector.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: asana-connector
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
