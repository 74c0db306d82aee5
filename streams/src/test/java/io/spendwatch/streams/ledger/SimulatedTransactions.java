package io.spendwatch.streams.ledger;

import io.spendwatch.streams.database.EventTimes;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.math.BigInteger;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Table transactions of the {@link SimulatedPostgres}, and what its statements promise. */
public final class SimulatedTransactions {
  /** A row of table transactions. */
  public record StoredTransaction(
      String userId,
      long eventTimeMs,
      String transactionId,
      String kind,
      long amountMinor,
      String currency,
      long exposureMinor,
      Long balanceMinor,
      Long balanceVersion,
      String verdict,
      Long knownVersion,
      int partition,
      long offset) {
    long signedMinor() {
      return kind.equals("REFUND") ? -amountMinor : amountMinor;
    }
  }

  private record Key(String userId, long eventTimeMs, String transactionId) {}

  private final Map<Key, StoredTransaction> rows = new LinkedHashMap<>();

  /** With which write each came, as ingested_at tells. */
  private final Map<Key, Long> written = new HashMap<>();

  private long writes;

  /** In the order in which they were first written. */
  List<StoredTransaction> all() {
    return List.copyOf(rows.values());
  }

  /** Whether one of them came from there. */
  boolean hasFrom(int partition, long offset) {
    return rows.values().stream()
        .anyMatch(row -> row.partition == partition && row.offset == offset);
  }

  /**
   * The part of a write that is about transactions.
   *
   * @param granted partitions that may write
   * @return how many rows are new, of each partition that has any
   */
  Map<Integer, Long> write(Tuple in, Set<Integer> granted) {
    Map<Integer, Long> counts = new HashMap<>();
    writes++;
    String[] userIds = in.getArrayOfStrings(10);
    for (int i = 0; i < userIds.length; i++) {
      int partition = in.getArrayOfIntegers(24)[i];
      if (!granted.contains(partition)) {
        continue;
      }
      StoredTransaction row =
          new StoredTransaction(
              userIds[i],
              EventTimes.toMs(in.getArrayOfOffsetDateTimes(11)[i]),
              in.getArrayOfStrings(12)[i],
              in.getArrayOfStrings(13)[i],
              in.getArrayOfLongs(14)[i],
              in.getArrayOfStrings(15)[i],
              in.getArrayOfLongs(18)[i],
              in.getArrayOfLongs(19)[i],
              in.getArrayOfLongs(20)[i],
              in.getArrayOfStrings(21)[i],
              in.getArrayOfLongs(23)[i],
              partition,
              in.getArrayOfLongs(22)[i]);
      Key key = key(in, i);
      if (rows.putIfAbsent(key, row) == null) {
        counts.merge(partition, 1L, Long::sum);
      }
      var _ = written.putIfAbsent(key, writes);
    }
    return counts;
  }

  /** Of a row of a write. */
  static Object keyOf(Tuple in, int row) {
    return key(in, row);
  }

  /** Whether a row of a write is there already. */
  boolean contains(Tuple in, int row) {
    return rows.containsKey(key(in, row));
  }

  private static Key key(Tuple in, int row) {
    return new Key(
        in.getArrayOfStrings(10)[row],
        EventTimes.toMs(in.getArrayOfOffsetDateTimes(11)[row]),
        in.getArrayOfStrings(12)[row]);
  }

  RowSet<Row> lastOffset(Tuple in) {
    return new SimulatedRows()
        .add(
            rows.values().stream()
                .filter(row -> row.partition == in.getInteger(0))
                .map(StoredTransaction::offset)
                .max(Comparator.naturalOrder())
                .orElse(null));
  }

  private long written(StoredTransaction row) {
    return written.get(new Key(row.userId, row.eventTimeMs, row.transactionId));
  }

  /** By event time, then in the order in which they were written. */
  private List<StoredTransaction> of(String userId) {
    return rows.values().stream()
        .filter(row -> row.userId.equals(userId))
        .sorted(
            Comparator.comparingLong(StoredTransaction::eventTimeMs)
                .thenComparingLong(this::written)
                .thenComparingLong(StoredTransaction::offset))
        .toList();
  }

