{{/* Names, labels and what several templates share. */}}

{{- define "campaign-exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "campaign-exporter.fullname" -}}
{{- $name := include "campaign-exporter.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 48 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 48 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 48 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "campaign-exporter.selector" -}}
app.kubernetes.io/name: {{ include "campaign-exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* A list of the root and of more labels, which go before `commonLabels`. */}}
{{- define "campaign-exporter.labels" -}}
{{- $root := index . 0 -}}
{{- $ours := include "campaign-exporter.selector" $root | fromYaml -}}
{{- $_ := set $ours "app.kubernetes.io/version" $root.Chart.AppVersion -}}
{{- $_ := set $ours "app.kubernetes.io/managed-by" $root.Release.Service -}}
{{- $_ := set $ours "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_") -}}
{{- merge $ours (index . 1) $root.Values.commonLabels | toYaml -}}
{{- end -}}

{{/* Metadata's place, where it is not the release's. */}}
{{- define "campaign-exporter.namespace" -}}
{{- with . }}
  namespace: {{ . }}
{{- end }}
{{- end -}}

{{- define "campaign-exporter.image" -}}
{{- if .Values.image.digest -}}
{{ printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else -}}
{{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end -}}
{{- end -}}

{{- define "campaign-exporter.port" -}}10517{{- end -}}
{{- define "campaign-exporter.configFile" -}}/etc/campaign-exporter/exporter.yaml{{- end -}}
{{- define "campaign-exporter.secrets" -}}/run/secrets/campaign-exporter{{- end -}}
{{- define "campaign-exporter.state" -}}/var/lib/campaign-exporter{{- end -}}

{{/* The configuration with what is the chart's: where to listen, where secrets are, where the state is kept. */}}
{{- define "campaign-exporter.config" -}}
{{- $database := dict -}}
{{- with .Values.secret -}}
{{- if and .name .passwordKey -}}
{{- $_ := set $database "password_file" (printf "%s/password" (include "campaign-exporter.secrets" $)) -}}
{{- end -}}
{{- if and .name .urlKey -}}
{{- $_ := set $database "url_file" (printf "%s/url" (include "campaign-exporter.secrets" $)) -}}
{{- end -}}
{{- end -}}
{{- $ours := dict "database" $database "web" (dict "listen_address" (printf ":%s" (include "campaign-exporter.port" .))) -}}
{{- if .Values.state.enabled -}}
{{- $_ := set $ours "state" (dict "directory" (include "campaign-exporter.state" .)) -}}
{{- end -}}
{{- merge $ours (deepCopy .Values.config) | toYaml -}}
{{- end -}}

{{/* What the pod security standard "restricted" asks for, and no file that can be written. */}}
{{- define "campaign-exporter.podSecurity" -}}
{{- $ours := dict "runAsNonRoot" true "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- merge $ours (deepCopy .Values.podSecurityContext) | toYaml -}}
{{- end -}}

{{- define "campaign-exporter.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "campaign-exporter.mounts" -}}
- name: config
  mountPath: {{ dir (include "campaign-exporter.configFile" .) }}
  readOnly: true
{{- if .Values.secret.name }}
- name: secret
  mountPath: {{ include "campaign-exporter.secrets" . }}
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "campaign-exporter.volumes" -}}
- name: config
  configMap:
    name: {{ include "campaign-exporter.fullname" . }}
{{- with .Values.secret }}
{{- if .name }}
- name: secret
  secret:
    secretName: {{ .name }}
    defaultMode: 0444 # the container has one user, who is not root
    items:
      {{- if .passwordKey }}
      - key: {{ .passwordKey }}
        path: password
      {{- end }}
      {{- if .urlKey }}
      - key: {{ .urlKey }}
        path: url
      {{- end }}
{{- end }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* A rule file with this release's addresses and job, instead of those it was generated with. */}}
{{- define "campaign-exporter.rules" -}}
{{- $web := default dict .root.Values.config.web -}}
{{- $inside := printf "http://%s.%s.svc:%v" (include "campaign-exporter.fullname" .root) .root.Release.Namespace .root.Values.service.port -}}
{{- $text := .root.Files.Get .path -}}
{{- $text = replace "http://127.0.0.1:10517" ($web.external_url | default $inside | trimSuffix "/") $text -}}
{{- $text = replace "job=\"campaign-exporter\"" (printf "job=%q" .root.Values.jobName) $text -}}
{{- if $web.grafana_url -}}
{{- replace "http://127.0.0.1:3000" ($web.grafana_url | trimSuffix "/") $text -}}
{{- else -}}
{{- regexReplaceAll "(?m)^ +(dashboard|panel)_url: .*\n" $text "" -}}
{{- end -}}
{{- end -}}
