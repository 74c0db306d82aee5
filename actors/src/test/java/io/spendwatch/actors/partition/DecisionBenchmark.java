package io.spendwatch.actors.partition;

import io.spendwatch.actors.exposure.Assessment;
import io.spendwatch.actors.exposure.ExposureWindow;
import io.spendwatch.actors.exposure.Facts;
import io.spendwatch.actors.exposure.Transition;
import io.spendwatch.actors.exposure.UserExposure;
import io.spendwatch.actors.ports.History.UserHistory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The decision alone, without messages: window, duplicates, rule, episodes; one thread. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class DecisionBenchmark {
  private static final int ENTRIES = 50;

  @Param({"1000", "100000"})
  int users;

  private final List<Transition> transitions = new ArrayList<>();
  private UserExposure[] exposures;
  private int[] order;
  private long[] latestMs;
  private int next;
  private long number;

  @Setup(Level.Trial)
  public void fill() {
    exposures = new UserExposure[users];
    latestMs = new long[users];
    order = BenchmarkData.users(users);
    for (int user = 0; user < users; user++) {
      var history = new UserHistory(List.of(BenchmarkData.BALANCE), 0, List.of(), List.of());
      latestMs[user] = BenchmarkData.START_MS;
      exposures[user] =
          UserExposure.restored(
              BenchmarkData.userId(user), history, 0, BenchmarkData.START_MS, transitions);
      for (int i = 0; i < 2 * ENTRIES; i++) {
        Assessment _ = assess(user);
      }
    }
  }

  @Benchmark
  public Assessment inOrder() {
    int user = order[next];
    next = next + 1 == order.length ? 0 : next + 1;
    return assess(user);
  }

  private Assessment assess(int user) {
    long atMs = latestMs[user] + ExposureWindow.WINDOW_MS / ENTRIES;
    latestMs[user] = atMs;
    number++;
    return exposures[user].assess(
        BenchmarkData.purchase(number, "user", atMs), atMs, new Facts(), transitions);
  }
}
