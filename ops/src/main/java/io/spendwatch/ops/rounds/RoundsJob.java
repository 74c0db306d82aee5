package io.spendwatch.ops.rounds;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.streams.base.PeriodicWork;
import io.spendwatch.streams.base.Timekeeper;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does rounds of the archive again and again, whenever one is due and no other node is at it, each
 * on a thread of its own. Thread-safe.
 */
public final class RoundsJob {
  private static final Logger LOG = LoggerFactory.getLogger(RoundsJob.class);

  /** Of a look whether one is due, which touches a row. */
  private static final Duration LOOK_INTERVAL = Duration.ofSeconds(5);

  /** Longer than any round takes: the first one of a large table copies years. */
  private static final Duration ROUND_MAX = Duration.ofDays(30);

  private final Rounds rounds;
  private final Duration every;
  private final Timekeeper time;
  private volatile boolean leaving;
  private volatile CompletableFuture<Done> current = CompletableFuture.completedFuture(Done.done());
  private String lastFailure = "";

  /**
   * @param every from the begin of a round to that of the next, of whichever node
   */
  public RoundsJob(Rounds rounds, Duration every, Timekeeper time) {
    this.rounds = rounds;
    this.every = every;
    this.time = time;
  }

  /**
   * Looks now and again, until cancelled; then the round that is under way ends where nothing is
   * half done.
   */
  public Cancellable start(ActorSystem<?> system) {
    Cancellable looking =
        PeriodicWork.start(
            system,
            "The rounds of the archive",
            Duration.ZERO,
            LOOK_INTERVAL,
            ROUND_MAX,
            this::lookApart);
    return new Cancellable() {
      @Override
      public boolean cancel() {
        leaving = true;
        return looking.cancel();
      }

      @Override
      public boolean isCancelled() {
        return looking.isCancelled();
      }
    };
  }

  /** Completes when no round is under way here. */
  public CompletionStage<Done> ended() {
    return current.copy();
  }

  /** Native code may hold the thread: it is one of the system's. */
  private CompletionStage<Done> lookApart() {
    var done = new CompletableFuture<Done>();
    current = done;
    time.startThread(
        "archive-rounds",
        () -> {
          try {
            look();
          } finally {
            done.complete(Done.done());
          }
        });
    return done;
  }

  private void look() {
    if (leaving) {
      return;
    }
    try {
      rounds
          .run(Optional.of(every), () -> !leaving)
          .ifPresent(
              ending ->
                  LOG.atInfo()
                      .addKeyValue("complete", ending.isComplete())
                      .log("A round of the archive has ended"));
      lastFailure = "";
    } catch (OperatorException e) {
      // Once per reason: it comes again with each look.
      if (!lastFailure.equals(e.getMessage())) {
        lastFailure = e.getMessage();
        LOG.atWarn()
            .addKeyValue("reason", e.getMessage())
            .log("A round of the archive could not be noted; it is tried again");
      }
    } catch (RuntimeException e) {
      // Connections may be closed by now; whoever has the next turn begins anew.
      if (!leaving) {
        LOG.error("A round of the archive has failed unexpectedly; it is tried again", e);
      }
    }
  }
}
