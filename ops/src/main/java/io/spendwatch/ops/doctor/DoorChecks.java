package io.spendwatch.ops.doctor;

import io.spendwatch.ops.access.Hosts;
import io.spendwatch.ops.api.HttpConfig;
import io.spendwatch.ops.cluster.ClusterConfig;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.streams.database.PostgresConfig;
import io.spendwatch.streams.kafka.KafkaConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Looks at what the settings leave open to other machines. A name of a host may be looked up, which
 * blocks; for one thread.
 */
final class DoorChecks {
  private static final String HTTP = "http doors";
  private static final String CLUSTER = "cluster doors";
  private static final String KAFKA = "kafka connection";
  private static final String POSTGRES = "postgresql connection";
  private static final String PROTOCOL = "security.protocol";

  private final Configuration configuration;

  DoorChecks(Configuration configuration) {
    this.configuration = configuration;
  }

  List<Check> look() {
    return List.of(http(), cluster(), kafka(), postgres());
  }

  private Check http() {
    HttpConfig http = configuration.http();
    if (Hosts.isLoopback(http.host())) {
      return Check.ok(HTTP, "reached from this machine only: " + http.host());
    }
    List<String> open = new ArrayList<>();
    if (!http.access().isOn()) {
      open.add(
          http.withoutLogin()
              ? "anybody may ask, without a token"
              : "nodes do not start: no login");
    }
    if (!http.tls().isOn()) {
      open.add(http.withoutTls() ? "nothing is encrypted" : "nodes do not start: no TLS");
    }
    return open.isEmpty()
        ? Check.ok(HTTP, http.host() + ": TLS, and who asks shows a token")
        : Check.warning(
            HTTP,
            http.host() + ": " + String.join("; ", open),
            "set SPENDWATCH_HTTP_ACCESS_FILE (or _OIDC_ISSUER) and SPENDWATCH_HTTP_TLS_CERTIFICATE_FILE"
                + " with _KEY_FILE, or see to it that something before the nodes asks and encrypts");
  }

  private Check cluster() {
    ClusterConfig cluster = configuration.cluster();
    if (cluster.tls().isOn()) {
      return Check.ok(CLUSTER, "TLS, and nodes show certificates");
    }
    if (cluster.isOnThisMachineOnly()) {
      return Check.ok(CLUSTER, "reached from this machine only: " + cluster.listensAt());
    }
    return Check.problem(
        CLUSTER,
        cluster.listensAt()
            + (cluster.withoutTls()
                ? ": whoever reaches it is one of the cluster"
                : ": nodes do not start: no TLS"),
        "set SPENDWATCH_CLUSTER_TLS_CERTIFICATE_FILE, _KEY_FILE and _AUTHORITIES_FILE");
  }

  private Check kafka() {
    KafkaConfig kafka = configuration.streams().kafka();
    String protocol =
        String.valueOf(kafka.clientProperties().getOrDefault(PROTOCOL, "PLAINTEXT"))
            .toUpperCase(Locale.ROOT);
    boolean isLocal =
        Arrays.stream(kafka.bootstrapServers().split(",", -1))
            .map(server -> server.strip().replaceFirst(":\\d+$", ""))
            .allMatch(Hosts::isLoopback);
    if (isLocal || protocol.endsWith("SSL")) {
      return Check.ok(KAFKA, isLocal ? "to this machine only" : protocol);
    }
    return Check.warning(
        KAFKA,
        protocol + " to another machine: whoever is on the way reads and changes records",
        "set SPENDWATCH_KAFKA_SECURITY_PROTOCOL=SASL_SSL, or SSL, as docs/security.md has it");
  }

  private Check postgres() {
    PostgresConfig postgres = configuration.streams().postgres();
    if (Hosts.isLoopback(postgres.host()) || postgres.isVerified()) {
      return Check.ok(
          POSTGRES,
          postgres.isVerified() ? "TLS, to a server that is known" : "to this machine only");
    }
    return Check.warning(
        POSTGRES,
        postgres.address()
            + (postgres.isEncrypted()
                ? ": encrypted, but with whoever answers"
                : ": not encrypted, or only if the server likes"),
        "let SPENDWATCH_PG_URI have sslmode=verify-full and sslrootcert");
  }
}
