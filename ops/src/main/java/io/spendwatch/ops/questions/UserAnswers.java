package io.spendwatch.ops.questions;

import io.spendwatch.actors.exposure.UserView;
import io.spendwatch.actors.partition.AbsentUser;
import io.spendwatch.actors.ports.History;
import io.spendwatch.ops.questions.UserDetails.Details;
import io.spendwatch.protocol.Partitioner;
import java.time.InstantSource;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * How one user stands, wherever that is known: by the user's actor, through the cluster; where it
 * does not answer, by the tables. Thread-safe, blocks nobody.
 */
public final class UserAnswers {

  /** An alert that is on its way to the tables is there within some of these. */
  private static final int DETAILS_TRIES = 4;

  private static final int DETAILS_PAUSE_MS = 50;

  private final Users users;
  private final History history;
  private final UserDetails details;
  private final Partitioner partitioner;
  private final Supplier<OptionalInt> partitions;
  private final Executor executor;
  private final InstantSource clock;

  /**
   * @param partitions how many the transactions have; empty while that is not known
   * @param executor where windows of users who are read are built
   */
  public UserAnswers(
      Users users,
      History history,
      UserDetails details,
      Partitioner partitioner,
      Supplier<OptionalInt> partitions,
      Executor executor,
      InstantSource clock) {
    this.users = users;
    this.history = history;
    this.details = details;
    this.partitioner = partitioner;
    this.partitions = partitions;
    this.executor = executor;
    this.clock = clock;
  }

  /**
   * This one; empty for who has neither an account nor transactions. Fails where nobody can tell.
   */
  public CompletionStage<Optional<UserAnswer>> of(String userId) {
    return users
        .view(userId)
        .exceptionally(_ -> UserView.unavailable(userId))
        .thenCompose(
            view ->
                view.source() == null
                    ? fromTables(userId)
                    : CompletableFuture.completedFuture(view))
        .thenCompose(this::answer);
  }

  private CompletionStage<UserView> fromTables(String userId) {
    OptionalInt count = partitions.get();
    return (count.isEmpty()
            // As of the user's own latest transaction: better than nothing.
            ? AbsentUser.view(userId, Long.MIN_VALUE, history, executor)
            : AbsentUser.view(
                userId, partitioner.partitionOf(userId, count.getAsInt()), history, executor))
        .thenApply(
            view -> {
              if (view.source() == null) {
                throw new IllegalStateException("the user cannot be read just now");
              }
              return view;
            });
  }

  private CompletionStage<Optional<UserAnswer>> answer(UserView view) {
    long nowMs = clock.millis();
    CompletionStage<Optional<String>> currency =
        view.balance() == null && view.entries() == 0
            // An account may have gone, and transactions be of long ago.
            ? details
                .lastCurrency(view.userId())
                .thenApply(last -> view.currency() == null ? last : last.map(_ -> view.currency()))
            : CompletableFuture.completedFuture(Optional.of(view.currency()));
    return currency.thenCompose(
        known ->
            known.isEmpty()
                ? CompletableFuture.completedFuture(Optional.empty())
                : details(view, DETAILS_TRIES)
                    .thenApply(read -> Optional.of(UserAnswer.of(view, read, known.get(), nowMs))));
  }

  /** The actor may be ahead of the tables by a batch. */
  private CompletionStage<Details> details(UserView view, int tries) {
    return details
        .of(view.userId(), view.openEpisodeId())
        .thenCompose(
            read ->
                view.openEpisodeId() == null || read.opening() != null || tries == 1
                    ? CompletableFuture.completedFuture(read)
                    : CompletableFuture.supplyAsync(
                            () -> tries - 1,
                            CompletableFuture.delayedExecutor(
                                DETAILS_PAUSE_MS, TimeUnit.MILLISECONDS, executor))
                        .thenCompose(left -> details(view, left)));
  }
}
