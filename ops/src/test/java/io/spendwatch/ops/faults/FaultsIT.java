package io.spendwatch.ops.faults;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Servers and nodes fail in the middle of the work: nothing is lost, nothing doubled, nothing
 * leaks, and all goes on by itself. The short form; {@code ops/faults} runs the long one.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(240)
class FaultsIT {
  private static final int ROWS_PER_SLICE = 1_500;
  private static final int SMALL_DISK_MB = 400;
  private static final Drill.Settings SETTINGS = new Drill.Settings(1, 500, Duration.ofMillis(500));

  private Path directory;
  private FaultyKafka kafka;
  private FaultyPostgres postgres;
  private FaultBed bed;
  private final Random seeds = new Random();

  @RegisterExtension final FaultDump dump = new FaultDump(() -> bed);

  @BeforeAll
  void startServers(@TempDir Path ofTheClass) {
    directory = ofTheClass;
    kafka = new FaultyKafka(directory.resolve("kafka"));
    postgres = new FaultyPostgres(directory.resolve("postgres"), Optional.empty());
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

  @Test
  void goesOnWhenPostgresFails() throws Exception {
    run(
        postgres,
        1,
        false,
        KnownFault.POSTGRES_KILLED,
        KnownFault.POSTGRES_RESTARTED,
        KnownFault.POSTGRES_STALLED,
        KnownFault.POSTGRES_READ_ONLY,
        KnownFault.POSTGRES_OUT_OF_CONNECTIONS,
        KnownFault.POSTGRES_CONNECTIONS_TERMINATED,
        KnownFault.POSTGRES_DISK_SLOW);
  }

  @Test
  void goesOnWhenKafkaOrANodeFails() throws Exception {
    run(
        postgres,
        2,
        false,
        KnownFault.KAFKA_KILLED,
        KnownFault.KAFKA_STALLED,
        KnownFault.KAFKA_PRODUCER_FENCED,
        KnownFault.NODE_KILLED,
        KnownFault.NODES_ALL_KILLED,
        KnownFault.NODE_FROZEN,
        KnownFault.NODE_TERMINATED);
  }

  @Test
  void goesOnWhenConnectionsFail() throws Exception {
    run(
        postgres,
        1,
        true,
        KnownFault.POSTGRES_CONNECTIONS_DEAD,
        KnownFault.KAFKA_NO_TRANSACTIONS,
        KnownFault.KAFKA_AMBIGUOUS_COMMIT,
        KnownFault.KAFKA_NO_GROUP);
  }

  @Test
  void goesOnWhenTheDiskOfPostgresIsFull() throws Exception {
    Optional<SmallDisk> mounted = SmallDisk.mount(directory.resolve("disk"), SMALL_DISK_MB);
    assumeTrue(mounted.isPresent(), "this machine does not let us mount a file system");
    try (SmallDisk disk = mounted.orElseThrow();
        FaultyPostgres onIt = new FaultyPostgres(disk.directory().resolve("postgres"), mounted)) {
      run(onIt, 1, false, KnownFault.POSTGRES_DISK_FULL);
      stopNodes();
    }
  }

  /** In an order that the seed decides. */
  private void run(FaultyPostgres server, int nodes, boolean linked, KnownFault... faults)
      throws Exception {
    long seed = Long.getLong("spendwatch.faults.seed", seeds.nextInt(1_000_000));
    List<KnownFault> order = new ArrayList<>(List.of(faults));
    Collections.shuffle(order, new Random(seed));
    System.out.println("-Dspendwatch.faults.seed=" + seed + ": " + order);
    Path files = Files.createTempDirectory(directory, "run");
    bed = new FaultBed(kafka, server, nodes, linked, files, seed);
    SlicedData data = SlicedData.generate(files, Drill.slices(faults.length), ROWS_PER_SLICE, seed);
    new Drill(bed, data, SETTINGS).run(order);
  }
}
