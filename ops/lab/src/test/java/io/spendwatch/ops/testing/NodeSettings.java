package io.spendwatch.ops.testing;

import com.typesafe.config.ConfigFactory;
import java.util.HashSet;
import java.util.Set;

/**
 * The settings of a node on a bed, in force in this JVM until they are closed. For one thread, and
 * one of them at a time.
 */
public final class NodeSettings implements AutoCloseable {
  private final Set<String> keys = new HashSet<>();

  private NodeSettings() {}

  /** The bed's servers, names and database, and any free port for HTTP. */
  public static NodeSettings of(TestBed bed) {
    return new NodeSettings()
        .set("spendwatch.kafka.bootstrap-servers", bed.bootstrapServers())
        .set("spendwatch.kafka.group-id", bed.group())
        .set("spendwatch.kafka.topics.transactions", bed.topics().transactions())
        .set("spendwatch.kafka.topics.balances", bed.topics().balances())
        .set("spendwatch.kafka.topics.alerts", bed.topics().alerts())
        .set(
            "spendwatch.kafka.topics.transactions-dead-letters",
            bed.topics().transactionsDeadLetters())
        .set("spendwatch.kafka.topics.balances-dead-letters", bed.topics().balancesDeadLetters())
        .set("spendwatch.kafka.topics.sales-metrics", bed.topics().salesMetrics())
        .set("spendwatch.postgres.uri", bed.pgUri())
        .set("spendwatch.http.port", "0");
  }

  /** Another one, or another value. */
  public NodeSettings set(String key, String value) {
    keys.add(key);
    System.setProperty(key, value);
    return this;
  }

  /** As if none had been set. */
  @Override
  public void close() {
    keys.forEach(System::clearProperty);
    // Else they would be part of every configuration that a later test makes.
    ConfigFactory.invalidateCaches();
    keys.clear();
  }
}
