package io.spendwatch.actors.partition;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.actors.exposure.ExposureWindow;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.partition.PartitionCommand.Assess;
import io.spendwatch.actors.partition.PartitionCommand.Assessed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The way of a transaction through the actors, as a pipeline takes it: a batch is asked of each
 * partition's actor, which hands it on to the actors of its users and gathers their assessments.
 * Making the batches counts; reading and writing do not.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class ActorPathBenchmark {
  private static final int PARTITIONS = 8;
  private static final int BATCH = 500;
  private static final int ENTRIES = 50;
  private static final Duration ASK = Duration.ofSeconds(30);

  @Param({"10000", "100000"})
  int users;

  private ActorSystem<Void> system;
  private List<ActorRef<PartitionCommand>> actors;
  private String[] userIds;
  private int[] order;
  private int next;
  private long sequence;
  private long number;

  @Setup(Level.Trial)
  public void start() {
    system =
        ActorSystem.create(
            Behaviors.empty(),
            "benchmark",
            ConfigFactory.parseString("pekko { actor.provider = local, loglevel = WARNING }")
                .withFallback(ConfigFactory.load()));
    var node =
        new PartitionActors(
            system,
            new PartitionDependencies(
                "transactions",
                users,
                Long.MAX_VALUE,
                500,
                10_000,
                100_000,
                8,
                1_000,
                0,
                new BenchmarkData.Ample(),
                new BenchmarkData.Blank()));
    actors = new ArrayList<>();
    for (int partition = 0; partition < PARTITIONS; partition++) {
      actors.add(node.start(partition, _ -> true));
    }
    userIds = new String[users];
    for (int user = 0; user < users; user++) {
      userIds[user] = BenchmarkData.userId(user);
    }
    order = BenchmarkData.users(users / PARTITIONS);
    // Everybody is awake before it is measured.
    while (number < 3L * users) {
      long _ = batchOfEachPartition();
    }
  }

  @TearDown(Level.Trial)
  public void stop() {
    system.terminate();
  }

  @Benchmark
  @OperationsPerInvocation(PARTITIONS * BATCH)
  public long batchOfEachPartition() {
    sequence++;
    List<CompletableFuture<PartitionCommand.Reply>> replies = new ArrayList<>(PARTITIONS);
    for (int partition = 0; partition < PARTITIONS; partition++) {
      List<Received> batch = batch(partition);
      replies.add(
          AskPattern.<PartitionCommand, PartitionCommand.Reply>ask(
                  actors.get(partition),
                  replyTo ->
                      new Assess(sequence, BenchmarkData.START_MS, 0, true, number, batch, replyTo),
                  ASK,
                  system.scheduler())
              .toCompletableFuture());
    }
    long assessed = 0;
    for (CompletableFuture<PartitionCommand.Reply> reply : replies) {
      assessed += ((Assessed) reply.join()).assessments().size();
    }
    if (assessed != PARTITIONS * BATCH) {
      throw new IllegalStateException(assessed + " assessed");
    }
    return assessed;
  }

  /** Of users that are the partition's, in the order of time. */
  private List<Received> batch(int partition) {
    List<Received> batch = new ArrayList<>(BATCH);
    for (int i = 0; i < BATCH; i++) {
      int user = partition + PARTITIONS * order[next];
      next = next + 1 == order.length ? 0 : next + 1;
      number++;
      long atMs = BenchmarkData.START_MS + number * ExposureWindow.WINDOW_MS / ENTRIES / users;
      batch.add(BenchmarkData.purchase(number, userIds[user], atMs));
    }
    return batch;
  }
}
