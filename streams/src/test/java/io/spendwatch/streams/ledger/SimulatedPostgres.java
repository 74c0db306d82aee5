package io.spendwatch.streams.ledger;

import io.spendwatch.streams.ledger.SimulatedAccounts.Account;
import io.spendwatch.streams.ledger.SimulatedAccounts.Version;
import io.spendwatch.streams.ledger.SimulatedAlerts.StoredAlert;
import io.spendwatch.streams.ledger.SimulatedLosses.LostRecords;
import io.spendwatch.streams.ledger.SimulatedPipelines.Pipeline;
import io.spendwatch.streams.ledger.SimulatedTransactions.StoredTransaction;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * What PostgreSQL promises for our statements, each by its text and its parameters, without the
 * SQL. Each takes effect whole, at one moment. What fences is read from the statement's text, so
 * that a statement without it does not fence here either. {@code SimulatedPostgresIT} holds it
 * against the real one. Here is which statement is whose, and the write that is of several tables;
 * a class for each group of tables has the rest.
 */
public final class SimulatedPostgres {
  private static final Map<String, String> SQL = new ConcurrentHashMap<>();

  private final Map<String, Function<Tuple, RowSet<Row>>> statements = new HashMap<>();
  private final Map<String, String> names = new HashMap<>();
  private final SimulatedPipelines pipelines = new SimulatedPipelines();
  private final SimulatedLayout layout = new SimulatedLayout(pipelines.all());
  private final SimulatedTransactions transactions = new SimulatedTransactions();
  private final SimulatedAlerts alerts = new SimulatedAlerts(layout);
  private final SimulatedLosses losses = new SimulatedLosses(transactions);
  private final SimulatedAccounts accounts;
  private final Set<LocalDate> days = new HashSet<>();
  private final Set<String> refused = new HashSet<>();

  /**
   * @param clock the server's, milliseconds
   * @param onAccountsChanged the trigger's notification
   */
  public SimulatedPostgres(LongSupplier clock, Consumer<Set<String>> onAccountsChanged) {
    this.accounts = new SimulatedAccounts(clock, onAccountsChanged);
    statement("claim_pipeline", this::claim);
    statement("hold_pipeline", pipelines::hold);
    statement("adopt_layout", layout::adopt);
    statement("read_layout", layout::read);
    statement("announce_growth", layout::announce);
    statement("begin_growth", layout::begin);
    statement("finish_growth", layout::finish);
    statement("read_progress", pipelines::progress);
    statement("forget_progress", _ -> new SimulatedRows());
    statement("write_transactions", in -> write("write_transactions", in));
    statement("write_ledger", in -> write("write_ledger", in));
    statement("write_again", in -> write("write_again", in));
    statement("ensure_partitions", this::ensurePartitions);
    statement("read_unpublished_alerts", alerts::unpublishedAlerts);
    statement("read_stream_time", pipelines::streamTime);
    statement("read_open_episodes", alerts::openEpisodes);
    statement("read_entries", transactions::entries);
    statement("read_episodes", alerts::episodes);
    statement("find_stored", transactions::findStored);
    statement("sum_exposures", transactions::sumExposures);
    statement("read_transaction_ids", transactions::transactionIds);
    statement("read_versions", accounts::readVersions);
    statement("read_versions_in_force", accounts::versionsInForce);
    statement("find_changes", accounts::findChanges);
    statement("walk_changes", accounts::walkChanges);
    statement("find_active", transactions::findActive);
    statement("apply_balances", accounts::applyBalances);
    statement("read_topic_id", pipelines::topicId);
    statement("adopt_topic", pipelines::adoptTopic);
    statement("record_lost", losses::recordLost);
    statement("find_last_offset", transactions::lastOffset);
    statement("record_rewind", losses::recordRewind);
    statement("read_seen_alerts", losses::seenAlerts);
    statement("read_balances_place", accounts::balancesPlace);
    statement("note_balances_place", accounts::noteBalancesPlace);
  }

  /** Runs a statement now, whole. */
  public RowSet<Row> run(String sql, Tuple parameters) {
    return statements.get(sql).apply(parameters);
  }

  /** The name of a statement. */
  public String name(String sql) {
    return names.get(sql);
  }

  public List<StoredTransaction> transactions() {
    return transactions.all();
  }

  /** In the order of their partitions' sequences. */
  public List<StoredAlert> alerts() {
    return alerts.all();
  }

  public Map<Integer, Pipeline> pipelines() {
    return pipelines.all();
  }

  /** In the order in which they were noted. */
  public List<LostRecords> lostRecords() {
    return losses.all();
  }

