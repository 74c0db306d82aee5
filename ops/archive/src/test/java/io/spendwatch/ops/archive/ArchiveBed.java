package io.spendwatch.ops.archive;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigResolveOptions;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.analysis.AnalysisConfig;
import io.spendwatch.ops.analysis.ArchiveAccess;
import io.spendwatch.ops.analysis.FreeQueries;
import io.spendwatch.ops.archive.days.DayWriter;
import io.spendwatch.ops.archive.days.LiveDays;
import io.spendwatch.ops.archive.store.ArchiveStore;
import io.spendwatch.ops.archive.store.FileStore;
import io.spendwatch.ops.audit.explain.Explanations;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.sandbox.database.PostgresServer;
import io.spendwatch.ops.lab.sandbox.start.DataDirectory;
import io.spendwatch.ops.rounds.ArchiveWriter;
import io.spendwatch.ops.rounds.RoundSteps;
import io.spendwatch.ops.rounds.Rounds;
import io.spendwatch.ops.rounds.RoundsWatch;
import io.spendwatch.ops.status.RoundsStatus;
import io.spendwatch.ops.storage.archive.ArchiveConfig;
import io.spendwatch.ops.storage.archive.RoundsConfig;
import io.spendwatch.ops.storage.rollups.RollupsConfig;
import io.spendwatch.ops.storage.rollups.UserFeatures;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.storage.schema.Schema;
import io.spendwatch.ops.storage.tablepartitions.PartitionMaintenance;
import io.spendwatch.ops.storage.tablepartitions.PartitionMetrics;
import io.spendwatch.ops.storage.tablepartitions.PartitionsConfig;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.base.BackOff;
import io.spendwatch.streams.base.ConfigSection;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.database.PostgresConfig;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * A real database with days of every feature, for one test class after the other: {@link Shared}
 * gives it to them.
 */
final class ArchiveBed implements AutoCloseable {
  private static final Namespace NAMESPACE = Namespace.create(ArchiveBed.class);

  static final LocalDate DAY = LocalDate.parse("2026-03-10");
  static final LocalDate NEXT = DAY.plusDays(1);

  /** Both days are closed, the one after is not. */
  private static final Instant STREAM_TIME = Instant.parse("2026-03-14T12:00:00Z");

  static final Instant NOW = Instant.parse("2026-03-14T13:00:00Z");

  private static final List<String> USERS =
      List.of(
          "u-1",
          "Ünïcode 用户",
          "💶",
          "it's \\ \"quoted\"",
          "tab\tand\nline\r",
          "A",
          "a",
          "z".repeat(64));

  private static final String INSERT =
      "INSERT INTO spendwatch.transactions VALUES (?,?::timestamptz,?,?,?,?,?,?,?,?,?,?,?,?,?::timestamptz,?)";

  private final DataDirectory directory = DataDirectory.temporary();
  private final PostgresServer server = PostgresServer.start(directory.root().resolve("pg"), 0);
  private final PostgresAddress address = PostgresAddress.parse(server.uri(), "", "");
  private final Database database = Database.open(analytics());
  private final List<Database> opened = new ArrayList<>();
  private final Random random = new Random(20);
  private final List<Object[]> deadLetters = new ArrayList<>();
  private final DayWriter.Letters letters = (_, each) -> deadLetters.forEach(each);
  private int number;
  private String warehouse = "";

