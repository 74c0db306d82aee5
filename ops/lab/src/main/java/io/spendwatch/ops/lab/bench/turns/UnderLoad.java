package io.spendwatch.ops.lab.bench.turns;

import io.spendwatch.ops.lab.bench.load.Traffic;
import io.spendwatch.ops.lab.bench.site.Namespace;
import io.spendwatch.ops.lab.bench.site.Subscriber;
import java.time.Duration;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;

/**
 * A node that works: what takes part in each turn of a benchmark that has something beside
 * ingestion.
 *
 * @param traffic that it gets
 * @param ingestion how it keeps up
 * @param subscriber of its alerts
 */
public record UnderLoad(
    Namespace namespace, Traffic traffic, Ingestion ingestion, Subscriber subscriber) {

  /**
   * What became of a steady rate, and of its alerts.
   *
   * @param latencyMicros of each, from the intended sending to the readable alert
   * @param beside what has been done beside it
   */
  public record Seen<T>(Ingestion.Steady ingested, Histogram latencyMicros, T beside) {}

  /**
   * Sends at that rate for that time.
   *
   * @param who had to raise the alerts, for people
   * @param beside ends what is done beside it: asked once all is committed, before alerts are
   *     awaited
   */
  public <T> Seen<T> steady(String who, int perSecond, Duration time, Supplier<T> beside) {
    Histogram before = subscriber.awaitExact(who).latencyMicros();
    Ingestion.Steady ingested = ingestion.steady(perSecond, time);
    T done = beside.get();
    Histogram latencyMicros = subscriber.awaitExact(who).latencyMicros();
    latencyMicros.subtract(before);
    return new Seen<>(ingested, latencyMicros, done);
  }
}
