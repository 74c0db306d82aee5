package io.spendwatch.streams.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.spendwatch.streams.simulation.Machine;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

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
  private static final int FAILURES_MAX = 5;

  private final Map<String, Integer> happened = new TreeMap<>();
  private final Map<Long, String> failed = new TreeMap<>();

  /** Ten thousand worlds of trouble would be all that the build's log holds. */
  @BeforeAll
  static void silence() {
    log().setLevel(Level.OFF);
  }

  @AfterAll
  static void speak() {
    log().setLevel(null);
  }

  private static Logger log() {
    return (Logger) LoggerFactory.getLogger("io.spendwatch");
  }

  @Test
  void endsAsIfNothingHadHappened() throws Exception {
    String[] range = System.getProperty("spendwatch.simulation.seeds", "1-10000").split("-", 2);
    long from = Long.parseLong(range[0]);
    long to = Long.parseLong(range[range.length - 1]);
    AtomicLong next = new AtomicLong(from);
    long startNanos = System.nanoTime();
    try (ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Long>> runs = new ArrayList<>();
      for (int worker = 0; worker < WORKERS; worker++) {
        String name = "w" + worker;
        runs.add(workers.submit(() -> run(machines(name), next, to)));
      }
      long seeds = 0;
      for (Future<Long> run : runs) {
        seeds += run.get();
      }
      System.out.printf(
          "Simulated %d seeds from %d on in %.1f s; what happened in them: %s%n",
          seeds, from, (System.nanoTime() - startNanos) / 1e9, happened);
    }
    assertThat(failed.values()).isEmpty();
  }

  /** The run of a seed rests on nothing but the seed: not on time, threads, or runs before it. */
  @Test
  void isTheSameRunAgainFromTheSameSeed() throws Exception {
    List<Long> hashes = new ArrayList<>();
    try (ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int run = 0; run < 2; run++) {
        String name = "again" + run;
        Future<Long> hash =
            workers.submit(
                () -> {
                  List<Machine> machines = machines(name);
                  long all = 0;
                  for (long seed = 1; seed <= 50; seed++) {
                    Simulation simulation = new Simulation(seed, machines, false);
                    simulation.run();
                    all = 31 * all + simulation.trace().hash();
                  }
                  return all;
                });
        hashes.add(hash.get());
      }
    }
    assertThat(hashes.get(1)).isEqualTo(hashes.get(0));
  }

  /** Answers how many seeds it has run. */
  private long run(List<Machine> machines, AtomicLong next, long to) throws IOException {
    long seeds = 0;
    for (long seed = next.getAndIncrement(); seed <= to; seed = next.getAndIncrement()) {
      run(seed, machines);
      seeds++;
      synchronized (failed) {
        if (failed.size() >= FAILURES_MAX) {
          break;
        }
      }
    }
    return seeds;
  }

  private void run(long seed, List<Machine> machines) throws IOException {
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

  private static List<Machine> machines(String prefix) {
    return IntStream.range(0, MACHINES)
        .mapToObj(machine -> Machine.start(prefix + "m" + machine))
        .toList();
  }

  /** Runs the seed once more, for all that happens in it. */
  private static String again(long seed, List<Machine> machines, Simulation first)
      throws IOException {
    Simulation second = new Simulation(seed, machines, true);
    String failure = outcome(second);
    Path file = Path.of("target", "simulation", seed + ".txt");
    Files.createDirectories(file.getParent());
    Files.writeString(file, failure + "\n\n" + second.trace().text());
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
