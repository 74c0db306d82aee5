package io.spendwatch.ops.capture.walk;

import io.spendwatch.ops.capture.config.CaptureConfig;
import io.spendwatch.ops.capture.walk.CaptureProgress.Figures;
import java.math.BigDecimal;
import java.time.Instant;

/**
 * How a capture is doing, at one moment.
 *
 * @param name of the capture
 * @param to where changes go: {@code kafka} or {@code warehouse}
 * @param source the business database, for people
 * @param state what it does
 * @param waitingFor what is missing; null unless it waits
 * @param rows changes of rows that this process has read
 * @param transactions that it has sent, and Kafka has
 * @param balances likewise
 * @param putAside dead letters likewise
 * @param applied changes of rows that it has written, and the warehouse has
 * @param lagRecords that were made of what was read, and Kafka does not have yet; of a warehouse
 *     changes of rows
 * @param lagMs how long ago the oldest part of that was committed, as far as it is known; while it
 *     waits, how long it has read nothing, at least
 * @param positionKeptAt when the place in the log was last kept; null for not yet
 */
public record CaptureStatus(
    String name,
    String to,
    String source,
    CaptureProgress.State state,
    String waitingFor,
    long rows,
    long transactions,
    long balances,
    long putAside,
    long applied,
    long lagRecords,
    long lagMs,
    Instant positionKeptAt) {

  public static CaptureStatus of(CaptureConfig config, CaptureProgress progress, long nowMs) {
    Figures figures = progress.now(nowMs);
    return new CaptureStatus(
        config.name(),
        config.to().toString(),
        config.source().toString(),
        figures.state(),
        figures.waitingFor().orElse(null),
        figures.rows(),
        figures.transactions(),
        figures.balances(),
        figures.putAside(),
        figures.applied(),
        figures.unacknowledged(),
        figures.behindMs(),
        figures.positionKeptMs().isPresent()
            ? Instant.ofEpochMilli(figures.positionKeptMs().getAsLong())
            : null);
  }

  /** Whether it reads the log. */
  public boolean isReady() {
    return switch (state) {
      case CAPTURING -> true;
      case STARTING, WAITING -> false;
    };
  }

  /** As Prometheus reads it, text format 0.0.4. */
  public String metrics() {
    var text = new StringBuilder(2048);
    add(text, "ready", "gauge", "1 while the log is read, else 0", isReady() ? "1" : "0");
    add(text, "rows_total", "counter", "changes of rows that were read", rows);
    header(text, "records_total", "counter", "records that were sent, and Kafka has");
    value(text, "records_total{kind=\"transaction\"}", Long.toString(transactions));
    value(text, "records_total{kind=\"balance\"}", Long.toString(balances));
    value(text, "records_total{kind=\"dead_letter\"}", Long.toString(putAside));
    add(text, "applied_rows_total", "counter", "changes of rows that the warehouse has", applied);
    add(
        text,
        "lag_records",
        "gauge",
        "records, or changes, of what was read that Kafka, or the warehouse, does not have yet",
        lagRecords);
    add(
        text,
        "lag_seconds",
        "gauge",
        "age of the last commit that was read while some of it is not there yet; while it waits,"
            + " since when",
        seconds(lagMs));
    if (positionKeptAt != null) {
      add(
          text,
          "position_timestamp_seconds",
          "gauge",
          "when the place in the log was last kept",
          seconds(positionKeptAt.toEpochMilli()));
    }
    return text.toString();
  }

  private static String seconds(long ms) {
    return BigDecimal.valueOf(ms, 3).toPlainString();
  }

  private static void add(StringBuilder text, String name, String type, String help, long value) {
    add(text, name, type, help, Long.toString(value));
  }

  private static void add(StringBuilder text, String name, String type, String help, String value) {
    header(text, name, type, help);
    value(text, name, value);
  }

  private static void header(StringBuilder text, String name, String type, String help) {
    text.append("# HELP spendwatch_capture_").append(name).append(' ').append(help).append('\n');
    text.append("# TYPE spendwatch_capture_").append(name).append(' ').append(type).append('\n');
  }

  private static void value(StringBuilder text, String name, String value) {
    text.append("spendwatch_capture_").append(name).append(' ').append(value).append('\n');
  }
}
