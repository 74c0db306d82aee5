package io.spendwatch.ops.faults;

import io.spendwatch.ops.faults.load.KnownLoad;
import io.spendwatch.ops.faults.processes.FaultyKafka;
import io.spendwatch.ops.faults.processes.FaultyPostgres;
import io.spendwatch.ops.faults.processes.SmallDisk;
import io.spendwatch.ops.testing.Alone;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Servers fail in the middle of the work: nothing is lost, nothing doubled, nothing leaks, and all
 * goes on by itself. The short form, most faults once on one installation; {@code ops/faults} runs
 * the long one.
 */
@Tag(Alone.TAG)
class FaultsIT {
  private static final List<KnownFault> FAULTS =
      List.of(
          KnownFault.POSTGRES_KILLED,
          KnownFault.POSTGRES_STALLED,
          KnownFault.POSTGRES_READ_ONLY,
          KnownFault.POSTGRES_OUT_OF_CONNECTIONS,
          KnownFault.POSTGRES_CONNECTIONS_TERMINATED,
          KnownFault.POSTGRES_CONNECTIONS_DEAD,
          KnownFault.KAFKA_KILLED,
          KnownFault.KAFKA_AMBIGUOUS_COMMIT,
          KnownFault.KAFKA_PRODUCER_FENCED);

  /** For each of them. */
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private static final int USERS = 1000;

  /** More than are produced until the time is over. */
  private static final int TRANSACTIONS = 120_000;

  private static final int SMALL_DISK_MB = 400;
  private static final Drill.Settings SETTINGS =
      new Drill.Settings(400, Duration.ofMillis(200), Duration.ZERO, Duration.ofSeconds(2));

  @TempDir private Path directory;
  private Optional<SmallDisk> disk = Optional.empty();
  private FaultyKafka kafka;
  private FaultyPostgres postgres;
  private FaultBed bed;
  private KnownLoad load;

  @RegisterExtension final FaultDump dump = new FaultDump(() -> bed);

  @TestFactory
  Stream<DynamicTest> losesAndDoublesNothing() throws Exception {
    disk = SmallDisk.mount(directory.resolve("disk"), SMALL_DISK_MB);
    List<KnownFault> faults = new ArrayList<>(FAULTS);
    if (disk.isPresent()) {
      faults.add(KnownFault.POSTGRES_DISK_FULL);
    } else {
      System.out.println("No full disk: this machine does not let us mount a file system");
    }
    long seed = Long.getLong("spendwatch.faults.seed", new Random().nextInt(1_000_000));
    Collections.shuffle(faults, new Random(seed));
    System.out.println("-Dspendwatch.faults.seed=" + seed + ": " + faults);
    return FaultTests.of(seed, LIMIT, () -> start(seed), faults);
  }

  private Drill start(long seed) throws Exception {
    kafka = FaultyKafka.start(directory.resolve("kafka"), FaultyKafka.HURRIED);
    postgres =
        FaultyPostgres.start(
            disk.map(SmallDisk::directory).orElse(directory).resolve("postgres"), disk);
    bed = new FaultBed(kafka, postgres, FaultBed.Shape.TWO_LINKED_NODES, directory, seed);
    bed.start();
    load = KnownLoad.generate(directory, USERS, TRANSACTIONS, seed);
    return new Drill(bed, load, SETTINGS);
  }

  @AfterEach
  void cleanUp() throws Exception {
    for (AutoCloseable each : Arrays.asList(load, bed, kafka, postgres, disk.orElse(null))) {
      if (each != null) {
        each.close();
      }
    }
  }
}
