package io.spendwatch.ops.salesmetrics;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.streams.base.PeriodicWork;
import io.spendwatch.streams.base.Timekeeper;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.pekko.Done;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes sales metrics again and again, within a part of the time that is bounded: {@code
 * busy-max} of each {@code interval} and that. Each node that is set to tries; one of them is at
 * it. A failure is no harm. Thread-safe.
 */
public final class SalesMetricsJob {
  private static final Logger LOG = LoggerFactory.getLogger(SalesMetricsJob.class);

  /** Longer than Kafka and PostgreSQL may take for a look before they are given up. */
  private static final Duration LOOK_MAX = Duration.ofMinutes(10);

  private final SalesMetricsPublisher publisher;
  private final SalesMetricsConfig config;
  private final SalesMetricsReport report;
  private final Timekeeper time;
  // Held by whoever uses the publisher.
  private final ReentrantLock using = new ReentrantLock();
  private boolean begun;
  private boolean leaving;
  private String lastReason = "";

  public SalesMetricsJob(
      SalesMetricsPublisher publisher,
      SalesMetricsConfig config,
      SalesMetricsReport report,
      Timekeeper time) {
    this.publisher = publisher;
    this.config = config;
    this.report = report;
    this.time = time;
  }

  /** Looks now and again, until cancelled; then its turn ends, so that another node goes on. */
  public Cancellable start(ActorSystem<?> system) {
    Cancellable looking =
        PeriodicWork.start(
            system,
            "The look for sales metrics to publish",
            Duration.ZERO,
            config.interval(),
            LOOK_MAX,
            () -> apart(this::look));
    return new Cancellable() {
      @Override
      public boolean cancel() {
        boolean isFirst = looking.cancel();
        var _ = apart(SalesMetricsJob.this::leave);
        return isFirst;
      }

      @Override
      public boolean isCancelled() {
        return looking.isCancelled();
      }
    };
  }

  private void look() {
    using.lock();
    try {
      if (leaving) {
        return;
      }
      if (!begun) {
        publisher.begin();
        begun = true;
      }
      long startedNanos = time.nanoTime();
      long records =
          publisher.publish(() -> time.nanoTime() - startedNanos < config.busyMax().toNanos());
      if (records > 0) {
        report.published(records);
      }
      report.waiting(publisher.waiting());
      lastReason = "";
    } catch (OperatorException e) {
      report.failed();
      // Once per reason: it comes again with each look.
      if (!lastReason.equals(e.getMessage())) {
        lastReason = e.getMessage();
        LOG.atWarn()
            .addKeyValue("reason", e.getMessage())
            .log("Sales metrics could not be published; the next look goes on from there");
      }
    } finally {
      using.unlock();
    }
  }

  private void leave() {
    using.lock();
    try {
      leaving = true;
      publisher.close();
    } catch (OperatorException e) {
      // Without the database the turn ends by itself.
      LOG.atDebug().addKeyValue("reason", e.getMessage()).log("The turn could not be given back");
    } finally {
      using.unlock();
    }
  }

  /** It waits for its servers: on a thread that nobody else waits for. */
  private static CompletionStage<Done> apart(Runnable work) {
    return CompletableFuture.supplyAsync(
        () -> {
          work.run();
          return Done.done();
        },
        run -> Thread.ofVirtual().name("sales-metrics").start(run));
  }
}
