package io.spendwatch.streams.ledger;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.database.EventTimes;
import io.spendwatch.streams.ledger.SimulatedAccounts.Account;
import io.spendwatch.streams.ledger.SimulatedAccounts.Version;
import io.spendwatch.streams.ledger.SimulatedAlerts.StoredAlert;
import io.spendwatch.streams.ledger.SimulatedTransactions.StoredTransaction;
import io.spendwatch.streams.pipeline.StreamsConfig;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** The real one: statements by the production client, all else by connections beside it. */
final class RealServer implements Server, AutoCloseable {
  private final Database database;
  private final Connection connection;
  private final Statement statement;
  private final PgConnection listening;
  private final Set<String> announced = ConcurrentHashMap.newKeySet();

  RealServer(TestBed bed) throws SQLException {
    this.connection = bed.database().connect("spendwatch-tests");
    this.statement = connection.createStatement();
    // For speed alone: it changes nothing of what anybody sees who does not pull the plug.
    statement.execute("SET synchronous_commit = off");
    // Far more days of the past than a producer may have made at once.
    statement.execute(
        "UPDATE spendwatch.settings SET partition_granularity = 'day', partitions_per_minute = 1000000");
    // An instant that is given is meant, also where it is that of the version before.
    statement.execute("SET spendwatch.as_of_given = 'on'");
    statement.execute(
        "ALTER DATABASE " + bed.database().database() + " SET synchronous_commit = off");
    this.database =
        Database.open(
            StreamsConfig.from(
                    ConfigFactory.parseString(
                            "spendwatch.postgres.uri = \"%s\"".formatted(bed.pgUri()))
                        .withFallback(ConfigFactory.defaultReference())
                        .resolve())
                .postgres());
    this.listening = await(database.connect()).connection();
    listening.notificationHandler(
        notification -> {
          for (Object userId : new JsonArray(notification.getPayload())) {
            announced.add(userId.toString());
          }
        });
    var _ = await(listening.query("LISTEN spendwatch_accounts").execute());
  }

