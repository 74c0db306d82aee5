package io.spendwatch.ops.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.spendwatch.ops.faults.KnownFault.Needs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The long form of {@link FaultsIT}, for {@code ops/faults}: each fault several times, on an
 * installation of its own with two nodes, one of which is killed for good halfway where that is the
 * fault.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FaultDrill {
  private static final int ROUNDS = Integer.getInteger("spendwatch.faults.rounds", 3);
  private static final String ONLY = System.getProperty("spendwatch.faults.fault", "");
  private static final int ROWS_PER_SLICE = 10_000;
  private static final int PER_SECOND = 1_000;
  private static final int SMALL_DISK_MB = 400;

  private static final Duration HOLD = Duration.ofSeconds(8);

  private Path directory;
  private FaultyKafka kafka;
  private FaultyPostgres postgres;
  private FaultBed bed;

  @RegisterExtension final FaultDump dump = new FaultDump(() -> bed);

  @BeforeAll
  void startServers(@TempDir Path ofTheClass) {
    directory = ofTheClass;
    kafka = FaultyKafka.start(directory.resolve("kafka"));
    postgres = FaultyPostgres.start(directory.resolve("postgres"), Optional.empty());
  }

  @AfterEach
  void stopNodes() {
    if (bed != null) {
      bed.close();
      bed = null;
    }
  }

  @AfterAll
  void stopServers() {
    kafka.close();
    postgres.close();
  }

  static Stream<KnownFault> faults() {
    List<KnownFault> chosen =
        Stream.of(KnownFault.values()).filter(fault -> fault.label().startsWith(ONLY)).toList();
    assertThat(chosen)
        .as(
            "%s begins one of %s",
            ONLY, Stream.of(KnownFault.values()).map(KnownFault::label).toList())
        .isNotEmpty();
    return chosen.stream();
  }

  @ParameterizedTest
  @MethodSource("faults")
  @Timeout(1_200)
  void losesAndDoublesNothing(KnownFault fault) throws Exception {
    if (fault.needs() != Needs.SMALL_DISK) {
      run(fault, postgres);
      return;
    }
    Optional<SmallDisk> mounted = SmallDisk.mount(directory.resolve("disk"), SMALL_DISK_MB);
    assumeTrue(mounted.isPresent(), "this machine does not let us mount a file system");
    try (SmallDisk disk = mounted.orElseThrow();
        FaultyPostgres onIt = FaultyPostgres.start(disk.directory().resolve("postgres"), mounted)) {
      try {
        run(fault, onIt);
      } finally {
        stopNodes();
      }
    }
  }

  private static FaultBed.Shape shape(KnownFault fault) {
    return fault.needs() == Needs.LINKS
        ? FaultBed.Shape.TWO_LINKED_NODES
        : FaultBed.Shape.TWO_NODES;
  }

  private void run(KnownFault fault, FaultyPostgres server) throws Exception {
    long seed = Long.getLong("spendwatch.faults.seed", new Random().nextInt(1_000_000));
    System.out.printf("%s with --seed %d%n", fault.label(), seed);
    Path files = Files.createTempDirectory(directory, fault.label());
    List<KnownFault> rounds = Stream.generate(() -> fault).limit(ROUNDS).toList();
    bed = new FaultBed(kafka, server, shape(fault), files, seed);
    bed.start();
    SlicedData data = SlicedData.generate(files, Drill.slices(ROUNDS), ROWS_PER_SLICE, seed);
    new Drill(bed, data, new Drill.Settings(PER_SECOND, HOLD)).run(rounds);
  }
}