  public Map<String, Account> accounts() {
    return accounts.accounts();
  }

  /** The table refuses this transaction, whoever tries and however often. */
  public void refuse(String transactionId) {
    refused.add(transactionId);
  }

  /** All versions by user, of each in their order. */
  public Map<String, List<Version>> versions() {
    return accounts.versions();
  }

  /** All versions, in their order. */
  public List<Version> versions(String userId) {
    return accounts.versions(userId);
  }

  /** Writes an account as any writer may, with an as_of of its own. */
  public void putAccount(String userId, String currency, long balanceMinor, long asOfMs) {
    accounts.write(userId, currency, balanceMinor, asOfMs);
  }

  /**
   * Deletes an account.
   *
   * @param closedAtMs when that is, by the server's clock
   */
  public void removeAccount(String userId, long closedAtMs) {
    accounts.remove(userId, closedAtMs);
  }

  /** By how many partitions of the topic users have their homes. */
  public int partitionsInForce() {
    return layout.partitions();
  }

  /** As the command that makes the topic does. */
  public void adoptLayout(int partitions) {
    RowSet<Row> _ = layout.adopt(Tuple.of(partitions));
  }

  private void statement(String name, Function<Tuple, RowSet<Row>> promise) {
    String sql = SQL.computeIfAbsent(name, each -> RuleText.load(Ledger.class, each));
    statements.put(sql, promise);
    names.put(sql, name);
  }

  private RowSet<Row> claim(Tuple in) {
    if (!layout.isThere()) {
      return new SimulatedRows();
    }
    boolean raisesEpoch = SQL.get("claim_pipeline").contains("SET epoch = claim.epoch + 1");
    Pipeline pipeline = pipelines.claim(in.getInteger(0), raisesEpoch);
    return new SimulatedRows()
        .add(
            pipeline.epoch,
            layout.version(),
            layout.partitions(),
            layout.former(),
            layout.growingTo(),
            layout.marks());
  }

  /**
   * Of each partition in the statement all or nothing, and nothing of any where a value is bad.
   * Whether one of them takes the others with it is read from the text, too.
   */
  private RowSet<Row> write(String name, Tuple in) {
    boolean fences =
        SQL.get(name).contains("JOIN spendwatch.claims AS claim USING (kafka_partition, epoch)");
    Set<Integer> granted = pipelines.granted(in, fences);
    if (SQL.get(name).contains("cardinality($1)")
        && granted.size() < in.getArrayOfIntegers(0).length) {
      SimulatedRows nothing = new SimulatedRows();
      granted.forEach(partition -> nothing.add(partition, 0L, Long.MAX_VALUE));
      return nothing;
    }
    boolean staysAsWritten =
        SQL.get(name).contains("ON CONFLICT DO NOTHING\n  RETURNING kafka_partition");
    refuseBad(in, granted, staysAsWritten);
    pipelines.write(in, granted);
    Map<Integer, Long> transactionsOf = transactions.write(in, granted);
    Map<Integer, Long> alertsOf =
        name.equals("write_transactions") ? Map.of() : alerts.write(in, granted);
    SimulatedRows rows = new SimulatedRows();
    for (Integer partition : granted) {
      rows.add(
          partition,
          transactionsOf.getOrDefault(partition, 0L),
          alertsOf.getOrDefault(partition, 0L));
    }
    return rows;
  }

  /**
   * What PostgreSQL would not take.
   *
   * @param staysAsWritten whether it takes a row that is there already, and leaves it
   */
  private void refuseBad(Tuple in, Set<Integer> granted, boolean staysAsWritten) {
    String[] ids = in.getArrayOfStrings(12);
    Set<Object> before = new HashSet<>();
    for (int i = 0; i < ids.length; i++) {
      if (granted.contains(in.getArrayOfIntegers(24)[i])) {
        if (refused.contains(ids[i])) {
          throw new PgException("refused by plan", "ERROR", "22000", null);
        }
        if (!days.contains(in.getArrayOfOffsetDateTimes(11)[i].toLocalDate())) {
          throw new PgException("no partition of relation found for row", "ERROR", "23514", null);
        }
        boolean isThere =
            !before.add(SimulatedTransactions.keyOf(in, i)) || transactions.contains(in, i);
        if (isThere && !staysAsWritten) {
          throw new PgException("duplicate key value", "ERROR", "23505", null);
        }
      }
    }
  }

  private RowSet<Row> ensurePartitions(Tuple in) {
    for (OffsetDateTime instant : in.getArrayOfOffsetDateTimes(0)) {
      days.add(instant.toLocalDate());
    }
    return new SimulatedRows();
  }
}
