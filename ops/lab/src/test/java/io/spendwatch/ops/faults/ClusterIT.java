package io.spendwatch.ops.faults;

import io.spendwatch.ops.faults.load.KnownLoad;
import io.spendwatch.ops.faults.processes.FaultyKafka;
import io.spendwatch.ops.faults.processes.FaultyPostgres;
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
 * Nodes of a cluster of three join, leave, die, freeze and are cut off in the middle of the work:
 * after each, rows and alerts are those of the known answers. The short form, once each on one
 * installation with the time-outs that a deployment has; {@code ops/faults --fault node} runs the
 * long one.
 */
@Tag(Alone.TAG)
class ClusterIT {
  /** For each of them. */
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private static final int USERS = 1000;

  /** Eleven minutes of the load: all of it takes four on two cores. */
  private static final int TRANSACTIONS = 70_000;

  /**
   * So many a second that each partition has work whenever something happens, and no more: what
   * they take of two processors, the nodes that start lack. The freeze is longer than Kafka's
   * session and the resolver take to give a node up.
   */
  private static final Drill.Settings SETTINGS =
      new Drill.Settings(100, Duration.ofSeconds(1), Duration.ofSeconds(25), Duration.ofSeconds(1));

  @TempDir private Path directory;
  private FaultyKafka kafka;
  private FaultyPostgres postgres;
  private FaultBed bed;
  private KnownLoad load;

  @RegisterExtension final FaultDump dump = new FaultDump(() -> bed);

  @TestFactory
  Stream<DynamicTest> answersTheSame() {
    List<KnownFault> faults =
        new ArrayList<>(
            Stream.of(KnownFault.values())
                .filter(fault -> fault.needs() == KnownFault.Needs.CLUSTER)
                .toList());
    long seed = Long.getLong("spendwatch.faults.seed", new Random().nextInt(1_000_000));
    Collections.shuffle(faults, new Random(seed));
    System.out.println("-Dspendwatch.faults.seed=" + seed + ": " + faults);
    return FaultTests.of(seed, LIMIT, () -> start(seed), faults);
  }

  private Drill start(long seed) throws Exception {
    kafka = FaultyKafka.start(directory.resolve("kafka"), FaultyKafka.AS_DELIVERED);
    postgres = FaultyPostgres.start(directory.resolve("postgres"), Optional.empty());
    bed = new FaultBed(kafka, postgres, FaultBed.Shape.FAST_CLUSTER, directory, seed);
    bed.start();
    load = KnownLoad.generate(directory, USERS, TRANSACTIONS, seed);
    return new Drill(bed, load, SETTINGS);
  }

  @AfterEach
  void cleanUp() throws Exception {
    for (AutoCloseable each : Arrays.asList(load, bed, kafka, postgres)) {
      if (each != null) {
        each.close();
      }
    }
  }
}
