package io.spendwatch.ops.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigValueFactory;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.analysis.AnalysisConfig;
import io.spendwatch.ops.analysis.ArchiveAccess;
import io.spendwatch.ops.api.HttpConfig;
import io.spendwatch.ops.audit.AuditConfig;
import io.spendwatch.ops.cluster.ClusterConfig;
import io.spendwatch.ops.events.EventsConfig;
import io.spendwatch.ops.logging.LogConfig;
import io.spendwatch.ops.questions.QuestionsConfig;
import io.spendwatch.ops.salesmetrics.SalesMetricsConfig;
import io.spendwatch.ops.storage.archive.ArchiveConfig;
import io.spendwatch.ops.storage.retention.RetentionConfig;
import io.spendwatch.ops.storage.rollups.RollupsConfig;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.storage.tablepartitions.PartitionsConfig;
import io.spendwatch.protocol.Secrets;
import io.spendwatch.streams.base.ConfigSection;
import io.spendwatch.streams.database.PostgresConfig;
import io.spendwatch.streams.pipeline.StreamsConfig;
import java.io.File;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * All settings of this process, checked.
 *
 * @param raw the tree that they were read from, resolved; an actor system takes it as it is
 * @param streams how Kafka and PostgreSQL are reached, and the pipelines
 * @param analytics how PostgreSQL is reached by what reads much and may take its time
 * @param replica how a physical replica of it is reached; empty for none
 * @param auditDatabase how PostgreSQL is reached by audits
 * @param questionsDatabase how PostgreSQL is reached for questions about users
 * @param questions how many of them, and for how long they may take
 * @param partitions how partitions are kept
 * @param archive where old days go, and how
 * @param retention how long is kept what is in no partition
 * @param rollups how roll-ups are kept
 * @param salesMetrics how sales metrics are published
 * @param analysis what a question over much data may take
 * @param audit how often and how much is audited
 * @param http where a node answers
 * @param events how it tells its clients what happens
 * @param actors what a node keeps in memory
 * @param cluster which cluster a node joins
 * @param log what can be changed of the log while a node runs
 * @param deadLetters when bad records are a flood
 * @param startTimeout how long each part of a start may take
 */
