package io.spendwatch.streams.simulation.kafka;

import io.spendwatch.streams.simulation.scheduler.Host;
import io.spendwatch.streams.simulation.scheduler.Life;
import io.spendwatch.streams.simulation.scheduler.Outage;
import io.spendwatch.streams.simulation.scheduler.Scheduler;
import io.spendwatch.streams.simulation.scheduler.Weather;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/** A process's admin client. */
public final class SimulatedAdmin {
  private final Scheduler scheduler;
  private final SimulatedKafka kafka;
  private final Weather weather;
  private final Outage outage;
  private final Host host;
  private final Life life;

  public SimulatedAdmin(
      Scheduler scheduler,
      SimulatedKafka kafka,
      Weather weather,
      Outage outage,
      Host host,
      Life life) {
    this.scheduler = scheduler;
    this.kafka = kafka;
    this.weather = weather;
    this.outage = outage;
    this.host = host;
    this.life = life;
  }

  public CompletionStage<Set<String>> endHangingTransactions() {
    return ask("end hanging transactions", kafka::endHangingTransactions);
  }

  /** The ids of those of these topics that there are, by name. */
  public CompletionStage<Map<String, String>> topicIds(Set<String> names) {
    return ask("topic ids", () -> kafka.topicIds(names));
  }

  /** How many partitions the topic has. */
  public CompletionStage<Integer> partitions(String topic) {
    return ask("describe topic", () -> kafka.partitions(topic));
  }

  /** The ends of the first {@code partitions} partitions of the topic. */
  public CompletionStage<List<Long>> ends(String topic, int partitions) {
    return ask(
        "list offsets",
        () ->
            IntStream.range(0, partitions)
                .mapToObj(each -> kafka.end(new TopicPartition(topic, each)))
                .toList());
  }

  /** Served at one moment, some time after it is asked; the answer may be lost. */
  private <T> CompletionStage<T> ask(String what, Supplier<T> question) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    scheduler.after(
        Duration.ofNanos(weather.latencyNanos()),
        () -> {
          T served = outage.isOn() ? null : question.get();
          boolean lost = weather.fate(what) != Weather.Fate.FINE;
          scheduler.after(
              Duration.ofNanos(weather.latencyNanos()),
              () -> {
                if (served == null || lost) {
                  deliver(() -> answer.completeExceptionally(new TimeoutException("no answer")));
                } else {
                  deliver(() -> answer.complete(served));
                }
              });
        });
    return answer;
  }

  private void deliver(Runnable answer) {
    if (life.isAlive()) {
      host.add(answer);
    }
  }
}
