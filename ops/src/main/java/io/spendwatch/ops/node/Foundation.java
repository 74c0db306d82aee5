package io.spendwatch.ops.node;

import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.metrics.Metrics;
import java.time.InstantSource;
import org.apache.pekko.actor.typed.ActorSystem;

/** What all parts of a node stand on. */
record Foundation(
    ActorSystem<Void> system,
    Configuration configuration,
    NodeDatabases databases,
    Metrics metrics,
    InstantSource clock) {}