  private static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
  }

  /** Makes all tables empty, with partitions of transactions for these days only. */
  void reset(List<LocalDate> days) throws SQLException {
    String names =
        days.stream()
            .map(day -> "'transactions_" + day.format(DateTimeFormatter.BASIC_ISO_DATE) + "'")
            .collect(Collectors.joining(", "));
    String instants =
        days.stream().map(day -> "'" + day + " 00:00Z'").collect(Collectors.joining(", "));
    statement.execute(
        """
        DO $$
        DECLARE
          day regclass;
        BEGIN
          FOR day IN
            SELECT oid FROM pg_class JOIN pg_inherits ON inhrelid = oid
             WHERE inhparent = 'spendwatch.transactions'::regclass AND relname NOT IN (%s)
          LOOP
            EXECUTE 'DROP TABLE ' || day;
          END LOOP;
        END
        $$;
        SELECT spendwatch.ensure_partitions(ARRAY[%s]::timestamptz[]);
        DELETE FROM spendwatch.transactions;
        DELETE FROM spendwatch.alerts;
        DELETE FROM spendwatch.accounts;
        DELETE FROM spendwatch.closed_accounts;
        DELETE FROM spendwatch.account_versions;
        DELETE FROM spendwatch.claims;
        DELETE FROM spendwatch.progress;
        DELETE FROM spendwatch.open_episodes;
        DELETE FROM spendwatch.topic_layout;
        DELETE FROM spendwatch.sources;
        DELETE FROM spendwatch.lost_records;
        DELETE FROM spendwatch.balances_progress;
        DELETE FROM spendwatch.rewinds;
        """
            .formatted(names, instants));
    var _ = takeAnnounced();
  }

  @Override
  public CompletionStage<RowSet<Row>> execute(String sql, Tuple parameters) {
    return database.execute(sql, parameters);
  }

  @Override
  public void putAccount(String userId, String currency, long balanceMinor, long asOfMs) {
    change(
        """
        INSERT INTO spendwatch.accounts (user_id, currency, balance_minor, as_of) VALUES (?, ?, ?, ?)
            ON CONFLICT (user_id) DO UPDATE
           SET currency = excluded.currency, balance_minor = excluded.balance_minor, as_of = excluded.as_of
        """,
        userId,
        currency,
        balanceMinor,
        EventTimes.toDatabase(asOfMs));
  }

  @Override
  public void removeAccount(String userId, long closedAtMs) {
    change("DELETE FROM spendwatch.accounts WHERE user_id = ?", userId);
    // The server's clock is not that of the calls: of what has gone just now, the instant is put
    // right.
    change(
        """
        UPDATE spendwatch.account_versions
           SET closed_at = greatest(?, as_of)
         WHERE user_id = ?
           AND closed_version = (SELECT balance_version FROM spendwatch.closed_accounts WHERE user_id = ?)
           AND NOT EXISTS (SELECT FROM spendwatch.accounts WHERE user_id = ?)
           AND closed_at > now() - interval '1 hour'
        """,
        EventTimes.toDatabase(closedAtMs),
        userId,
        userId,
        userId);
  }

  private void change(String sql, Object... parameters) {
    try (PreparedStatement prepared = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        prepared.setObject(i + 1, parameters[i]);
      }
      var _ = prepared.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public Set<String> takeAnnounced() {
    // Its answer comes after the notifications of what was committed before.
    var _ = await(listening.query("SELECT 1").execute());
    Set<String> taken = Set.copyOf(announced);
    announced.clear();
    return taken;
  }

  @Override
  public Tables tables() {
    try {
      return new Tables(transactions(), alerts(), accounts(), versions(), pipelines());
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private List<StoredTransaction> transactions() throws SQLException {
    List<StoredTransaction> transactions = new ArrayList<>();
    try (ResultSet row =
        statement.executeQuery(
            """
            SELECT user_id, event_time, transaction_id, kind, amount_minor, currency, exposure_minor, balance_minor,
                   balance_version, verdict, known_version, kafka_partition, kafka_offset
              FROM spendwatch.transactions
            """)) {
      while (row.next()) {
        transactions.add(
            new StoredTransaction(
                row.getString(1),
                timeMs(row, 2),
                row.getString(3),
                row.getString(4),
                row.getLong(5),
                row.getString(6),
                row.getLong(7),
                row.getObject(8, Long.class),
                row.getObject(9, Long.class),
                row.getString(10),
                row.getObject(11, Long.class),
                row.getInt(12),
                row.getLong(13)));
      }
    }
    return transactions;
  }

  private List<StoredAlert> alerts() throws SQLException {
    List<StoredAlert> alerts = new ArrayList<>();
    try (ResultSet row =
        statement.executeQuery(
            """
            SELECT alert_id, type, episode_id, user_id, transaction_id, exposure_minor, balance_minor, currency,
                   transactions, event_time, detected_at, late, revealed_by, known_version, cause, kafka_topic, kafka_partition,
                   kafka_offset, partition_seq
              FROM spendwatch.alerts
             ORDER BY kafka_partition, partition_seq
            """)) {
      while (row.next()) {
        alerts.add(
            new StoredAlert(
                row.getString(1),
                row.getString(2),
                row.getString(3),
                row.getString(4),
                row.getString(5),
                row.getLong(6),
                row.getLong(7),
                row.getString(8),
                row.getInt(9),
                timeMs(row, 10),
                timeMs(row, 11),
                row.getBoolean(12),
                row.getString(13),
                row.getObject(14, Long.class),
                row.getString(15),
                row.getString(16),
                row.getInt(17),
                row.getLong(18),
                row.getLong(19)));
      }
    }
    return alerts;
  }

  private Map<String, Account> accounts() throws SQLException {
    Map<String, Account> accounts = new TreeMap<>();
    try (ResultSet row =
        statement.executeQuery(
            """
            SELECT user_id, username, currency, balance_minor, balance_version, last_version, as_of
              FROM spendwatch.accounts
            """)) {
      while (row.next()) {
        accounts.put(
            row.getString(1),
            new Account(
                row.getString(1),
                row.getString(2),
                row.getString(3),
                row.getLong(4),
                row.getLong(5),
                row.getLong(6),
                timeMs(row, 7)));
      }
    }
    return accounts;
  }

  private Map<String, List<Version>> versions() throws SQLException {
    Map<String, List<Version>> versions = new TreeMap<>();
    try (ResultSet row =
        statement.executeQuery(
            """
            SELECT user_id, balance_version, as_of, balance_minor, currency, closed_at, closed_version
              FROM spendwatch.account_versions
             ORDER BY as_of, balance_version
            """)) {
      while (row.next()) {
        versions
            .computeIfAbsent(row.getString(1), _ -> new ArrayList<>())
            .add(
                new Version(
                    row.getLong(2),
                    timeMs(row, 3),
                    row.getLong(4),
                    row.getString(5),
                    row.getObject(6) == null ? null : timeMs(row, 6),
                    row.getObject(7, Long.class)));
      }
    }
    return versions;
  }

  private Map<Integer, PipelineRow> pipelines() throws SQLException {
    Map<Integer, PipelineRow> pipelines = new TreeMap<>();
    try (ResultSet row =
        statement.executeQuery(
            """
            SELECT kafka_partition, epoch, stream_time, alert_seq, published_alert_seq, written_at, next_offset,
                   published_offset
              FROM spendwatch.pipelines
            """)) {
      while (row.next()) {
        pipelines.put(
            row.getInt(1),
            new PipelineRow(
                row.getLong(2),
                row.getObject(3) == null ? null : timeMs(row, 3),
                row.getLong(4),
                row.getLong(5),
                row.getObject(6, OffsetDateTime.class),
                row.getObject(7, Long.class),
                row.getObject(8, Long.class)));
      }
    }
    return pipelines;
  }

  private static long timeMs(ResultSet row, int column) throws SQLException {
    return EventTimes.toMs(row.getObject(column, OffsetDateTime.class));
  }

  @Override
  public void close() throws SQLException {
    connection.close();
    var _ = await(listening.close());
    var _ = database.close().toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
  }
}