  RowSet<Row> entries(Tuple in) {
    SimulatedRows found = new SimulatedRows();
    String[] userIds = in.getArrayOfStrings(0);
    List<String> ordered = new ArrayList<>(List.of(userIds));
    ordered.sort(Comparator.naturalOrder());
    for (String userId : ordered) {
      long fromMs =
          EventTimes.toMs(in.getArrayOfOffsetDateTimes(1)[List.of(userIds).indexOf(userId)]);
      List<StoredTransaction> known =
          of(userId).stream().filter(row -> row.eventTimeMs > fromMs).toList();
      if (!known.isEmpty()) {
        long latestMs = known.getLast().eventTimeMs;
        long reachMs =
            Math.min(Math.max(fromMs, latestMs - 2 * 86_400_000L), latestMs - 86_400_000L);
        of(userId).stream()
            .filter(row -> row.eventTimeMs > reachMs)
            .forEach(
                row ->
                    found.add(
                        userId,
                        row.transactionId,
                        EventTimes.toDatabase(row.eventTimeMs),
                        row.signedMinor(),
                        row.currency,
                        row.knownVersion != null
                            ? row.knownVersion
                            : row.balanceVersion == null ? 0L : row.balanceVersion));
      }
    }
    return found;
  }

  RowSet<Row> findStored(Tuple in) {
    SimulatedRows found = new SimulatedRows();
    for (int i = 0; i < in.getArrayOfStrings(0).length; i++) {
      String userId = in.getArrayOfStrings(0)[i];
      OffsetDateTime eventTime = in.getArrayOfOffsetDateTimes(1)[i];
      String transactionId = in.getArrayOfStrings(2)[i];
      if (rows.containsKey(new Key(userId, EventTimes.toMs(eventTime), transactionId))) {
        found.add(userId, eventTime, transactionId);
      }
    }
    return found;
  }

  RowSet<Row> sumExposures(Tuple in) {
    SimulatedRows found = new SimulatedRows();
    for (int i = 0; i < in.getArrayOfStrings(0).length; i++) {
      String currency = in.getArrayOfStrings(1)[i];
      long startMs = EventTimes.toMs(in.getArrayOfOffsetDateTimes(2)[i]);
      long endMs = EventTimes.toMs(in.getArrayOfOffsetDateTimes(3)[i]);
      BigInteger sum =
          of(in.getArrayOfStrings(0)[i]).stream()
              .filter(row -> row.eventTimeMs > startMs && row.eventTimeMs <= endMs)
              .filter(row -> row.currency.equals(currency))
              .map(row -> BigInteger.valueOf(row.signedMinor()))
              .reduce(BigInteger.ZERO, BigInteger::add);
      found.add(
          sum.max(BigInteger.valueOf(Long.MIN_VALUE))
              .min(BigInteger.valueOf(Long.MAX_VALUE))
              .longValue());
    }
    return found;
  }

  RowSet<Row> transactionIds(Tuple in) {
    SimulatedRows found = new SimulatedRows();
    for (int i = 0; i < in.getArrayOfStrings(0).length; i++) {
      long atMs = EventTimes.toMs(in.getArrayOfOffsetDateTimes(1)[i]);
      Object ids =
          of(in.getArrayOfStrings(0)[i]).stream()
              .filter(row -> row.eventTimeMs == atMs)
              .map(StoredTransaction::transactionId)
              .toArray(String[]::new);
      found.add(ids);
    }
    return found;
  }

  RowSet<Row> findActive(Tuple in) {
    SimulatedRows found = new SimulatedRows();
    for (int i = 0; i < in.getArrayOfStrings(0).length; i++) {
      String userId = in.getArrayOfStrings(0)[i];
      long sinceMs = EventTimes.toMs(in.getArrayOfOffsetDateTimes(1)[i]);
      if (of(userId).stream().anyMatch(row -> row.eventTimeMs > sinceMs - 86_400_000L)) {
        found.add(userId);
      }
    }
    return found;
  }
}
