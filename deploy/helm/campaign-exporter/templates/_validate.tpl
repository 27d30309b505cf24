{{/* What contradicts itself, each in a sentence with the remedy. What is no value at all is the schema's affair. */}}
{{- define "campaign-exporter.validate" -}}
{{- $wrong := list -}}
{{- $database := default dict .Values.config.database -}}
{{- $web := default dict .Values.config.web -}}
{{- $state := default dict .Values.config.state -}}
{{- $secret := .Values.secret -}}

{{/* the database's address, and its secrets */}}
{{- $url := default "" $database.url -}}
{{- $addresses := compact (list (ternary "config.database.url" "" (ne $url "")) (ternary "config.database.url_file" "" (not (empty $database.url_file))) (ternary "secret.urlKey" "" (ne $secret.urlKey ""))) -}}
{{- if not $addresses -}}
{{- $wrong = append $wrong "config.database.url: nobody says where the database is; write postgresql://USER@HOST/DATABASE, or name the key of a Secret that holds it in secret.urlKey" -}}
{{- else if gt (len $addresses) 1 -}}
{{- $wrong = append $wrong (printf "%s: each says where the database is; leave one" (join ", " $addresses)) -}}
{{- end -}}
{{- if and $secret.urlKey (not $secret.name) -}}
{{- $wrong = append $wrong (printf "secret.urlKey: %q is a key of no Secret; name the Secret in secret.name" $secret.urlKey) -}}
{{- end -}}
{{- if and $secret.name (not $secret.passwordKey) (not $secret.urlKey) -}}
{{- $wrong = append $wrong (printf "secret.name: nothing of %q is used; name a key of it in secret.passwordKey or secret.urlKey" $secret.name) -}}
{{- end -}}
{{- if and $secret.name $secret.passwordKey $database.password_file -}}
{{- $wrong = append $wrong "config.database.password_file, secret.name: each says where the password is; leave one, or empty secret.passwordKey" -}}
{{- end -}}
{{- if include "campaign-exporter.holdsPassword" $url -}}
{{- $wrong = append $wrong "config.database.url: holds a password, which everybody who may read ConfigMaps would see; put it into a Secret and name that in secret.name" -}}
{{- end -}}
{{- range $index, $each := .Values.extraEnv -}}
{{- if and $each.value (or (regexMatch "(?i)passw|passphrase|secret|token|credential|api_?key" $each.name) (include "campaign-exporter.holdsPassword" (toString $each.value))) -}}
{{- $wrong = append $wrong (printf "extraEnv[%d]: %s holds a secret, which everybody who may read Deployments would see; take it from a Secret with valueFrom.secretKeyRef" $index $each.name) -}}
{{- end -}}
{{- end -}}

{{/* what is the chart's */}}
{{- if $web.listen_address -}}
{{- $wrong = append $wrong (printf "config.web.listen_address: %q: the chart sets it, as probes and Service rest on it; leave it out, and set service.port for the Service's" $web.listen_address) -}}
{{- end -}}
{{- if $state.directory -}}
{{- $wrong = append $wrong (printf "config.state.directory: %q: the chart sets it; leave it out, and set state.existingClaim for a volume of your own" $state.directory) -}}
{{- end -}}
{{- if and $state.period (not .Values.state.enabled) -}}
{{- $wrong = append $wrong "config.state.period: nothing is saved with state.enabled: false; leave one of them out" -}}
{{- end -}}
{{- if and .Values.state.existingClaim (not .Values.state.enabled) -}}
{{- $wrong = append $wrong (printf "state.existingClaim: %q is not used with state.enabled: false; leave one of them out" .Values.state.existingClaim) -}}
{{- end -}}
{{- if and .Values.state.existingClaim (gt (int .Values.replicas) 1) -}}
{{- $wrong = append $wrong (printf "replicas: %d cannot save in the one claim %q; set replicas: 1, or leave state.existingClaim out" (int .Values.replicas) .Values.state.existingClaim) -}}
{{- end -}}
{{- range .Values.extraArgs -}}
{{- if regexMatch "^--(config\\.file|web\\.listen-address)(=|$)" . -}}
{{- $wrong = append $wrong (printf "extraArgs: %s is the chart's; leave it out" .) -}}
{{- end -}}
{{- end -}}
{{- range $key, $labels := dict "commonLabels" .Values.commonLabels "podLabels" .Values.podLabels "service.labels" .Values.service.labels "serviceMonitor.labels" .Values.serviceMonitor.labels "prometheusRule.labels" .Values.prometheusRule.labels "dashboards.labels" .Values.dashboards.labels -}}
{{- range $label, $_ := $labels -}}
{{- if regexMatch "^(app\\.kubernetes\\.io/(name|instance|version|component|managed-by)|helm\\.sh/chart)$" $label -}}
{{- $wrong = append $wrong (printf "%s: %q is the chart's; leave it out" $key $label) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range .Values.extraVolumes -}}
{{- if has .name (list "config" "secret" "state" "tmp") -}}
{{- $wrong = append $wrong (printf "extraVolumes: %q is a volume of the chart's; give yours another name" .name) -}}
{{- end -}}
{{- end -}}

