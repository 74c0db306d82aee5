package io.spendwatch.ops.lab.bench.site;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * How much processor time processes have taken, those that they started and have ended included: as
 * Linux counts it, and elsewhere not at all.
 *
 * @param processes by a name for people; those that run when it is looked at
 */
public record CpuClock(Map<String, Supplier<Stream<ProcessHandle>>> processes) {
  /** The unit of /proc, on every architecture. */
  private static final double TICKS_PER_SECOND = 100;

  /** In /proc/PID/stat after the name: own time in user and kernel mode, then that of children. */
  private static final int UTIME = 11;

  private static final int TIMES = 4;

  /** Seconds so far, by name; empty where it cannot be known. */
  public Map<String, Double> seconds() {
    if (!Files.isReadable(Path.of("/proc/self/stat"))) {
      return Map.of();
    }
    Map<String, Double> seconds = new LinkedHashMap<>();
    processes.forEach(
        (name, running) -> seconds.put(name, running.get().mapToDouble(CpuClock::secondsOf).sum()));
    return seconds;
  }

  /** Of that, what compilers of JVMs have taken that run now; 0 where it cannot be known. */
  public double compilerSeconds() {
    return processes.values().stream()
        .flatMap(Supplier::get)
        .map(process -> Path.of("/proc/" + process.pid() + "/task"))
        .filter(Files::isReadable)
        .mapToDouble(CpuClock::compilerSecondsOf)
        .sum();
  }

  private static double compilerSecondsOf(Path threads) {
    try (Stream<Path> each = Files.list(threads)) {
      return each.mapToDouble(thread -> isCompiler(thread) ? secondsOf(thread.resolve("stat")) : 0)
          .sum();
    } catch (IOException | UncheckedIOException e) {
      // Ended meanwhile, the process or a thread of it.
      return 0;
    }
  }

  private static boolean isCompiler(Path thread) {
    try {
      String name = Files.readString(thread.resolve("comm"));
      return name.startsWith("C1 Compiler") || name.startsWith("C2 Compiler");
    } catch (IOException e) {
      return false;
    }
  }

  private static double secondsOf(ProcessHandle process) {
    return secondsOf(Path.of("/proc/" + process.pid() + "/stat"));
  }

  private static double secondsOf(Path statOfOne) {
    String stat;
    try {
      stat = Files.readString(statOfOne);
    } catch (NoSuchFileException e) {
      // Ended meanwhile: counted with whoever started it.
      return 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    // The name, in parentheses, may have blanks.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    long ticks = 0;
    for (int i = 0; i < TIMES; i++) {
      ticks += Long.parseLong(fields[UTIME + i]);
    }
    return ticks / TICKS_PER_SECOND;
  }
}
