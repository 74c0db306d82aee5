package io.spendwatch.ops.audit.explain;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Where a user has been at home, in order: in one partition for a user who never moved, whose
 * records are then assessed in the order of their offsets. Offsets of two partitions do not
 * compare: for a user who moved when the topic grew, arrivals are in the order of the stays first.
 *
 * @param moves the stays; empty for a user who never moved
 */
record Stays(List<Stay> moves) {
  static final Stays ONE = new Stays(List.of());

  /** More than the offsets that a partition will ever have. */
  private static final long PLACE = 1L << 42;

  /**
   * A stay: the offsets [from, to) of a partition.
   *
   * @param to the greatest number of all for the last stay in the partition
   */
  record Stay(int partition, long from, long to) {}

  /** A number that is greater for what arrived later; the offset, for a user who never moved. */
  long arrival(int partition, long offset) {
    for (int place = 0; place < moves.size(); place++) {
      Stay stay = moves.get(place);
      if (stay.partition == partition && offset >= stay.from && offset < stay.to) {
        return place * PLACE + offset;
      }
    }
    return offset;
  }

  /** That number of a row, in SQL. */
  String arrivalSql() {
    if (moves.isEmpty()) {
      return "kafka_offset";
    }
    var sql = new StringBuilder("(kafka_offset + CASE");
    for (int place = 0; place < moves.size(); place++) {
      Stay stay = moves.get(place);
      sql.append(
          String.format(
              Locale.ROOT,
              " WHEN kafka_partition = %d AND kafka_offset >= %d AND kafka_offset < %d THEN %d",
              stay.partition,
              stay.from,
              stay.to,
              place * PLACE));
    }
    return sql.append(" ELSE 0 END)").toString();
  }

  /** Which rows had arrived with this number, in SQL that people read. */
  String arrivedSql(long arrival) {
    if (moves.isEmpty()) {
      return "kafka_offset <= " + arrival;
    }
    int place = Math.clamp(Math.floorDiv(arrival, PLACE), 0, moves.size() - 1);
    List<String> conditions = new ArrayList<>();
    Stay last = moves.get(place);
    conditions.add(upTo(last, Math.min(last.to, arrival - place * PLACE + 1)));
    for (Stay earlier : moves.subList(0, place).reversed()) {
      conditions.add(upTo(earlier, earlier.to));
    }
    return "(" + String.join(" OR ", conditions) + ")";
  }

  private static String upTo(Stay stay, long end) {
    return end >= PLACE
        ? "kafka_partition = " + stay.partition
        : String.format(
            Locale.ROOT, "kafka_partition = %d AND kafka_offset <= %d", stay.partition, end - 1);
  }
}