{{/* what would be let in and out */}}
{{- if .Values.networkPolicy.enabled -}}
{{- range regexFindAll "[^:/@,]:[0-9]+" (regexReplaceAll "^[a-z]+://([^/@]*@)?|[/?].*$" $url "") -1 -}}
{{- $port := regexFind "[0-9]+$" . -}}
{{- if not (has $port (include "campaign-exporter.ports" $ | splitList " ")) -}}
{{- $wrong = append $wrong (printf "networkPolicy.databasePorts: config.database.url names port %s, to which nothing would be let out; add it" $port) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled (not (include "campaign-exporter.shorter" .)) -}}
{{- $wrong = append $wrong (printf "serviceMonitor.scrapeTimeout: %s is longer than serviceMonitor.interval (%s), which Prometheus refuses; make it shorter" .Values.serviceMonitor.scrapeTimeout .Values.serviceMonitor.interval) -}}
{{- end -}}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) -}}
{{- $wrong = append $wrong "serviceAccount.name: none is made, and none is named; name one that exists, or set serviceAccount.create: true" -}}
{{- end -}}
{{- if and .Values.image.tag .Values.image.digest -}}
{{- $wrong = append $wrong (printf "image.tag: %q is not used beside image.digest; leave one of them out" .Values.image.tag) -}}
{{- end -}}

{{- if $wrong -}}
{{- fail (printf "\n%s" (join "\n" $wrong)) -}}
{{- end -}}
{{- end -}}

{{/* Not empty where an address holds a password that is written out: one from the environment is none. */}}
{{- define "campaign-exporter.holdsPassword" -}}
{{- $rest := regexReplaceAll "\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}" . "" -}}
{{- if or (regexMatch "://[^/@:]*:[^/@]+@" $rest) (regexMatch "(?i)(^|[?&\\s])(ssl)?password\\s*=\\s*[^&\\s]" $rest) -}}yes{{- end -}}
{{- end -}}

{{- define "campaign-exporter.ports" -}}
{{- $ports := list -}}
{{- range .Values.networkPolicy.databasePorts -}}{{- $ports = append $ports (int . | toString) -}}{{- end -}}
{{- join " " $ports -}}
{{- end -}}

{{/* Not empty where a scrape's timeout is not longer than its interval; both are whole numbers of s, m or h. */}}
{{- define "campaign-exporter.shorter" -}}
{{- $units := dict "s" 1 "m" 60 "h" 3600 -}}
{{- $seconds := list -}}
{{- range list .Values.serviceMonitor.scrapeTimeout .Values.serviceMonitor.interval -}}
{{- $seconds = append $seconds (mul (regexFind "^[0-9]+" . | int) (get $units (regexFind "[a-z]$" .))) -}}
{{- end -}}
{{- if le (index $seconds 0) (index $seconds 1) -}}yes{{- end -}}
{{- end -}}
