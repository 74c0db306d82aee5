package io.spendwatch.ops.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Topics;
import io.spendwatch.protocol.Verdict;
import io.spendwatch.streams.life.PipelineMetrics;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.LongStream;

/**
 * Counts what the pipelines do. All of its series are there from the start, at zero, so that a
 * first rise is seen as one. Thread-safe; a call takes some tens of nanoseconds.
 */
final class HotPath implements PipelineMetrics {
  private static final Duration[] STAGE_BUCKETS =
      ms(1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000);
  private static final Duration[] ALERT_BUCKETS =
      ms(5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000);

  private final Map<Verdict, Counter> transactions;
  private final Counter duplicates;
  private final Map<AlertType, Counter> alerts;
  private final Map<AlertType, Counter> lateAlerts;
  private final Map<String, Map<DeadLetterReason, Counter>> deadLetters;
  private final DeadLetterUsers deadLetterUsers;
  private final Map<Stage, Timer> stages;
  private final Timer alertTime;
  private final Map<Server, Counter> retries;

  HotPath(MeterRegistry registry, Topics topics, DeadLetterUsers deadLetterUsers) {
    this.deadLetterUsers = deadLetterUsers;
    transactions =
        each(Verdict.class, verdict -> counter(registry, Metric.TRANSACTIONS, "verdict", verdict));
    duplicates = counter(registry, Metric.DUPLICATES);
    alerts = each(AlertType.class, type -> alerts(registry, type, false));
    lateAlerts = each(AlertType.class, type -> alerts(registry, type, true));
    deadLetters =
        Map.of(
            topics.transactions(), deadLetters(registry, topics.transactions()),
            topics.balances(), deadLetters(registry, topics.balances()));
    stages =
        each(
            Stage.class,
            stage ->
                Timer.builder(Metric.STAGE_TIME.id())
                    .description(Metric.STAGE_TIME.meaning())
                    .tag("stage", stage.label())
                    .serviceLevelObjectives(STAGE_BUCKETS)
                    .register(registry));
    alertTime =
        Timer.builder(Metric.ALERT_TIME.id())
            .description(Metric.ALERT_TIME.meaning())
            .serviceLevelObjectives(ALERT_BUCKETS)
            .register(registry);
    retries =
        each(
            Server.class,
            server ->
                counter(
                    registry, Metric.RETRIES, "server", server.name().toLowerCase(Locale.ROOT)));
  }

  @Override
  public void stored(Verdict verdict, long rows) {
    transactions.get(verdict).increment((double) rows);
  }

  @Override
  public void duplicates(long records) {
    duplicates.increment((double) records);
  }

  @Override
  public void alerted(AlertType type, boolean late, long afterMs) {
    (late ? lateAlerts : alerts).get(type).increment();
    if (afterMs >= 0) {
      alertTime.record(afterMs, TimeUnit.MILLISECONDS);
    }
  }

  @Override
  public void deadLetters(String topic, DeadLetterReason reason, long letters) {
    deadLetters.get(topic).get(reason).increment((double) letters);
  }

  /** No label has a user's id: these are for whom the node tells. */
  @Override
  public void deadLetterUsers(String topic, Map<String, Integer> lettersByUser) {
    deadLetterUsers.add(topic, lettersByUser);
  }

  @Override
  public void took(Stage stage, long nanos) {
    stages.get(stage).record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void failedTry(Server server) {
    retries.get(server).increment();
  }

  private static Counter alerts(MeterRegistry registry, AlertType type, boolean late) {
    return counter(registry, Metric.ALERTS, "type", type, "late", late);
  }

  private static Map<DeadLetterReason, Counter> deadLetters(MeterRegistry registry, String topic) {
    return each(
        DeadLetterReason.class,
        reason -> counter(registry, Metric.DEAD_LETTERS, "topic", topic, "reason", reason));
  }

  private static Counter counter(MeterRegistry registry, Metric metric, Object... tags) {
    return Counter.builder(metric.id())
        .description(metric.meaning())
        .tags(List.of(tags).stream().map(Object::toString).toArray(String[]::new))
        .register(registry);
  }

  private static <K extends Enum<K>, V> Map<K, V> each(Class<K> keys, Function<K, V> value) {
    Map<K, V> map = new EnumMap<>(keys);
    for (K key : keys.getEnumConstants()) {
      map.put(key, value.apply(key));
    }
    return map;
  }

  private static Duration[] ms(long... bounds) {
    return LongStream.of(bounds).mapToObj(Duration::ofMillis).toArray(Duration[]::new);
  }
}
