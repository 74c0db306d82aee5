package io.spendwatch.ops.lab.sandbox;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.lab.sandbox.database.PostgresServer;
import io.spendwatch.ops.lab.sandbox.kafka.FormerEndpoint;
import io.spendwatch.ops.lab.sandbox.kafka.KafkaBroker;
import io.spendwatch.ops.lab.sandbox.kafka.KafkaServer;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialAlteration;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/**
 * What servers need that let in nobody without TLS and a password: an authority, the servers'
 * certificate, users and their passwords. Made once in a directory that only its owner can read.
 *
 * <p>Kafka's users may what {@code acls.txt} says and nothing else; docs/security.md has the same
 * list. Immutable; blocks.
 */
public final class Secured {
  /** Whom a node and the commands are to Kafka. */
  public static final String NODE = "spendwatch";

  /** Who makes topics. */
  public static final String MIGRATION = "spendwatch-migrate";

  /** Who writes transactions and balances. */
  public static final String PRODUCER = "payments";

  /** Who reads alerts. */
  public static final String SUBSCRIBER = "subscriber";

  /** Who makes users. */
  static final String ADMIN = "admin";

  private static final List<String> USERS = List.of(ADMIN, NODE, MIGRATION, PRODUCER, SUBSCRIBER);
  private static final String POSTGRES = "postgres";
  private static final String MECHANISM = "SCRAM-SHA-512";
  private static final int SCRAM_ITERATIONS = 8192;

  private final PrivateFiles files;
  private final Map<String, String> further;

  private Secured(PrivateFiles files, Map<String, String> further) {
    this.files = files;
    this.further = Map.copyOf(further);
  }

  /**
   * Makes what is not there yet.
   *
   * @throws OperatorException if the directory cannot be used
   */
  public static Secured in(Path directory) {
    return in(directory, Map.of());
  }

  /**
   * The same, with a broker that lets in others, too.
   *
   * @param further settings of it, which override ours
   */
  static Secured in(Path directory, Map<String, String> further) {
    var secured = new Secured(PrivateFiles.in(directory), further);
    try {
      if (Files.notExists(secured.file("server.key"))) {
        for (String name : List.of("authority", "server")) {
          for (String suffix : List.of(".p12", ".crt", ".csr", ".key")) {
            Files.deleteIfExists(secured.file(name + suffix));
          }
        }
        Certificates authority = Certificates.authority(secured.files.directory(), "authority");
        var _ = authority.issue("server", "localhost", "dns:localhost,ip:127.0.0.1");
      }
    } catch (IOException e) {
      throw new OperatorException("no keys can be kept in " + directory + ": " + e, e);
    }
    for (String name : Stream.concat(USERS.stream(), Stream.of(POSTGRES)).toList()) {
      var _ = secured.password(name);
    }
    return secured;
  }

  String password(String user) {
    return files.secret(user + ".password");
  }

  private Path file(String name) {
    return files.directory().resolve(name);
  }

  /** The certificate of who vouches for the servers; PEM. */
  public Path authority() {
    return file("authority.crt");
  }

