package io.spendwatch.streams.pipeline;

import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.partition.PartitionCommand;
import io.spendwatch.actors.partition.PartitionCommand.Assess;
import io.spendwatch.actors.partition.PartitionCommand.Assessed;
import io.spendwatch.actors.partition.PartitionCommand.Failed;
import io.spendwatch.actors.partition.PartitionCommand.Reply;
import io.spendwatch.actors.partition.PartitionCommand.Unavailable;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.life.PipelineLife;
import io.spendwatch.streams.life.PipelineMetrics.Server;
import io.spendwatch.streams.life.RetryReport;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;

/**
 * Asks a partition's actor for its assessment, again and again until it answers: an answer that
 * takes too long and a failing port look the same from here. For any thread.
 */
final class ExposureAssessor {

  /** The actor answered that it cannot answer now. */
  private static final class NotNow extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final String reason;

    NotNow(String reason) {
      super(reason, null, false, false);
      this.reason = reason;
    }
  }

  /** Our own code threw on the batch; where is in the log of the actor's node. */
  private static final class ActorFailed extends RuntimeException {
    private static final long serialVersionUID = 1;

    ActorFailed(String reason) {
      super(reason, null, false, false);
    }
  }

  private final ActorSystem<?> system;
  private final PipelineConfig config;
  private final Timekeeper time;

  ExposureAssessor(ActorSystem<?> system, PipelineConfig config, Timekeeper time) {
    this.system = system;
    this.config = config;
    this.time = time;
  }

  /**
   * Asks for one batch. At most one per life may be open.
   *
   * @param actor of this life
   * @return fails with {@link PipelineLife.Ended} when the life has ended meanwhile; with anything
   *     else when our own code failed on the batch
   */
  CompletionStage<Assessed> assess(
      PipelineLife life,
      ActorRef<PartitionCommand> actor,
      long sequence,
      long nowMs,
      long idleMs,
      boolean balancesPushed,
      long lastOffset,
      List<Received> transactions) {
    return Retry.start(
        () ->
            AskPattern.<PartitionCommand, Reply>ask(
                    actor,
                    replyTo ->
                        new Assess(
                            sequence,
                            nowMs,
                            idleMs,
                            balancesPushed,
                            lastOffset,
                            transactions,
                            replyTo),
                    config.askTimeout(),
                    system.scheduler())
                // Plain thenCompose would run on the common pool, whatever completes the answer.
                .thenComposeAsync(
                    reply -> assessed(reply, sequence, transactions.size()),
                    system.executionContext()),
        config.retry(),
        time,
        failure -> failure instanceof TimeoutException || failure instanceof NotNow,
        life::isLive,
        // The actor waits for nothing else.
        new RetryReport(life, Server.POSTGRES, ExposureAssessor::describe));
  }

  /** What the actor could not do has its reason with it, which names who is to blame. */
  private static String describe(Throwable failure) {
    return failure instanceof NotNow notNow ? notNow.reason : "actor: " + failure.getMessage();
  }

  private static CompletionStage<Assessed> assessed(Reply reply, long sequence, int transactions) {
    return switch (reply) {
      case Assessed answer -> {
        if (answer.sequence() != sequence || answer.assessments().size() != transactions) {
          yield CompletableFuture.failedFuture(
              new IllegalStateException(
                  String.format(
                      Locale.ROOT,
                      "asked for sequence %d, %d transactions, but %d, %d were answered",
                      sequence,
                      transactions,
                      answer.sequence(),
                      answer.assessments().size())));
        }
        yield CompletableFuture.completedFuture(answer);
      }
      case Unavailable(String reason) -> CompletableFuture.failedFuture(new NotNow(reason));
      case Failed(String reason) -> CompletableFuture.failedFuture(new ActorFailed(reason));
    };
  }
}