  private ArchiveBed() {
    try {
      int _ = new Schema(address).migrate(NOW);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Starts it with the first class that asks, and ends it after the last test. */
  static final class Shared implements ParameterResolver {
    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == ArchiveBed.class;
    }

    @Override
    public ArchiveBed resolveParameter(ParameterContext parameter, ExtensionContext context) {
      return context
          .getRoot()
          .getStore(NAMESPACE)
          .getOrComputeIfAbsent(ArchiveBed.class, _ -> new ArchiveBed(), ArchiveBed.class);
    }
  }

  /** From now on archives have this warehouse. */
  void useWarehouse(String uri) {
    warehouse = uri;
  }

  private PostgresConfig analytics() {
    return Configuration.analytics(servers());
  }

  private Config servers() {
    return ConfigFactory.parseMap(Map.of("spendwatch.postgres.uri", server.uri()))
        .withFallback(ConfigFactory.parseResources("spendwatch.conf"))
        .withFallback(ConfigFactory.defaultReference())
        .resolve(ConfigResolveOptions.defaults().setAllowUnresolved(true));
  }

  /** Connections as a node's, closed with this. */
  Database operational() {
    Database database =
        Database.open(
            PostgresConfig.from(
                ConfigSection.of(servers(), "spendwatch.postgres", "spendwatch.postgres")));
    opened.add(database);
    return database;
  }

  String uri() {
    return server.uri();
  }

  /** The URI of another database, which is empty. */
  String madeDatabase(String name) throws SQLException {
    sql("CREATE DATABASE " + name);
    return server.uri().replaceFirst("/[^/]*$", "/" + name);
  }

  /** As if their process had ended. */
  void close(Database database) {
    opened.remove(database);
    var _ = database.close().toCompletableFuture().join();
  }

  private Database owners() {
    Database database = Database.open(PartitionsConfig.from(servers()).postgres());
    opened.add(database);
    return database;
  }

  /**
   * Rounds of one process, over the archive in this store; what is older than three days leaves.
   *
   * @param database where they are noted
   * @param lease for how long the turn is held
   * @param audit finds clean what there is
   */
  Rounds rounds(
      String holder,
      Database database,
      Path root,
      ArchiveStore store,
      Duration lease,
      Runnable audit) {
    Timekeeper time = Timekeeper.real(InstantSource.fixed(NOW));
    var features = new UserFeatures(database, RollupsConfig.from(servers()).features());
    var retention =
        new PartitionMaintenance(
            database,
            Optional.of(owners()),
            Optional.of(Duration.ofDays(3)),
            PartitionsConfig.from(servers()).merging(),
            time,
            PartitionMetrics.NONE);
    var parts =
        new RoundSteps.Parts(
            () -> archive(root, store),
            true,
            Optional.of(audit),
            features::compute,
            features::newest,
            Optional.of(retention::look),
            _ -> {});
    return new Rounds(
        database,
        holder,
        new RoundsConfig(
            Optional.empty(), lease, new BackOff(Duration.ofMillis(300), Duration.ofMinutes(1))),
        () -> new RoundSteps(parts),
        (_, _, _) -> {},
        time);
  }

  /** Notes a run of the audit that has found everything clean. */
  void audit() {
    try {
      sql(
          "INSERT INTO spendwatch.reconciliation_runs (mode, node_id, started_at, outcome) VALUES"
              + " ('FULL', 'n', '2026-03-14T12:30:00Z', 'CLEAN')");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What has been audited stays, by triggers: as if it had not been. */
  void forgetAudits() throws SQLException {
    sql(
        "SET session_replication_role = replica",
        "TRUNCATE spendwatch.reconciliation_runs CASCADE");
  }

  /** How rounds stand, as a node's status says. */
  RoundsStatus roundsStatus() {
    var watch = new RoundsWatch(database, Optional.of(Duration.ofHours(1)));
    var _ = watch.look().toCompletableFuture().join();
    return watch.last();
  }

  PostgresAddress address() {
    return address;
  }

  /** As after the migration, but for partitions and for what operators did. */
  void empty() throws SQLException {
    deadLetters.clear();
    warehouse = "";
    forgetAudits();
    sql(
        """
        DO $$
        DECLARE
          partition regclass;
        BEGIN
          FOR partition IN SELECT oid FROM pg_class
             WHERE relnamespace = 'spendwatch'::regnamespace AND relkind = 'r' AND relname ^@ 'transactions_'
          LOOP
            EXECUTE 'DROP TABLE ' || partition;
          END LOOP;
        END
        $$""",
        "TRUNCATE spendwatch.alerts, spendwatch.accounts, spendwatch.account_versions,"
            + " spendwatch.archived_days, spendwatch.claims, spendwatch.progress, spendwatch.partitions_made,"
            + " spendwatch.archive_round_steps, spendwatch.erasures, spendwatch.user_features,"
            + " spendwatch.user_features_versions, spendwatch.daily_users, spendwatch.daily_habits,"
            + " spendwatch.monthly_users",
        "UPDATE spendwatch.daily_habits_position SET day = '-infinity', user_id = ''",
        "UPDATE spendwatch.archive_rounds SET holder = NULL, held_until = NULL, begun_at = NULL, completed_at = NULL,"
            + " retry_at = NULL",
        "UPDATE spendwatch.settings SET archive_uri = NULL, dropped_before = NULL, partition_granularity = 'day'",
        "INSERT INTO spendwatch.claims (kafka_partition, epoch, owner, claimed_at) SELECT p, 1, 'test', now()"
            + " FROM generate_series(0, 2) AS p",
        "INSERT INTO spendwatch.progress (kafka_partition, epoch, write_no, stream_time, alert_seq, published_alert_seq)"
            + " SELECT p, 1, 1, '"
            + STREAM_TIME
            + "', 0, 0 FROM generate_series(0, 2) AS p",
        "SELECT spendwatch.ensure_partitions('{2026-03-10Z,2026-03-11Z,2026-03-12Z}')");
  }

  /**
   * Writes a day: many rows, those at its edges among them, and alerts and versions beside them.
   */
  void write(LocalDate day, int rows) throws SQLException {
    try (Connection connection = address.connect("test");
        PreparedStatement insert = connection.prepareStatement(INSERT);
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      addRow(insert, day + "T00:00:00Z", Long.MAX_VALUE, null);
      addRow(insert, day + "T23:59:59.999999Z", Long.MAX_VALUE, "");
      for (int i = 2; i < rows; i++) {
        addRow(
            insert,
            day.atStartOfDay()
                .toInstant(java.time.ZoneOffset.UTC)
                .plusNanos(random.nextLong(86_400_000_000L) * 1000)
                .toString(),
            1 + random.nextInt(100_000),
            random.nextInt(3) == 0 ? null : "merchant " + random.nextInt(5) + " \\N");
      }
      int[] _ = insert.executeBatch();
      for (int i = 0; i < 20; i++) {
        statement.addBatch(alertRow(day + "T12:00:00.00" + (i % 10) + "Z"));
      }
      statement.addBatch(
          "INSERT INTO spendwatch.accounts (user_id, username, currency, balance_minor, as_of) VALUES"
              + " ('acc-"
              + day
              + "', 'Ωmega', 'JPY', -5, '"
              + day
              + "T00:00:00.001Z'), ('acc', NULL, 'USD', 9223372036854775807, '"
              + day
              + "T23:59:59.999Z') ON CONFLICT (user_id) DO UPDATE SET balance_minor = excluded.balance_minor,"
              + " as_of = excluded.as_of");
      int[] _ = statement.executeBatch();
      connection.commit();
    }
  }

  /** A transaction, with everything that may be null so in some. */
  void insert(String eventTime, long amount, String merchant) throws SQLException {
    try (Connection connection = address.connect("test");
        PreparedStatement insert = connection.prepareStatement(INSERT)) {
      addRow(insert, eventTime, amount, merchant);
      int[] _ = insert.executeBatch();
    }
  }

  private void addRow(PreparedStatement insert, String eventTime, long amount, String merchant)
      throws SQLException {
    boolean isRefund = random.nextInt(4) == 0;
    boolean hasAccount = random.nextInt(5) > 0;
    int at = 1;
    insert.setString(at++, USERS.get(random.nextInt(USERS.size())));
    insert.setString(at++, eventTime);
    insert.setString(at++, "t-" + number++);
    insert.setString(at++, isRefund ? "REFUND" : "PURCHASE");
    insert.setLong(at++, amount);
    insert.setString(at++, List.of("USD", "JPY", "KWD", "EUR").get(random.nextInt(4)));
    insert.setString(at++, merchant);
    insert.setString(at++, isRefund ? "t-0" : null);
    insert.setLong(at++, random.nextInt(5) == 0 ? Long.MIN_VALUE : random.nextLong(1_000_000));
    insert.setObject(at++, hasAccount ? random.nextLong(1_000_000) - 500_000 : null);
    insert.setObject(at++, hasAccount ? 1L : null);
    insert.setString(at++, hasAccount ? "BREACH" : "NO_ACCOUNT");
    insert.setInt(at++, random.nextInt(3));
    insert.setLong(at++, random.nextLong(Long.MAX_VALUE));
    insert.setString(at++, "2026-03-14T12:00:00.123456Z");
    insert.setObject(at++, random.nextInt(10) == 0 ? 7L : null);
    insert.addBatch();
  }

  /** One that Kafka would give for every day. */
  void deadLetter(byte[] key, byte[] value) {
    deadLetters.add(
        new Object[] {
          "transactions.dlq",
          1L,
          (long) deadLetters.size(),
          1_773_100_800_000_001L,
          "BAD_ID",
          null,
          key,
          value,
          "[]"
        });
  }

  /** A user of all tables, on this day. */
  void writeUser(String userId, LocalDate day) throws SQLException {
    for (int hour = 10; hour < 13; hour++) {
      insert(day + "T" + hour + ":00:00Z", 100, "shop");
      sql(
          "UPDATE spendwatch.transactions SET user_id = '"
              + userId
              + "' WHERE transaction_id = 't-"
              + (number - 1)
              + "'");
    }
    alert(day + "T11:30:00Z");
    sql(
        "UPDATE spendwatch.alerts SET user_id = '"
            + userId
            + "' WHERE alert_id = 'a-"
            + (number - 1)
            + "'");
    sql(
        "INSERT INTO spendwatch.accounts (user_id, username, currency, balance_minor, as_of) VALUES ('"
            + userId
            + "', 'Name of "
            + userId
            + "', 'USD', 5, '"
            + day
            + "T01:00:00Z') ON CONFLICT (user_id) DO UPDATE SET balance_minor = 6, as_of = excluded.as_of");
  }

  /** As the erasure of a user leaves the tables, before it comes to the archive. */
  void eraseFromTables(String userId, String pseudonym) throws SQLException {
    sql(
        "INSERT INTO spendwatch.erasures (pseudonym, user_id, live_at) VALUES ('"
            + pseudonym
            + "', '"
            + userId
            + "', now())");
    for (String table : List.of("transactions", "alerts", "account_versions")) {
      sql(
          "UPDATE spendwatch."
              + table
              + " SET user_id = '"
              + pseudonym
              + "' WHERE user_id = '"
              + userId
              + "'");
    }
    sql(
        "UPDATE spendwatch.accounts SET user_id = '"
            + pseudonym
            + "', username = NULL WHERE user_id = '"
            + userId
            + "'");
  }

  void alert(String eventTime) throws SQLException {
    sql(alertRow(eventTime));
  }

  private String alertRow(String eventTime) {
    int seq = number++;
    return "INSERT INTO spendwatch.alerts (alert_id, type, rule, episode_id, user_id, transaction_id, exposure_minor, balance_minor,"
        + " currency, transactions, window_start, event_time, detected_at, late, cause, kafka_topic, kafka_partition,"
        + " kafka_offset, partition_seq) VALUES ('a-"
        + seq
        + "', 'RAISED', 'exposure-24h', 'e-"
        + seq
        + "', 'u-1', NULL, 10, -5, 'USD', 1, '2026-03-09Z', '"
        + eventTime
        + "', now(), true, NULL, 'transactions', 0, "
        + seq
        + ", "
        + seq
        + ")";
  }

  void sql(String... statements) throws SQLException {
    try (Connection connection = address.connect("test");
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        boolean _ = statement.execute(sql);
      }
    }
  }

  /** The first column of an answer, as text. */
  List<String> column(String sql) throws SQLException {
    List<String> values = new ArrayList<>();
    try (Connection connection = address.connect("test");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        values.add(rows.getString(1));
      }
    }
    return values;
  }

  /** All columns of the day's transactions, in order: equal texts are equal rows. */
  List<String> transactions(LocalDate day) throws SQLException {
    return column(
        "SELECT t::text FROM spendwatch.transactions AS t WHERE event_time >= '"
            + day
            + "Z' AND event_time < '"
            + day.plusDays(1)
            + "Z' ORDER BY user_id, event_time, transaction_id");
  }

  /** Detaches the day's partition and asks for its end, as retention does. */
  boolean drop(LocalDate day) throws SQLException {
    String name = "transactions_" + day.toString().replace("-", "");
    if (!column("SELECT spendwatch.may_drop_partition('" + name + "')").getFirst().equals("t")) {
      return false;
    }
    sql(
        "ALTER TABLE spendwatch.transactions DETACH PARTITION spendwatch."
            + name
            + " CONCURRENTLY");
    return column("SELECT spendwatch.drop_detached_partition('" + name + "')")
        .getFirst()
        .equals("t");
  }

  /** The archive in a directory. */
  Archive archive(Path root) {
    return archive(root, new FileStore(root));
  }

  Archive archive(Path root, ArchiveStore store) {
    ArchiveConfig config = config(root);
    return new Archive(
        config,
        config.uri().orElseThrow().toString(),
        store,
        LiveDays.open(address, config.role()),
        Optional.of(letters),
        Timekeeper.real(InstantSource.fixed(NOW)));
  }

  /** Archives what is closed, as a round does. */
  static void run(Archive archive, boolean needsAudit, Consumer<ArchiveWriter.Outcome> each) {
    if (!archive.begin()) {
      throw new OperatorException("another process is at work in the archive");
    }
    archive.due().forEach(day -> each.accept(archive.export(day, needsAudit)));
  }

  /** Queries as the command asks them, over the archive in this store. */
  FreeQueries queries(Path root, ArchiveStore store) {
    return queries(access(root, store));
  }

  /** The archive in this store, as the commands read it. */
  ArchiveAccess access(Path root, ArchiveStore store) {
    ArchiveConfig config = config(root);
    return new ArchiveAccess.Opened(
        new HistoryReader(
            config,
            AnalysisConfig.from(settings(root)),
            address,
            "spendwatch_olap",
            config.uri().orElseThrow().toString(),
            store));
  }

  /** Explains as the command does. */
  Explanations explanations(ArchiveAccess archive) {
    return new Explanations(database, Topics.DEFAULT, 10, archive);
  }

  FreeQueries queries(ArchiveAccess archive) {
    return new FreeQueries(
        database, Optional.empty(), archive, AnalysisConfig.from(settings(Path.of("/none"))));
  }

  private ArchiveConfig config(Path root) {
    return ArchiveConfig.from(settings(root));
  }

  private Config settings(Path root) {
    return ConfigFactory.parseMap(
            Map.of(
                "spendwatch.archive.uri",
                "file://" + root,
                "spendwatch.archive.memory-limit",
                "128 MiB",
                "spendwatch.archive.warehouse.uri",
                warehouse))
        .withFallback(ConfigFactory.parseResources("spendwatch.conf"))
        .resolve(ConfigResolveOptions.defaults().setAllowUnresolved(true));
  }

  @Override
  public void close() {
    opened.add(database);
    for (Database each : opened) {
      var _ = each.close().toCompletableFuture().join();
    }
    server.close();
    directory.close();
  }
}
