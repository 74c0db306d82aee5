package io.spendwatch.ops.capture.comparison;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.audit.source.SourceFinding;
import io.spendwatch.ops.capture.config.CaptureConfig;
import io.spendwatch.ops.capture.source.BusinessDatabase;
import io.spendwatch.ops.capture.source.TableReader;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.Money;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.capture.Attribution;
import io.spendwatch.streams.capture.Attribution.RowKey;
import io.spendwatch.streams.capture.Attribution.Share;
import io.spendwatch.streams.capture.BalanceClock;
import io.spendwatch.streams.capture.Captured;
import io.spendwatch.streams.capture.Captured.OfBalance;
import io.spendwatch.streams.capture.Captured.OfTransaction;
import io.spendwatch.streams.capture.Captured.PutAside;
import io.spendwatch.streams.capture.ChangeMapper;
import io.spendwatch.streams.capture.change.Change;
import io.spendwatch.streams.capture.change.LogPosition;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One look at both databases: the business database first, so that what came since is not missing
 * there. Memory: 32 bytes a row, and what differs, up to a bound. For one thread.
 */
final class SourceLook {
  /** Rows that are told apart. */
  private static final int DETAILS_MAX = 10_000;

  private static final int FETCH_ROWS = 5_000;

  private static final String TRANSACTIONS =
      """
      SELECT transaction_id, user_id, amount_minor, currency,
             (extract(epoch FROM event_time) * 1000)::bigint, kind::text, original_transaction_id
        FROM spendwatch.transactions
      """;

  private static final String ACCOUNTS =
      "SELECT user_id, balance_minor, currency FROM spendwatch.accounts";

  private final CaptureConfig config;
  private final BusinessDatabase database;
  private final long horizonMs;
  private final Optional<LongSums> before;
  private final Attribution attribution;
  private final LongSums differences = new LongSums();
  private final Map<RowKey, Entry> entries = new LinkedHashMap<>();
  private final Map<String, AccountEntry> accountEntries = new LinkedHashMap<>();
  private boolean more;
  private long rows;
  private long accounts;
  private long transactions;
  private long putAside;
  private long expired;
  private long outlived;

  /** What there is of one row, at both ends. */
  static final class Entry {
    private final Share share;
    private final String userId;
    private Optional<String> table = Optional.empty();
    private boolean isHere;
    private long thereSum;
    private long hereSum;

    private Entry(Share share, String userId) {
      this.share = share;
      this.userId = userId;
    }

    RowKey row() {
      return share.row();
    }

    /** As the mapping names it; null where it has no such row. */
    String table() {
      return table.orElse(null);
    }

    String userId() {
      return userId;
    }

    /** Whether the sums are of amounts, minor units; else of how often it was sent. */
    boolean amounts() {
      return share.amounts();
    }

    boolean isThere() {
      return table.isPresent();
    }

    boolean isHere() {
      return isHere;
    }

    long thereSum() {
      return thereSum;
    }

    long hereSum() {
      return hereSum;
    }
  }

  /** An account, as both ends tell of it; null where one does not. */
  private static final class AccountEntry {
    private String table;
    private String there;
    private String here;
  }

  /**
   * Looks at nothing yet.
   *
   * @param horizonMs what is before it is left out
   * @param before by how much rows differed when they were looked at first: what differs as it did
   *     is told in detail
   */
  SourceLook(
      CaptureConfig config, BusinessDatabase database, long horizonMs, Optional<LongSums> before) {
    this.config = config;
    this.database = database;
    this.horizonMs = horizonMs;
    this.before = before;
    this.attribution = new Attribution(config.mapping());
  }

  /**
   * Reads both. Blocks.
   *
   * @param role to have at ours; empty for the user's own
   * @throws OperatorException if a database refuses, or is away
   */
  void take(PostgresAddress ours, String role) {
    try {
      readSource();
    } catch (SQLException e) {
      throw new OperatorException(config.source() + ": " + e.getMessage(), e);
    }
    try (Connection connection = ours.connect("spendwatch audit --source")) {
      connection.setAutoCommit(false);
      connection.setReadOnly(true);
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      try (Statement statement = connection.createStatement()) {
        if (!role.isEmpty()) {
          statement.execute("SET ROLE \"" + role.replace("\"", "\"\"") + "\"");
        }
        statement.setFetchSize(FETCH_ROWS);
        readOurs(statement);
      }
    } catch (SQLException e) {
      throw new OperatorException(ours + ": " + e.getMessage(), e);
    }
  }

  private void readSource() throws SQLException {
    // One instant after the other: since when a balance holds is not asked here, and the clock
    // remembers the users of an instant.
    long[] instantMs = {1};
    var mapper = new ChangeMapper(config.mapping(), new BalanceClock(BalanceClock.State.INITIAL));
    new TableReader(database, config.source().product())
        .read(
            config.mapping(),
            (table, row) -> {
              var at = new LogPosition("now", 0, instantMs[0]++);
              for (Captured captured : mapper.map(new Change.Snapshotted(table, row, at))) {
                switch (captured) {
                  case OfTransaction(Transaction transaction) -> there(table, transaction);
                  case OfBalance(Balance balance) -> there(table, balance);
                  case PutAside _ -> putAside++;
                }
              }
            });
  }

