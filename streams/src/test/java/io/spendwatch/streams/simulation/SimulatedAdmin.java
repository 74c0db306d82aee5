package io.spendwatch.streams.simulation;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
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

  /** Served at one moment, some time after it is asked; the answer may be lost. */
  public CompletionStage<Set<String>> endHangingTransactions() {
    CompletableFuture<Set<String>> answer = new CompletableFuture<>();
    scheduler.after(
        Duration.ofNanos(weather.latencyNanos()),
        () -> {
          Set<String> ended = outage.isOn() ? null : kafka.endHangingTransactions();
          boolean lost = weather.fate("end hanging transactions") != Weather.Fate.FINE;
          scheduler.after(
              Duration.ofNanos(weather.latencyNanos()),
              () -> {
                if (ended == null || lost) {
                  deliver(() -> answer.completeExceptionally(new TimeoutException("no answer")));
                } else {
                  deliver(() -> answer.complete(ended));
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