  /** What the broker is started with: nobody speaks to it but by TLS, itself included. */
  public KafkaServer.Options broker() {
    try {
      Path keys =
          files.write(
              "server.pem",
              Files.readString(file("server.key")) + Files.readString(file("server.crt")));
      Map<String, String> settings = new HashMap<>();
      settings.put(
          "listener.security.protocol.map",
          "CONTROLLER:SSL," + FormerEndpoint.LISTENER + ":SSL,PLAINTEXT:SASL_SSL");
      settings.put("sasl.enabled.mechanisms", MECHANISM);
      settings.put(
          "listener.name.plaintext." + MECHANISM.toLowerCase(Locale.ROOT) + ".sasl.jaas.config",
          "org.apache.kafka.common.security.scram.ScramLoginModule required;");
      settings.put("ssl.keystore.type", "PEM");
      settings.put("ssl.keystore.location", keys.toString());
      settings.put("ssl.truststore.type", "PEM");
      settings.put("ssl.truststore.location", authority().toString());
      // Who is asked for a password is not asked for a certificate; the broker itself is.
      settings.put("listener.name.controller.ssl.client.auth", "required");
      settings.put(
          "listener.name." + FormerEndpoint.LISTENER.toLowerCase(Locale.ROOT) + ".ssl.client.auth",
          "required");
      settings.put(
          "authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
      settings.put("super.users", "User:CN=localhost;User:" + ADMIN);
      settings.put("allow.everyone.if.no.acl.found", "false");
      settings.put(KafkaBroker.FIRST_USER_FILE, files.write("first-user", scram(ADMIN)).toString());
      settings.putAll(further);
      return new KafkaServer.Options(List.of(), settings, client(ADMIN));
    } catch (IOException e) {
      throw new OperatorException("the broker's settings cannot be written: " + e, e);
    }
  }

  private String scram(String user) {
    return MECHANISM + "=[name=" + user + ",password=" + password(user) + "]";
  }

  /** What a client of Kafka needs besides {@code bootstrap.servers}. */
  public Map<String, String> client(String user) {
    return Map.of(
        "security.protocol",
        "SASL_SSL",
        "sasl.mechanism",
        MECHANISM,
        "sasl.jaas.config",
        login(user),
        "ssl.truststore.type",
        "PEM",
        "ssl.truststore.location",
        authority().toString());
  }

  private String login(String user) {
    return String.format(
        Locale.ROOT,
        "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"%s\""
            + " password=\"%s\";",
        user,
        password(user));
  }

  /**
   * Makes users and says what they may. Once more changes nothing.
   *
   * @throws OperatorException if the broker does not do it
   */
  public void admit(KafkaServer kafka) {
    Map<String, Object> properties = new HashMap<>(client(ADMIN));
    properties.put("bootstrap.servers", kafka.bootstrapServers());
    try (Admin admin = Admin.create(properties)) {
      List<UserScramCredentialAlteration> users = new ArrayList<>();
      for (String user : USERS) {
        users.add(
            new UserScramCredentialUpsertion(
                user,
                new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, SCRAM_ITERATIONS),
                password(user)));
      }
      var _ = admin.alterUserScramCredentials(users).all().get();
      var _ = admin.createAcls(acls()).all().get();
    } catch (ExecutionException e) {
      throw new OperatorException("Kafka makes no users: " + e.getCause().getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    }
  }

  /** The lines of {@code acls.txt}: user, kind, {@code =name} or a name's beginning, operations. */
  public static List<String> aclLines() {
    try (InputStream in = Secured.class.getResourceAsStream("acls.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .toList();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<AclBinding> acls() {
    List<AclBinding> all = new ArrayList<>();
    for (String line : aclLines()) {
      String[] parts = line.strip().split("\\s+", 4);
      boolean isPrefix = parts[2].endsWith("*");
      var resource =
          new ResourcePattern(
              ResourceType.fromString(constant(parts[1])),
              isPrefix ? parts[2].substring(0, parts[2].length() - 1) : parts[2],
              isPrefix ? PatternType.PREFIXED : PatternType.LITERAL);
      for (String operation : parts[3].split(" *, *", -1)) {
        all.add(
            new AclBinding(
                resource,
                new AccessControlEntry(
                    "User:" + parts[0],
                    "*",
                    AclOperation.fromString(constant(operation)),
                    AclPermissionType.ALLOW)));
      }
    }
    return all;
  }

  /** {@code DescribeConfigs} as {@code DESCRIBE_CONFIGS}. */
  private static String constant(String word) {
    return word.replaceAll("(?<=[a-z])(?=[A-Z])", "_").toUpperCase(Locale.ROOT);
  }

  /** What PostgreSQL is started with; until {@link #close} it lets in who has no password, too. */
  public Map<String, String> postgres() {
    try {
      return Map.of(
          "ssl",
          "on",
          "ssl_cert_file",
          file("server.crt").toString(),
          "ssl_key_file",
          file("server.key").toString(),
          "ssl_min_protocol_version",
          "TLSv1.3",
          "password_encryption",
          "scram-sha-256",
          "hba_file",
          files.write("pg_hba.conf", "host all all 127.0.0.1/32 trust\n").toString());
    } catch (IOException e) {
      throw new OperatorException("PostgreSQL's settings cannot be written: " + e, e);
    }
  }

  /**
   * Gives the user a password, and lets in nobody any more without one and TLS.
   *
   * @throws OperatorException if PostgreSQL does not do it
   */
  public void close(PostgresServer server) {
    String url =
        String.format(
            Locale.ROOT, "jdbc:postgresql://%s:%d/postgres", Ports.LOOPBACK, server.port());
    try (Connection connection = DriverManager.getConnection(url, server.user(), "");
        Statement statement = connection.createStatement()) {
      // Base64 needs no quoting.
      statement.execute("ALTER USER " + server.user() + " PASSWORD '" + postgresPassword() + "'");
      var _ = files.write("pg_hba.conf", "hostssl all all 127.0.0.1/32 scram-sha-256\n");
      statement.execute("SELECT pg_reload_conf()");
    } catch (SQLException | IOException e) {
      throw new OperatorException("PostgreSQL stays open: " + e.getMessage(), e);
    }
  }

  /** Of PostgreSQL's only user. */
  public String postgresPassword() {
    return password(POSTGRES);
  }

  /** How PostgreSQL is reached: TLS, by the host's name. */
  public String postgresUri(PostgresServer server) {
    return String.format(
        Locale.ROOT,
        "postgresql://%s@localhost:%d/spendwatch?sslmode=verify-full&sslrootcert=%s",
        server.user(),
        server.port(),
        authority());
  }

  /** The settings of a node and the commands, without a secret: files have them. */
  public Map<String, String> environment(KafkaServer kafka, PostgresServer postgres) {
    try {
      Path login = files.write(NODE + ".jaas", login(NODE));
      Map<String, String> settings = new LinkedHashMap<>();
      settings.put("SPENDWATCH_KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers());
      settings.put("SPENDWATCH_KAFKA_SECURITY_PROTOCOL", "SASL_SSL");
      settings.put("SPENDWATCH_KAFKA_SASL_MECHANISM", MECHANISM);
      settings.put("SPENDWATCH_KAFKA_SASL_JAAS_CONFIG_FILE", login.toString());
      settings.put("SPENDWATCH_KAFKA_SSL_TRUSTSTORE_TYPE", "PEM");
      settings.put("SPENDWATCH_KAFKA_SSL_TRUSTSTORE_LOCATION", authority().toString());
      // In quotes: a shell takes & for something else.
      settings.put("SPENDWATCH_PG_URI", "'" + postgresUri(postgres) + "'");
      settings.put("SPENDWATCH_PG_USER", postgres.user());
      settings.put("SPENDWATCH_PG_PASSWORD_FILE", file(POSTGRES + ".password").toString());
      return settings;
    } catch (IOException e) {
      throw new OperatorException("the login cannot be written: " + e, e);
    }
  }
}
