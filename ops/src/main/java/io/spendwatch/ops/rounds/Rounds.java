package io.spendwatch.ops.rounds;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.status.RoundsStatus.State;
import io.spendwatch.ops.storage.archive.RoundsConfig;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.Statements;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rounds of one process, which are those of nobody else at the same time: it takes the turn, renews
 * it while a round is under way, and ends the round where it was lost. For one thread, which must
 * not be one that others wait for, and which native code may hold.
 */
public final class Rounds {
  private static final Logger LOG = LoggerFactory.getLogger(Rounds.class);

  /** How often a turn is renewed before it would run out. */
  private static final int RENEWALS = 3;

  private final RoundsTable table;
  private final String holder;
  private final RoundsConfig config;
  private final Supplier<RoundSteps> steps;
  private final Round.Listener listener;
  private final Timekeeper time;

  /**
   * @param database may note rounds
   * @param holder by which people tell this process from others
   * @param steps opens those of a round
   * @param listener is told of each step
   */
  public Rounds(
      Statements database,
      String holder,
      RoundsConfig config,
      Supplier<RoundSteps> steps,
      Round.Listener listener,
      Timekeeper time) {
    this.table = new RoundsTable(database);
    this.holder = holder;
    this.config = config;
    this.steps = steps;
    this.listener = listener;
    this.time = time;
  }

  /**
   * Does one round.
   *
   * @param every only if one is due, which are so far apart; empty: in any case
   * @param goesOn asked now and then: when it is false, the round ends where nothing is half done
   * @return empty where none is due, somebody else is at one, or the turn was lost
   * @throws OperatorException if PostgreSQL cannot be asked; what the steps say is in the ending
   */
  public Optional<Round.Ending> run(Optional<Duration> every, BooleanSupplier goesOn) {
    long askedNanos = time.nanoTime();
    Optional<RoundsTable.Taken> taken = table.take(holder, config.lease(), every);
    if (taken.isEmpty()) {
      return Optional.empty();
    }
    if (taken.get().leftOpen()) {
      LOG.warn("Whoever was at the round of the archive before has not come back: it begins anew");
    }
    try (var held = new Held(taken.get().fence(), askedNanos);
        RoundSteps work = steps.get()) {
      held.keep();
      return Optional.of(
          new Round(
                  work.works(),
                  tries -> Duration.ofMillis(config.retry().delayMs(tries, time.random())),
                  this::tell)
              .run(
                  table.turn(taken.get().fence()),
                  () -> goesOn.getAsBoolean() && held.isCertain()));
    } catch (RoundTurn.LostException e) {
      LOG.atWarn()
          .addKeyValue("reason", e.getMessage())
          .log("The round of the archive is left to others");
      return Optional.empty();
    }
  }

  private void tell(RoundStep step, State state, String why) {
    var line =
        switch (state) {
          case FAILED -> LOG.atWarn();
          case NEVER, RUNNING, DONE, WAITING -> LOG.atInfo();
        };
    line.addKeyValue("step", step.word())
        .addKeyValue("state", state)
        .addKeyValue("reason", why)
        .log("A step of the round of the archive has ended");
    listener.ended(step, state, why);
  }

  /** That the turn is ours, as far as this process can tell without asking. */
  private final class Held implements AutoCloseable {
    private final long fence;
    private final AtomicLong renewedNanos;
    private final AtomicBoolean ended = new AtomicBoolean();
    private final AtomicBoolean lost = new AtomicBoolean();

    Held(long fence, long askedNanos) {
      this.fence = fence;
      this.renewedNanos = new AtomicLong(askedNanos);
    }

    /** Begins to renew it. */
    void keep() {
      time.schedule(config.lease().dividedBy(RENEWALS).toMillis(), this::renew);
    }

    private void renew() {
      if (ended.get() || lost.get()) {
        return;
      }
      long askedNanos = time.nanoTime();
      var _ =
          asked()
              .whenComplete(
                  (isOurs, failure) -> {
                    if (failure != null) {
                      LOG.atWarn()
                          .addKeyValue("reason", Retry.reason(failure))
                          .log("The turn at the round of the archive could not be renewed");
                    } else if (isOurs) {
                      renewedNanos.set(askedNanos);
                    } else {
                      lost.set(true);
                    }
                    keep();
                  });
    }

    private CompletionStage<Boolean> asked() {
      try {
        return table.renew(fence, config.lease());
      } catch (RuntimeException e) {
        // Connections that are closed say so at once; it would be the last time.
        return CompletableFuture.failedStage(e);
      }
    }

    /** While the time is not over that was granted, counted from before it was asked for. */
    boolean isCertain() {
      return !lost.get() && time.nanoTime() - renewedNanos.get() < config.lease().toNanos();
    }

    @Override
    public void close() {
      ended.set(true);
    }
  }
}