  private void there(String table, Transaction transaction) {
    if (transaction.eventTimeMs() < horizonMs) {
      expired++;
      return;
    }
    rows++;
    Share share =
        attribution
            .of(transaction)
            .orElseThrow(() -> new IllegalStateException("an id that its template cannot make"));
    differences.add(hash(share.row()), share.adds());
    entry(share, transaction)
        .ifPresent(
            entry -> {
              entry.table = Optional.of(table);
              entry.thereSum += share.adds();
            });
  }

  private void there(String table, Balance balance) {
    accounts++;
    long key = hash(balance.userId());
    differences.add(key, hash(balance.balanceMinor(), balance.currency()));
    accountEntry(balance.userId(), key)
        .ifPresent(
            entry -> {
              entry.table = table;
              entry.there = text(balance.balanceMinor(), balance.currency());
            });
  }

  private void readOurs(Statement statement) throws SQLException {
    try (ResultSet found = statement.executeQuery(TRANSACTIONS)) {
      while (found.next()) {
        here(
            new Transaction(
                found.getString(1),
                found.getString(2),
                found.getLong(3),
                found.getString(4),
                found.getLong(5),
                TransactionKind.valueOf(found.getString(6)),
                null,
                found.getString(7)));
      }
    }
    try (ResultSet found = statement.executeQuery(ACCOUNTS)) {
      while (found.next()) {
        here(found.getString(1), found.getLong(2), found.getString(3));
      }
    }
  }

  private void here(Transaction transaction) {
    Optional<Share> found = attribution.of(transaction);
    if (found.isEmpty()) {
      return;
    }
    if (transaction.eventTimeMs() < horizonMs) {
      expired++;
      return;
    }
    transactions++;
    Share share = found.get();
    long key = hash(share.row());
    if (share.mayOutliveRow() && !differences.has(key)) {
      outlived += share.adds() == 0 ? 0 : 1;
      return;
    }
    differences.add(key, -share.adds());
    entry(share, transaction)
        .ifPresent(
            entry -> {
              entry.isHere = true;
              entry.hereSum += share.adds();
            });
  }

  /** Of an account that is gone there, the last balance stays in force. */
  private void here(String userId, long balanceMinor, String currency) {
    long key = hash(userId);
    if (differences.has(key)) {
      differences.add(key, -hash(balanceMinor, currency));
      accountEntry(userId, key).ifPresent(entry -> entry.here = text(balanceMinor, currency));
    }
  }

  private Optional<Entry> entry(Share share, Transaction transaction) {
    if (!differedBefore(hash(share.row()))) {
      return Optional.empty();
    }
    Entry entry = entries.get(share.row());
    if (entry == null) {
      if (entries.size() >= DETAILS_MAX) {
        more = true;
        return Optional.empty();
      }
      entry = new Entry(share, transaction.userId());
      entries.put(share.row(), entry);
    }
    return Optional.of(entry);
  }

  private Optional<AccountEntry> accountEntry(String userId, long key) {
    if (!differedBefore(key)) {
      return Optional.empty();
    }
    AccountEntry entry = accountEntries.get(userId);
    if (entry == null) {
      if (accountEntries.size() >= DETAILS_MAX) {
        more = true;
        return Optional.empty();
      }
      entry = new AccountEntry();
      accountEntries.put(userId, entry);
    }
    return Optional.of(entry);
  }

  private boolean differedBefore(long key) {
    return before.map(sums -> sums.sum(key) != 0).orElse(false);
  }

  /** Whether it differs, as it did before. */
  private boolean stillDiffers(long key) {
    return differences.sum(key) != 0
        && before.map(sums -> sums.sum(key) == differences.sum(key)).orElse(false);
  }

  /** By how much rows and accounts differ. */
  LongSums differences() {
    return differences;
  }

  /** Rows that differ as they did before. */
  Collection<Entry> entries() {
    return entries.values().stream().filter(entry -> stillDiffers(hash(entry.row()))).toList();
  }

  /** Accounts likewise. */
  List<SourceFinding> balances() {
    List<SourceFinding> findings = new ArrayList<>();
    accountEntries.forEach(
        (userId, entry) -> {
          if (stillDiffers(hash(userId))) {
            findings.add(
                new SourceFinding(
                    SourceFinding.Kind.BALANCE,
                    entry.table,
                    null,
                    userId,
                    entry.there,
                    entry.here == null ? "nothing" : entry.here,
                    "the newest balance has not arrived, something else has set it since, or the"
                        + " table has several rows of this user"));
          }
        });
    return findings;
  }

  /** Whether some that differ were not told apart. */
  boolean hasMore() {
    return more;
  }

  long rows() {
    return rows;
  }

  long accounts() {
    return accounts;
  }

  long transactions() {
    return transactions;
  }

  long putAside() {
    return putAside;
  }

  long expired() {
    return expired;
  }

  long outlived() {
    return outlived;
  }

  private static String text(long minor, String currency) {
    return Money.format(minor, currency) + " " + currency;
  }

  /** 64 bits: among ten million rows two are alike once in some hundred thousand audits. */
  private static long hash(RowKey row) {
    return Hash64.mixed(
        Hash64.fold(Hash64.fold(Hash64.fold(1, row.rowId()), row.userId()), row.currency())
            ^ row.eventTimeMs());
  }

  /** Of an account's user. */
  private static long hash(String userId) {
    return Hash64.fold(2, userId);
  }

  /** Of what an account has; not 0, so that an account with nothing is something. */
  private static long hash(long balanceMinor, String currency) {
    return Hash64.mixed(Hash64.fold(3, currency) ^ balanceMinor) | 1;
  }
}
