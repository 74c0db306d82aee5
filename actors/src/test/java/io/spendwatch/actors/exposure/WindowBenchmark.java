package io.spendwatch.actors.exposure;

import io.spendwatch.actors.partition.BenchmarkData;
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

/**
 * One transaction into a window that is in its steady state: one comes, one leaves. The number of
 * windows decides whether they are in the processor's caches.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class WindowBenchmark {

  @Param({"1000", "100000"})
  int users;

  /** Within 24 h. */
  @Param({"10", "50", "1000"})
  int entries;

  private ExposureWindow[] windows;
  private int[] order;
  private long[] latestMs;
  private int next;
  private long number;

  @Setup(Level.Trial)
  public void fill() {
    // As many entries in all as fit the usual heap.
    int count = Math.min(users, 20_000_000 / entries);
    windows = new ExposureWindow[count];
    latestMs = new long[count];
    order = BenchmarkData.users(count);
    for (int user = 0; user < count; user++) {
      windows[user] = new ExposureWindow();
      latestMs[user] = BenchmarkData.START_MS;
      // 48 h are kept.
      for (int i = 0; i < 2 * entries; i++) {
        long _ = add(user);
      }
    }
  }

  @Benchmark
  public long inOrder() {
    int user = order[next];
    next = next + 1 == order.length ? 0 : next + 1;
    return add(user);
  }

  private long add(int user) {
    ExposureWindow window = windows[user];
    long atMs = latestMs[user] + ExposureWindow.WINDOW_MS / entries;
    latestMs[user] = atMs;
    window.insert(atMs, 100 + number % 900, (int) number++, (byte) 0);
    return window.exposureMinor();
  }
}
