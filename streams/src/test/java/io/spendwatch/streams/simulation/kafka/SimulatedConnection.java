package io.spendwatch.streams.simulation.kafka;

import io.spendwatch.streams.simulation.scheduler.Outage;
import io.spendwatch.streams.simulation.scheduler.Scheduler;
import io.spendwatch.streams.simulation.scheduler.Weather;
import java.time.Duration;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.TimeoutException;

/** A client's blocking requests to the broker, on a simulated thread. */
final class SimulatedConnection {
  private static final Duration REQUEST = Duration.ofSeconds(1);

  private final Scheduler scheduler;
  private final Weather weather;
  private final Outage outage;

  /**
   * @param outage while it lasts the broker cannot be reached
   */
  SimulatedConnection(Scheduler scheduler, Weather weather, Outage outage) {
    this.scheduler = scheduler;
    this.weather = weather;
    this.outage = outage;
  }

  /**
   * One request.
   *
   * @throws TimeoutException when no answer came: it may have been served, or may still be
   */
  <T> T call(String what, Supplier<T> server) {
    sleep(weather.latencyNanos());
    if (outage.isOn()) {
      boolean back = scheduler.block(() -> !outage.isOn(), REQUEST.toNanos());
      if (!back) {
        throw new TimeoutException(what + ": no broker");
      }
    }
    Weather.Fate fate = weather.fate(what);
    switch (fate) {
      case FINE -> {
        T answer = server.get();
        sleep(weather.latencyNanos());
        return answer;
      }
      case ANSWER_LOST -> {
        try {
          var _ = server.get();
        } catch (RuntimeException e) {
          scheduler.trace().say(() -> what + ": a refusal got lost: " + e.getMessage());
        }
      }
      case SERVED_LATE ->
          scheduler.after(
              Duration.ofNanos(scheduler.some(REQUEST, REQUEST.multipliedBy(4))),
              () -> {
                try {
                  var _ = server.get();
                } catch (RuntimeException e) {
                  scheduler.trace().say(() -> what + ": late, refused: " + e.getMessage());
                }
              });
      case LOST, REFUSED -> {
        // Nothing arrived.
      }
    }
    sleep(REQUEST.toNanos());
    throw new TimeoutException(what + ": no answer");
  }

  /** Runs it when the client would give up. */
  void later(Runnable task) {
    scheduler.after(REQUEST, task);
  }

  void sleep(long nanos) {
    boolean _ = scheduler.block(() -> false, nanos);
  }
}