public record Configuration(
    Config raw,
    StreamsConfig streams,
    PostgresConfig analytics,
    Optional<PostgresConfig> replica,
    PostgresConfig auditDatabase,
    PostgresConfig questionsDatabase,
    QuestionsConfig questions,
    PartitionsConfig partitions,
    ArchiveConfig archive,
    RetentionConfig retention,
    RollupsConfig rollups,
    SalesMetricsConfig salesMetrics,
    AnalysisConfig analysis,
    AuditConfig audit,
    HttpConfig http,
    EventsConfig events,
    ActorsConfig actors,
    ClusterConfig cluster,
    LogConfig log,
    DeadLettersConfig deadLetters,
    Duration startTimeout) {
  private static final List<String> SECTIONS =
      List.of(
          "kafka",
          "postgres",
          "postgres-writes",
          "postgres-analytics",
          "postgres-replica",
          "postgres-audit",
          "postgres-questions",
          "questions",
          "pipeline",
          "actors",
          "http",
          "events",
          "cluster",
          "analysis",
          "archive",
          "audit",
          "partitions",
          "retention",
          "rollups",
          "sales-metrics",
          "log",
          "dead-letters",
          "lease");
  private static final String FILE_VARIABLE = "SPENDWATCH_CONFIG";
  private static final String ROOT = "spendwatch";
  private static final String NODE_ID = "spendwatch.node-id";
  private static final String START_TIMEOUT = "start-timeout";

  /** Whether this is the first part of a setting's name below {@code spendwatch}. */
  static boolean isSetting(String part) {
    return SECTIONS.contains(part) || part.equals("node-id") || part.equals(START_TIMEOUT);
  }

  /**
   * Reads system properties, the file that SPENDWATCH_CONFIG names, the environment and the
   * defaults; what comes first in this list holds.
   *
   * @throws OperatorException naming the setting that is missing, unknown or out of its range
   */
  public static Configuration load() {
    return load(file());
  }

  /**
   * With another file.
   *
   * @throws OperatorException as {@link #load()}
   */
  static Configuration load(Optional<File> file) {
    try {
      Config merged = merged(file);
      Secrets.keepOf(ConfigSection.of(merged, ROOT).flat());
      rejectUnknownSections(file);
      HttpConfig http = HttpConfig.from(merged);
      Config named = withNodeId(merged, http);
      PartitionsConfig partitions = PartitionsConfig.from(named);
      ArchiveConfig archive = ArchiveConfig.from(named);
      return new Configuration(
          named,
          StreamsConfig.from(named),
          analytics(named),
          replica(named),
          auditDatabase(named),
          questionsDatabase(named),
          QuestionsConfig.from(named),
          partitions,
          archive,
          RetentionConfig.from(named, partitions, archive),
          RollupsConfig.from(named),
          SalesMetricsConfig.from(named),
          AnalysisConfig.from(named),
          audit(named),
          http,
          EventsConfig.from(ConfigSection.of(named, "spendwatch.events")),
          ActorsConfig.from(named),
          ClusterConfig.from(named),
          LogConfig.from(named),
          DeadLettersConfig.from(named),
          startTimeout(named));
    } catch (ConfigException | IllegalArgumentException e) {
      throw wrong(e);
    }
  }

  /**
   * Where a node answers, for those that need no other setting: everything else is neither read nor
   * checked, which is most of what a short command costs.
   *
   * @throws OperatorException if the settings cannot be read
   */
  public static HttpConfig readHttp() {
    try {
      ConfigFactory.invalidateCaches();
      Config ours =
          ConfigFactory.defaultOverrides()
              .withFallback(file().map(ConfigFactory::parseFile).orElse(ConfigFactory.empty()))
              .withFallback(ConfigFactory.parseResources("spendwatch.conf"))
              // What refers to settings of libraries stays open.
              .resolve(ConfigResolveOptions.defaults().setAllowUnresolved(true));
      return HttpConfig.from(ours.withOnlyPath("spendwatch.http"));
    } catch (ConfigException | IllegalArgumentException e) {
      throw wrong(e);
    }
  }

  /**
   * How long each part of a start may take, for those that need no other setting.
   *
   * @throws OperatorException if the settings cannot be read
   */
  public static Duration readStartTimeout() {
    try {
      return startTimeout(merged(file()));
    } catch (ConfigException | IllegalArgumentException e) {
      throw wrong(e);
    }
  }

  private static Duration startTimeout(Config merged) {
    Duration timeout = ConfigSection.of(merged, ROOT).duration(START_TIMEOUT);
    ConfigSection.checkPositive(ROOT + "." + START_TIMEOUT, timeout);
    return timeout;
  }

  private static Config merged(Optional<File> file) {
    ConfigFactory.invalidateCaches();
    return ConfigFactory.defaultOverrides().withFallback(withoutOverrides(file)).resolve();
  }

  private static Config withoutOverrides(Optional<File> file) {
    return file.map(ConfigFactory::parseFile)
        .orElse(ConfigFactory.empty())
        .withFallback(ConfigFactory.parseResources("spendwatch.conf"))
        .withFallback(ConfigFactory.defaultReferenceUnresolved());
  }

  /**
   * A misspelt section would be passed over in silence. Not of system properties: programs have
   * some of their own that begin with our name.
   */
  private static void rejectUnknownSections(Optional<File> file) {
    ConfigSection root = ConfigSection.of(withoutOverrides(file).resolve(), ROOT);
    for (String section : SECTIONS) {
      ConfigSection _ = root.section(section);
    }
    String _ = root.string("node-id");
    Duration _ = root.duration(START_TIMEOUT);
    root.rejectUnknown();
  }

  /** A parser repeats what it did not understand, which may be a secret: where it is must do. */
  private static OperatorException wrong(RuntimeException e) {
    return e instanceof ConfigException.Parse unreadable
        ? new OperatorException(
            "configuration: "
                + unreadable.origin().description()
                + ": this is no HOCON (texts that have more than letters and digits go into double"
                + " quotes)")
        : new OperatorException("configuration: " + e.getMessage(), e);
  }

  /** Reads {@code spendwatch.postgres-analytics}; what it does not say is the hot path's. */
  public static PostgresConfig analytics(Config root) {
    return PostgresConfig.from(
        ConfigSection.of(root, "spendwatch.postgres-analytics", "spendwatch.postgres"));
  }

  /** Reads {@code spendwatch.postgres-replica}; what it does not say is that of analytics. */
  private static Optional<PostgresConfig> replica(Config root) {
    String path = "spendwatch.postgres-replica";
    Config whole =
        root.withValue(
            path,
            root.getConfig(path)
                .withFallback(root.getConfig("spendwatch.postgres-analytics"))
                .root());
    PostgresConfig config =
        ConfigSection.of(whole, path).string("uri").isBlank()
            ? null
            : PostgresConfig.from(ConfigSection.of(whole, path, "spendwatch.postgres"));
    return Optional.ofNullable(config);
  }

  /**
   * Reads {@code spendwatch.postgres-audit}; what it does not say is the hot path's. Where roles
   * could not be made, there is none for the audit, either.
   */
  public static PostgresConfig auditDatabase(Config root) {
    PostgresConfig audit =
        PostgresConfig.from(
            ConfigSection.of(root, "spendwatch.postgres-audit", "spendwatch.postgres"));
    return analytics(root).role().isEmpty() ? audit.withoutRole() : audit;
  }

  /** Whoever looks whether a run is at work must not wait until it is over. */
  private static AuditConfig audit(Config root) {
    AuditConfig audit = AuditConfig.from(ConfigSection.of(root, "spendwatch.audit"));
    int connections = auditDatabase(root).poolSize();
    ConfigSection.check(
        audit.sessions() < connections,
        "spendwatch.audit.sessions",
        audit.sessions(),
        "fewer than spendwatch.postgres-audit.pool-size, which is " + connections);
    return audit;
  }

  /** Reads {@code spendwatch.postgres-questions}; what it does not say is the hot path's. */
  private static PostgresConfig questionsDatabase(Config root) {
    return PostgresConfig.from(
        ConfigSection.of(root, "spendwatch.postgres-questions", "spendwatch.postgres"));
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
      throw wrong(e);
    }
  }

  /** Days that have left, as far as this process can read them; whoever opens it closes it. */
  public ArchiveAccess openArchive() {
    return ArchiveAccess.find(archive, analysis, database(), analytics.role());
  }

  private static Optional<File> file() {
    String name = System.getenv(FILE_VARIABLE);
    if (name == null || name.isBlank()) {
      return Optional.empty();
    }
    File file = new File(name);
    if (!file.isFile()) {
      throw new OperatorException(FILE_VARIABLE + ": there is no file " + name);
    }
    return Optional.of(file);
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
