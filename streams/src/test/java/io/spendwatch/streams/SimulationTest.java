package io.spendwatch.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.streams.simulation.Machine;
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
 * <p>{@code -Dspendwatch.simulation.seeds=FROM-TO} runs other seeds, {@code
 * -Dspendwatch.simulation.trace=true} prints all that happens.
 */
class SimulationTest {
  private static final int WORKERS = 2;
  private static final int MACHINES = 3;

  @Test
  void endsAsIfNothingHadHappened() throws InterruptedException {
    String[] range = System.getProperty("spendwatch.simulation.seeds", "1-10000").split("-", 2);
    long from = Long.parseLong(range[0]);
    long to = Long.parseLong(range[range.length - 1]);
    boolean verbose = Boolean.getBoolean("spendwatch.simulation.trace");
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
                                run(seed, machines, verbose, happened, failed);
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
      long seed,
      List<Machine> machines,
      boolean verbose,
      Map<String, Integer> happened,
      Map<Long, String> failed) {
    Simulation simulation = new Simulation(seed, machines, verbose);
    String failure = null;
    try {
      simulation.run();
    } catch (AssertionError | RuntimeException e) {
      failure =
          "seed %d: %s%n%s%n  again: mvn -pl streams -am test -Dtest=SimulationTest -Dsurefire.failIfNoSpecifiedTests=false -Dspendwatch.simulation.seeds=%d -Dspendwatch.simulation.trace=true%n"
              .formatted(seed, e, verbose ? "" : simulation.trace().text(), seed);
      if (!(e instanceof AssertionError)) {
        e.printStackTrace();
      }
    }
    synchronized (happened) {
      simulation
          .trace()
          .counts()
          .forEach((what, times) -> happened.merge(what, times, Integer::sum));
      if (failure != null) {
        failed.put(seed, failure);
      }
    }
  }
}
