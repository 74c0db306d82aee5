package io.spendwatch.ops.audit;

import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a run assesses of one partition: the offsets [from, to).
 *
 * @param to the group's committed offset, read before the tables were: everything below it is
 *     durable and published, so what is missing is missing
 * @param fromSeq the number of the last alert that was assessed before
 * @param streamTime that was reached there, as the server writes it; null for none
 */
record Span(int partition, long from, long to, long fromSeq, String streamTime) {

  long offsets() {
    return to - from;
  }

  /** Which rows of {@code transactions AS t} are in these spans; the table's BRIN finds them so. */
  static String condition(Collection<Span> spans) {
    String any =
        spans.stream()
            .filter(span -> span.offsets() > 0)
            .map(span -> span.condition())
            .collect(Collectors.joining(" OR "));
    return any.isEmpty() ? "false" : "(" + any + ")";
  }

  /**
   * Which rows of {@code transactions AS t} have offsets that their partitions have not reached.
   *
   * @param ends of each partition, the offset that is written next
   */
  static String beyond(Map<Integer, Long> ends) {
    // Without an end for offsets alone: a condition that all partitions share is looked for first.
    return ends.entrySet().stream()
        .map(
            end ->
                String.format(
                    Locale.ROOT,
                    "(t.kafka_offset >= %d AND %s)",
                    end.getValue(),
                    positions(end.getKey(), end.getValue(), end.getKey() + 1, 0)))
        .collect(Collectors.joining(" OR ", "(", ")"));
  }

  /** By offset, for what the planner knows of a table; by both, for what the index tells apart. */
  private String condition() {
    return String.format(
        Locale.ROOT,
        "(t.kafka_offset >= %d AND t.kafka_offset < %d AND %s)",
        from,
        to,
        positions(partition, from, partition, to));
  }

  private static String positions(int partition, long offset, int toPartition, long toOffset) {
    return String.format(
        Locale.ROOT,
        "spendwatch.record_position(t.kafka_partition, t.kafka_offset) >= spendwatch.record_position(%d, %d)"
            + " AND spendwatch.record_position(t.kafka_partition, t.kafka_offset) < spendwatch.record_position(%d, %d)",
        partition,
        offset,
        toPartition,
        toOffset);
  }

  /** As rows of VALUES. */
  static String values(Collection<Span> spans) {
    return spans.stream()
        .map(
            span ->
                String.format(
                    Locale.ROOT,
                    "(%d, %d, %d, %d, %s::timestamptz)",
                    span.partition,
                    span.from,
                    span.to,
                    span.fromSeq,
                    span.streamTime == null ? "NULL" : "'" + span.streamTime + "'"))
        .collect(Collectors.joining(", "));
  }
}
