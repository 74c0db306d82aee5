package io.spendwatch.ops.lab.bench.site;

import io.spendwatch.actors.exposure.Assessment;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.partition.PartitionActors;
import io.spendwatch.actors.partition.PartitionCommand;
import io.spendwatch.actors.partition.PartitionCommand.Assess;
import io.spendwatch.actors.partition.PartitionCommand.Assessed;
import io.spendwatch.actors.partition.PartitionCommand.Reply;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.AskPattern;

/**
 * One transaction for each user, through the partition actors, as the pipelines bring them: all
 * partitions at once, each a batch at a time. Nothing is written.
 */
public final class Touch {
  public static final long AMOUNT_MINOR = 100;

  /** What was right, for people. */
  public static final String CHECK = "each user's exposure right";

  private static final int BATCH = 500;
  private static final Duration ASK = Duration.ofSeconds(60);

  private final Installation on;
  private final PartitionActors actors;
  private final String prefix;
  private final int users;
  private final long exposureMinor;

  /**
   * @param prefix of the users' ids, which go from 1 to {@code users}
   * @param exposureMinor what each of them must come to
   */
  public Touch(
      Installation on, PartitionActors actors, String prefix, int users, long exposureMinor) {
    this.on = on;
    this.actors = actors;
    this.prefix = prefix;
    this.users = users;
    this.exposureMinor = exposureMinor;
  }

  /** Starts the actors and touches all users. Answers how long that took; the actors stay. */
  public Duration run() {
    long startNanos = System.nanoTime();
    CompletableFuture<?>[] partitions =
        IntStream.range(0, Installation.PARTITIONS)
            .mapToObj(
                partition ->
                    next(partition, actors.start(partition, _ -> true), 0).toCompletableFuture())
            .toArray(CompletableFuture<?>[]::new);
    CompletableFuture.allOf(partitions).join();
    return Duration.ofNanos(System.nanoTime() - startNanos);
  }

  private CompletionStage<Void> next(
      int partition, ActorRef<PartitionCommand> actor, int batchesBefore) {
    List<Received> batch = batch(partition, batchesBefore);
    if (batch.isEmpty()) {
      return CompletableFuture.completedFuture(null);
    }
    long nowMs = on.now().toEpochMilli();
    return AskPattern.<PartitionCommand, Reply>ask(
            actor,
            replyTo -> new Assess(batchesBefore + 1, nowMs, 0, true, batchesBefore, batch, replyTo),
            ASK,
            on.system().scheduler())
        .thenComposeAsync(
            reply -> {
              check(reply);
              return next(partition, actor, batchesBefore + 1);
            },
            on.system().executionContext());
  }

  /** The users of the partition are every eighth. */
  private List<Received> batch(int partition, int batchesBefore) {
    List<Received> batch = new ArrayList<>(BATCH);
    long atMs = on.now().toEpochMilli();
    for (int i = 0; i < BATCH; i++) {
      long user = 1 + partition + (long) Installation.PARTITIONS * (batchesBefore * BATCH + i);
      if (user > users) {
        break;
      }
      batch.add(
          new Received(
              new Transaction(
                  "touch-" + user,
                  prefix + user,
                  AMOUNT_MINOR,
                  "USD",
                  atMs,
                  TransactionKind.PURCHASE,
                  null,
                  null),
              user));
    }
    return batch;
  }

  private void check(Reply reply) {
    if (!(reply instanceof Assessed assessed)) {
      throw new OperatorException("not assessed: " + reply);
    }
    for (Assessment assessment : assessed.assessments()) {
      if (!(assessment instanceof Assessment.Stored stored)
          || stored.exposureMinor() != exposureMinor) {
        throw new OperatorException(
            String.format(
                Locale.ROOT,
                "assessed wrongly: %s instead of an exposure of %d",
                assessment,
                exposureMinor));
      }
    }
  }
}
