package io.spendwatch.ops.events.log;

import io.spendwatch.ops.alerts.AlertPosition;
import io.spendwatch.ops.alerts.AlertTail;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** Reads what the log does not have any more, or never had. Thread-safe. */
public interface CatchUp {

  /**
   * Alerts from somewhere.
   *
   * @param next where to go on
   * @param expired how many offsets the topic does not keep any more, Kafka's markers among them
   */
  record Chunk(List<AlertTail.Received> alerts, AlertPosition next, long expired) {}

  /** Some alerts from this place on. Does not block; fails where Kafka does not answer. */
  CompletionStage<Chunk> read(AlertPosition from);
}
