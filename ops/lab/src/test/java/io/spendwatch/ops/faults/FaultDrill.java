package io.spendwatch.ops.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.spendwatch.ops.faults.KnownFault.Needs;
import io.spendwatch.ops.faults.load.KnownLoad;
import io.spendwatch.ops.faults.processes.FaultyKafka;
import io.spendwatch.ops.faults.processes.FaultyPostgres;
import io.spendwatch.ops.faults.processes.SmallDisk;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The long form of {@link FaultsIT} and {@link ClusterIT}, for {@code ops/faults}: each fault
 * several times, on an installation of its own.
 */
class FaultDrill {
  private static final int ROUNDS = Integer.getInteger("spendwatch.faults.rounds", 3);
  private static final String ONLY = System.getProperty("spendwatch.faults.fault", "");
  private static final int SMALL_DISK_MB = 400;
  private static final int TRANSACTIONS_PER_USER = 50;

  private static final Duration HOLD = Duration.ofSeconds(8);
  private static final Duration FREEZE = Duration.ofSeconds(60);
  private static final Duration STEADY = Duration.ofSeconds(10);

  /** With this much of the load a round must do, and what comes before the first. */
  private static final Duration ROUND = Duration.ofSeconds(150);

  @TempDir private Path directory;
  private Optional<SmallDisk> disk = Optional.empty();
  private FaultyKafka kafka;
  private FaultyPostgres postgres;
  private FaultBed bed;

  @RegisterExtension final FaultDump dump = new FaultDump(() -> bed);

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
  @Timeout(1_800)
  void losesAndDoublesNothing(KnownFault fault) throws Exception {
    boolean small = fault.needs() == Needs.SMALL_DISK;
    disk = small ? SmallDisk.mount(directory.resolve("disk"), SMALL_DISK_MB) : Optional.empty();
    assumeTrue(!small || disk.isPresent(), "this machine does not let us mount a file system");
    Path onDisk = disk.map(SmallDisk::directory).orElse(directory);
    kafka = FaultyKafka.start(directory.resolve("kafka"), broker(fault));
    postgres = FaultyPostgres.start(onDisk.resolve("postgres"), disk);
    run(fault);
  }

  @AfterEach
  void cleanUp() throws Exception {
    for (AutoCloseable each : Arrays.asList(bed, kafka, postgres, disk.orElse(null))) {
      if (each != null) {
        each.close();
      }
    }
  }

  private static Map<String, String> broker(KnownFault fault) {
    return fault.needs() == Needs.CLUSTER ? FaultyKafka.AS_DELIVERED : FaultyKafka.HURRIED;
  }

  private static FaultBed.Shape shape(KnownFault fault) {
    return switch (fault.needs()) {
      case NOTHING, SMALL_DISK -> FaultBed.Shape.TWO_NODES;
      case LINKS -> FaultBed.Shape.TWO_LINKED_NODES;
      case CLUSTER -> FaultBed.Shape.CLUSTER;
    };
  }

  private static int perSecond(KnownFault fault) {
    return Integer.getInteger(
        "spendwatch.faults.rate", fault.needs() == Needs.CLUSTER ? 5_000 : 1_000);
  }

  private void run(KnownFault fault) throws Exception {
    long seed = Long.getLong("spendwatch.faults.seed", new Random().nextInt(1_000_000));
    int perSecond = perSecond(fault);
    System.out.printf("%s with --seed %d --rate %d%n", fault.label(), seed, perSecond);
    List<KnownFault> rounds = Stream.generate(() -> fault).limit(ROUNDS).toList();
    int transactions = Math.toIntExact(ROUND.toSeconds() * (ROUNDS + 1) * perSecond);
    bed = new FaultBed(kafka, postgres, shape(fault), directory, seed);
    bed.start();
    try (KnownLoad load =
        KnownLoad.generate(directory, transactions / TRANSACTIONS_PER_USER, transactions, seed)) {
      new Drill(bed, load, new Drill.Settings(perSecond, HOLD, FREEZE, STEADY)).run(rounds);
    }
  }
}
