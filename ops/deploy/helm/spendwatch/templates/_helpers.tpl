{{/* What everything is called: the release's name, and what it is where that does not say so. */}}
{{- define "spendwatch.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Of nodes, and of nothing else: they find each other by these. */}}
{{- define "spendwatch.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "spendwatch.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "spendwatch.selectorLabels" . }}
{{- end -}}

{{- define "spendwatch.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/* What nodes and the migration have in common. Argument: root, secret (of PostgreSQL's login). */}}
{{- define "spendwatch.servers.env" -}}
{{- $values := .root.Values -}}
- {name: SPENDWATCH_KAFKA_BOOTSTRAP_SERVERS, value: {{ $values.kafka.bootstrapServers | quote }}}
{{- with $values.kafka.securityProtocol }}
- {name: SPENDWATCH_KAFKA_SECURITY_PROTOCOL, value: {{ . | quote }}}
{{- end }}
{{- with $values.kafka.saslMechanism }}
- {name: SPENDWATCH_KAFKA_SASL_MECHANISM, value: {{ . | quote }}}
{{- end }}
{{- if $values.kafka.jaasSecret }}
- {name: SPENDWATCH_KAFKA_SASL_JAAS_CONFIG_FILE, value: /etc/spendwatch/kafka-login/jaas}
{{- end }}
{{- if $values.kafka.authoritiesSecret }}
- {name: SPENDWATCH_KAFKA_SSL_TRUSTSTORE_TYPE, value: PEM}
- {name: SPENDWATCH_KAFKA_SSL_TRUSTSTORE_LOCATION, value: /etc/spendwatch/kafka-ca/ca.crt}
{{- end }}
- {name: SPENDWATCH_PG_URI, value: {{ $values.postgres.uri | quote }}}
- name: SPENDWATCH_PG_USER
  valueFrom: {secretKeyRef: {name: {{ .secret }}, key: user}}
- {name: SPENDWATCH_PG_PASSWORD_FILE, value: /etc/spendwatch/postgres/password}
{{- range $name, $value := $values.settings }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- with $values.javaOptions }}
- {name: JDK_JAVA_OPTIONS, value: {{ . | quote }}}
{{- end }}
{{- end -}}

{{/* Whole directories: what is mounted by file is not renewed. */}}
{{- define "spendwatch.servers.mounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: postgres, mountPath: /etc/spendwatch/postgres, readOnly: true}
{{- if .root.Values.postgres.authoritiesSecret }}
- {name: postgres-ca, mountPath: /etc/spendwatch/postgres-ca, readOnly: true}
{{- end }}
{{- if .root.Values.kafka.jaasSecret }}
- {name: kafka-login, mountPath: /etc/spendwatch/kafka-login, readOnly: true}
{{- end }}
{{- if .root.Values.kafka.authoritiesSecret }}
- {name: kafka-ca, mountPath: /etc/spendwatch/kafka-ca, readOnly: true}
{{- end }}
{{- end -}}

{{- define "spendwatch.servers.volumes" -}}
# Native libraries are unpacked there, some 10 MB.
- name: tmp
  emptyDir: {sizeLimit: 256Mi}
- name: postgres
  secret: {secretName: {{ .secret }}, items: [{key: password, path: password}]}
{{- with .root.Values.postgres.authoritiesSecret }}
- name: postgres-ca
  secret: {secretName: {{ . }}, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}
{{- with .root.Values.kafka.jaasSecret }}
- name: kafka-login
  secret: {secretName: {{ . }}, items: [{key: jaas, path: jaas}]}
{{- end }}
{{- with .root.Values.kafka.authoritiesSecret }}
- name: kafka-ca
  secret: {secretName: {{ . }}, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}
{{- end -}}

{{- define "spendwatch.podSecurityContext" -}}
runAsNonRoot: true
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "spendwatch.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}
