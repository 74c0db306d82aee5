package io.spendwatch.ops.bench;

import java.util.List;
import java.util.Locale;

/** What can be measured by itself. */
public enum Benchmark {
  /** Bytes per user and per window entry, and what so many users seen leave in memory. */
  MEMORY {
    @Override
    public List<Figure> run(Installation on, Size size) {
      return new MemoryBenchmark(on, size).run();
    }
  },
  /** How long the first touch of all users takes after a restart. */
  RESTORE {
    @Override
    public List<Figure> run(Installation on, Size size) {
      return new RestoreBenchmark(on, size).run();
    }
  };

  /**
   * How much of it.
   *
   * @param users who are active
   * @param entries of each of them in the last 24 h
   * @param usersSeen while {@code usersAwake} may be in memory
   */
  public record Size(int users, int entries, int usersSeen, int usersAwake) {}

  /** As on the command line. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Measures. Blocks.
   *
   * @throws io.spendwatch.ops.OperatorException if what was measured is not right
   */
  public abstract List<Figure> run(Installation on, Size size);
}
