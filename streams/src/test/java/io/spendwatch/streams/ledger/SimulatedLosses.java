package io.spendwatch.streams.ledger;

import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Tables lost_records and rewinds of the {@link SimulatedPostgres}, and what their statements
 * promise.
 */
public final class SimulatedLosses {
  /** A row of table lost_records; {@code to} is null where nobody knows. */
  public record LostRecords(
      String topic, String topicId, int partition, long from, Long to, String reason) {}

  private final List<LostRecords> lostRecords = new ArrayList<>();

  /** Whether each is to be read again. */
  private final Map<List<Object>, Boolean> rewinds = new HashMap<>();

  private final SimulatedTransactions transactions;

  SimulatedLosses(SimulatedTransactions transactions) {
    this.transactions = transactions;
  }

  /** In the order in which they were noted. */
  List<LostRecords> all() {
    return List.copyOf(lostRecords);
  }

  /** Offset by offset. */
  RowSet<Row> recordLost(Tuple in) {
    String topic = in.getString(0);
    String topicId = in.getString(1);
    int partition = in.getInteger(2);
    List<LostRecords> before =
        lostRecords.stream()
            .filter(
                lost ->
                    lost.topic.equals(topic)
                        && lost.topicId.equals(topicId)
                        && lost.partition == partition)
            .toList();
    SimulatedRows rows = new SimulatedRows();
    long from = in.getLong(3);
    Long to = in.getLong(4);
    if (to == null && before.stream().anyMatch(lost -> lost.to == null)) {
      return rows;
    }
    long end = to != null ? to : before.stream().mapToLong(LostRecords::to).reduce(from, Math::max);
    Long begin = null;
    for (long offset = from; offset <= end; offset++) {
      long at = offset;
      boolean isLost =
          at < end
              && before.stream()
                  .noneMatch(lost -> at >= lost.from && (lost.to == null || at < lost.to))
              && !(transactions.hasFrom(partition, at) && at < in.getLong(8));
      if (isLost && begin == null) {
        begin = at;
      } else if (!isLost && begin != null && at < end) {
        note(rows, new LostRecords(topic, topicId, partition, begin, at, in.getString(5)));
        begin = null;
      }
    }
    if (to == null) {
      long open = begin == null ? end : begin;
      note(rows, new LostRecords(topic, topicId, partition, open, null, in.getString(5)));
    } else if (begin != null) {
      note(rows, new LostRecords(topic, topicId, partition, begin, end, in.getString(5)));
    }
    return rows;
  }

  private void note(SimulatedRows rows, LostRecords lost) {
    lostRecords.add(lost);
    rows.add(lost.from, lost.to);
  }

  RowSet<Row> recordRewind(Tuple in) {
    List<Object> rewind =
        List.of(in.getString(0), in.getString(1), in.getInteger(2), in.getLong(3), in.getLong(4));
    return new SimulatedRows().add(rewinds.merge(rewind, in.getBoolean(7), Boolean::logicalOr));
  }

  /** Only the command that rewinds writes any. */
  RowSet<Row> seenAlerts(Tuple in) {
    return new SimulatedRows();
  }
}
