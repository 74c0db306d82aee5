package io.spendwatch.ops.faults;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.function.Executable;
import org.opentest4j.TestAbortedException;

/**
 * A test for each fault, in their order, on one installation, between one that starts it and one
 * that ends the drill. After the first that fails nothing is known of the installation any more:
 * the rest is not tried.
 */
final class FaultTests {

  /** Makes the installation, and what is done to it. */
  interface Start {
    Drill start() throws Exception;
  }

  private final long seed;
  private final Duration limit;
  private final AtomicReference<String> failed = new AtomicReference<>();
  private final AtomicReference<Drill> drill = new AtomicReference<>();

  private FaultTests(long seed, Duration limit) {
    this.seed = seed;
    this.limit = limit;
  }

  /**
   * @param seed of their order, the data and the moments
   * @param limit for each of them
   */
  static Stream<DynamicTest> of(long seed, Duration limit, Start start, List<KnownFault> faults) {
    var tests = new FaultTests(seed, limit);
    return Stream.of(
            Stream.of(
                tests.test(
                    "start",
                    () -> {
                      tests.drill.set(start.start());
                      tests.drill.get().begin();
                    })),
            faults.stream()
                .map(fault -> tests.test(fault.label(), () -> tests.drill.get().inflict(fault))),
            Stream.of(tests.test("end", () -> tests.drill.get().end())))
        .flatMap(each -> each);
  }

  private DynamicTest test(String name, Executable does) {
    return dynamicTest(
        name,
        () -> {
          if (failed.get() != null) {
            throw new TestAbortedException("not tried, because " + failed.get() + " has failed");
          }
          try {
            assertTimeoutPreemptively(limit, does);
          } catch (Throwable failure) {
            failed.set(name);
            throw new AssertionError(
                name + ": " + failure.getMessage() + " (-Dspendwatch.faults.seed=" + seed + ")",
                failure);
          }
        });
  }
}
