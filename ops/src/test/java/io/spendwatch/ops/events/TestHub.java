package io.spendwatch.ops.events;

import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.events.log.AlertFollower;
import io.spendwatch.ops.events.log.EventLog;
import io.spendwatch.ops.events.log.EventType;
import io.spendwatch.streams.base.Timekeeper;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.Cancellable;

/** A hub whose alert topic a test writes. */
public final class TestHub {
  private static final EventsConfig CONFIG =
      new EventsConfig(2, 16, Duration.ofMillis(1), Duration.ofMillis(100), Duration.ofSeconds(2));

  private final AtomicInteger clients = new AtomicInteger();
  private final AtomicLong lost = new AtomicLong();
  private final AtomicInteger watching = new AtomicInteger();
  private final EventLog log = new EventLog(CONFIG.kept());
  private final CountDownLatch ended = new CountDownLatch(1);
  private final EventHub hub =
      new EventHub(
          CONFIG,
          log,
          this::follow,
          _ -> new CompletableFuture<>(),
          _ -> watch(),
          new EventMetrics() {
            @Override
            public void clients(int count) {
              clients.set(count);
            }

            @Override
            public void lost(long events) {
              lost.addAndGet(events);
            }
          },
          Timekeeper.real(InstantSource.system()));

  /** Takes two clients at a time. */
  public EventHub hub() {
    return hub;
  }

  /** How many listen. */
  public int clients() {
    return clients.get();
  }

  long lost() {
    return lost.get();
  }

  /** How many look at the cluster. */
  int watching() {
    return watching.get();
  }

  EventLog log() {
    return log;
  }

  void alert(int partition, long offset) {
    log.alert(Sample.alert(partition, offset));
    hub.news(1);
  }

  void event(EventType type, String data) {
    log.event(type, data);
    hub.news(1);
  }

  void awaitFollowed() {
    await().until(() -> log.end() != null);
  }

  private void follow(EventLog followed, AlertFollower.Listeners listeners) {
    followed.follow(Sample.at(0, 0), Sample.at(0, 0));
    listeners.news(0);
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Cancellable watch() {
    watching.incrementAndGet();
    return new Cancellable() {
      private boolean cancelled;

      @Override
      public boolean cancel() {
        cancelled = true;
        watching.decrementAndGet();
        return true;
      }

      @Override
      public boolean isCancelled() {
        return cancelled;
      }
    };
  }
}
