package io.spendwatch.ops.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import io.spendwatch.ops.OperatorException;
import io.spendwatch.ops.audit.AuditConfig;
import io.spendwatch.ops.http.HttpConfig;
import io.spendwatch.ops.partitions.PartitionsConfig;
import io.spendwatch.ops.schema.PostgresAddress;
import io.spendwatch.streams.StreamsConfig;
import io.spendwatch.streams.config.ConfigSection;
import io.spendwatch.streams.postgres.PostgresConfig;
import java.io.File;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * All settings of this process, checked.
 *
 * @param raw the tree that they were read from, resolved; an actor system takes it as it is
 * @param streams how Kafka and PostgreSQL are reached, and the pipelines
 * @param analytics how PostgreSQL is reached by what reads much and may take its time
 * @param partitions how partitions are kept
 * @param audit how often and how much is audited
 * @param http where a node answers
 */
public record Configuration(
    Config raw,
    StreamsConfig streams,
    PostgresConfig analytics,
    PartitionsConfig partitions,
    AuditConfig audit,
    HttpConfig http) {
  private static final String FILE_VARIABLE = "SPENDWATCH_CONFIG";
  private static final String NODE_ID = "spendwatch.node-id";

  /**
   * Reads system properties, the file that SPENDWATCH_CONFIG names, the environment and the
   * defaults; what comes first in this list holds.
   *
   * @throws OperatorException naming the setting that is missing, unknown or out of its range
   */
  public static Configuration load() {
    try {
      ConfigFactory.invalidateCaches();
      Config merged =
          ConfigFactory.defaultOverrides()
              .withFallback(file())
              .withFallback(ConfigFactory.parseResources("spendwatch.conf"))
              .withFallback(ConfigFactory.defaultReferenceUnresolved())
              .resolve();
      HttpConfig http = HttpConfig.from(merged);
      Config named = withNodeId(merged, http);
      return new Configuration(
          named,
          StreamsConfig.from(named),
          analytics(named),
          PartitionsConfig.from(named),
          AuditConfig.from(ConfigSection.of(named, "spendwatch.audit")),
          http);
    } catch (ConfigException | IllegalArgumentException e) {
      throw new OperatorException("configuration: " + e.getMessage(), e);
    }
  }

  /** Reads {@code spendwatch.postgres-analytics}; what it does not say is the hot path's. */
  public static PostgresConfig analytics(Config root) {
    return PostgresConfig.from(
        ConfigSection.of(root, "spendwatch.postgres-analytics", "spendwatch.postgres"));
  }

  /**
   * The database.
   *
   * @throws OperatorException if the settings do not say which, or as whom
   */
  public PostgresAddress database() {
    PostgresConfig postgres = streams.postgres();
    try {
      return PostgresAddress.parse(postgres.uri(), postgres.user(), postgres.password());
    } catch (IllegalArgumentException e) {
      throw new OperatorException("configuration: " + e.getMessage(), e);
    }
  }

  private static Config file() {
    String name = System.getenv(FILE_VARIABLE);
    if (name == null || name.isBlank()) {
      return ConfigFactory.empty();
    }
    File file = new File(name);
    if (!file.isFile()) {
      throw new OperatorException(FILE_VARIABLE + ": there is no file " + name);
    }
    return ConfigFactory.parseFile(file);
  }

  private static Config withNodeId(Config config, HttpConfig http) {
    if (!config.getString(NODE_ID).isBlank()) {
      return config;
    }
    // Without a port of its own, nothing but the process tells this node from another one here.
    long own = http.port() == 0 ? ProcessHandle.current().pid() : http.port();
    return config.withValue(NODE_ID, ConfigValueFactory.fromAnyRef(hostName() + "-" + own));
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "node";
    }
  }
}
