package io.spendwatch.ops.audit;

import java.util.Collection;
import java.util.Locale;
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

  /** Which rows of {@code transactions AS t} are in these spans. */
  static String condition(Collection<Span> spans) {
    String any =
        spans.stream()
            .filter(span -> span.offsets() > 0)
            .map(
                span ->
                    String.format(
                        Locale.ROOT,
                        "(t.kafka_partition = %d AND t.kafka_offset >= %d AND t.kafka_offset < %d)",
                        span.partition,
                        span.from,
                        span.to))
            .collect(Collectors.joining(" OR "));
    return any.isEmpty() ? "false" : "(" + any + ")";
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
