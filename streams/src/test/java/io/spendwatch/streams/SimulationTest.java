package io.spendwatch.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.streams.simulation.Machine;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Whatever crashes, stalls, is cut off or comes twice, in any order, the tables and the alert topic
 * end up exactly as if nothing had happened.
 *
 * <p>{@code -Dspendwatch.simulation.seeds=FROM-TO} runs other seeds. Of a seed that fails all that
 * happens in it is written to a file.
 */
class SimulationTest {
  private static final int WORKERS = 2;
  private static final int MACHINES = 3;

  @Test
  void endsAsIfNothingHadHappened() throws InterruptedException {
    String[] range = System.getProperty("spendwatch.simulation.seeds", "1-10000").split("-", 2);
    long from = Long.parseLong(range[0]);
    long to = Long.parseLong(range[range.length - 1]);
    Map<String, Integer> happened = new TreeMap<>();
    Map<Long, String> failed = new TreeMap<>();
    AtomicLong next = new AtomicLong(from);
    long startNanos = System.nanoTime();
    List<Thread> workers =
        IntStream.range(0, WORKERS)
            .mapToObj(
                worker ->
                    Thread.ofVirtual()
                        .unstarted(
                            () -> {
                              List<Machine> machines = machines(worker);
                              for (long seed = next.getAndIncrement();
                                  seed <= to && failed.size() < 5;
                                  seed = next.getAndIncrement()) {
                                run(seed, machines, happened, failed);
                              }
                            }))
            .toList();
    workers.forEach(Thread::start);
    for (Thread worker : workers) {
      worker.join();
    }
    System.out.printf(
        "Simulated seeds %d to %d in %.1f s; what happened to them: %s%n",
        from, to, (System.nanoTime() - startNanos) / 1e9, happened);
    assertThat(failed.values()).isEmpty();
  }

  private static List<Machine> machines(int worker) {
    return IntStream.range(0, MACHINES)
        .mapToObj(machine -> Machine.start("w" + worker + "m" + machine))
        .toList();
  }

  private static void run(
      long seed, List<Machine> machines, Map<String, Integer> happened, Map<Long, String> failed) {
    Simulation simulation = new Simulation(seed, machines, false);
    String failure = outcome(simulation);
    synchronized (happened) {
      simulation
          .trace()
          .counts()
          .forEach((what, times) -> happened.merge(what, times, Integer::sum));
    }
    if (failure != null) {
      String report = "seed %d: %s%n%s".formatted(seed, failure, again(seed, machines, simulation));
      synchronized (failed) {
        failed.put(seed, report);
      }
    }
  }

  /** Runs the seed once more, for all that happens in it. */
  private static String again(long seed, List<Machine> machines, Simulation first) {
    Simulation second = new Simulation(seed, machines, true);
    String failure = outcome(second);
    Path file = Path.of("target", "simulation-" + seed + ".txt");
    try {
      Files.writeString(file, failure + "\n\n" + second.trace().text());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return "%s; all that happens in it is in streams/%s; run it with -Dspendwatch.simulation.seeds=%d%n"
        .formatted(
            first.trace().hash() == second.trace().hash()
                ? "It replays exactly"
                : "IT DOES NOT REPLAY",
            file,
            seed);
  }

  /** Null when all was as it must be. */
  private static String outcome(Simulation simulation) {
    try {
      simulation.run();
      return null;
    } catch (AssertionError e) {
      return e.getMessage();
    } catch (RuntimeException e) {
      StringWriter trace = new StringWriter();
      e.printStackTrace(new PrintWriter(trace));
      return trace.toString();
    }
  }
}
