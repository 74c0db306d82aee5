package io.spendwatch.ops.questions;

import io.spendwatch.actors.address.PartitionSharding;
import io.spendwatch.actors.exposure.CheckAnswer;
import io.spendwatch.actors.exposure.UserView;
import io.spendwatch.actors.exposure.UserWindow;
import io.spendwatch.actors.partition.PartitionQuery;
import io.spendwatch.actors.partition.PartitionQuery.By;
import io.spendwatch.actors.partition.PartitionQuery.Check;
import io.spendwatch.actors.partition.PartitionQuery.GetTop;
import io.spendwatch.actors.partition.PartitionQuery.GetUser;
import io.spendwatch.actors.partition.PartitionWindows;
import io.spendwatch.protocol.Partitioner;
import io.spendwatch.protocol.Transaction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.japi.function.Function;

/** In a node: asks the partitions of the whole cluster, through their shards. Thread-safe. */
public final class ClusterUsers implements Users {
  private final ActorSystem<?> system;
  private final PartitionSharding sharding;
  private final Partitioner partitioner;
  private final Supplier<OptionalInt> partitions;
  private final Duration timeout;

  /**
   * @param partitions how many the transactions have; empty while that is not known
   * @param timeout for the answer of a partition
   */
  public ClusterUsers(
      ActorSystem<?> system,
      PartitionSharding sharding,
      Partitioner partitioner,
      Supplier<OptionalInt> partitions,
      Duration timeout) {
    this.system = system;
    this.sharding = sharding;
    this.partitioner = partitioner;
    this.partitions = partitions;
    this.timeout = timeout;
  }

  @Override
  public CompletionStage<UserView> view(String userId) {
    return askHome(userId, replyTo -> new GetUser(userId, replyTo), timeout);
  }

  @Override
  public CompletionStage<CheckAnswer> check(Transaction transaction, Duration within) {
    return askHome(transaction.userId(), replyTo -> new Check(transaction, replyTo), within);
  }

  @Override
  public CompletionStage<TopUsers> top(By by, int limit) {
    int count = partitions.get().orElse(0);
    if (count == 0) {
      return CompletableFuture.failedFuture(new NotKnownYet());
    }
    CompletableFuture<List<PartitionWindows>> all =
        CompletableFuture.completedFuture(new ArrayList<>());
    for (int partition = 0; partition < count; partition++) {
      int asked = partition;
      // All are asked at once; only their answers are put together one after the other.
      all =
          all.thenCombine(
              AskPattern.<PartitionQuery, PartitionWindows>ask(
                      sharding.partition(asked),
                      replyTo -> new GetTop(by, limit, replyTo),
                      timeout,
                      system.scheduler())
                  .exceptionally(_ -> PartitionWindows.notConsumed(asked)),
              ClusterUsers::with);
    }
    return all.thenApply(answers -> merged(by, limit, answers));
  }

  private static List<PartitionWindows> with(List<PartitionWindows> answers, PartitionWindows one) {
    List<PartitionWindows> more = new ArrayList<>(answers);
    more.add(one);
    return more;
  }

  /** The first of them all. */
  static TopUsers merged(By by, int limit, List<PartitionWindows> answers) {
    List<UserWindow> users =
        answers.stream()
            .flatMap(answer -> answer.users().stream())
            .filter(user -> user.balance() != null)
            .sorted(
                Comparator.comparingDouble(
                        (UserWindow user) -> -by.rank(user.exposureMinor(), user.balance()))
                    .thenComparing(UserWindow::userId))
            .limit(limit)
            .toList();
    return new TopUsers(
        users,
        answers.stream()
            .filter(answer -> !answer.consumed())
            .map(PartitionWindows::partition)
            .toList());
  }

  /** A question to a partition that is none would make a shard for it, which stays. */
  private <T> CompletionStage<T> askHome(
      String userId, Function<ActorRef<T>, PartitionQuery> question, Duration within) {
    OptionalInt count = partitions.get();
    return count.isEmpty()
        ? CompletableFuture.failedFuture(new NotKnownYet())
        : AskPattern.ask(
            sharding.partition(partitioner.partitionOf(userId, count.getAsInt())),
            question,
            within,
            system.scheduler());
  }
}
