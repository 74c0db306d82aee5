package io.spendwatch.actors.partition;

import com.typesafe.config.ConfigFactory;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;

/** An actor system without a cluster, for the tests of a partition, and instants for them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class PartitionActorBed {
  static final long HOUR_MS = 3_600_000L;
  static final long DAY_MS = 24 * HOUR_MS;
  static final long T0 = 1_600_000_000_000L;

  final ActorTestKit kit =
      ActorTestKit.create(
          ConfigFactory.parseString("pekko.actor.provider = local")
              .withFallback(ConfigFactory.load()));

  @AfterAll
  void shutDown() {
    kit.shutdownTestKit();
  }
}
