package io.spendwatch.ops.lab.sandbox;

import io.spendwatch.ops.errors.OperatorException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** A real Kafka and a real PostgreSQL on one data directory. Thread-safe. */
public final class EmbeddedServers implements AutoCloseable {
  private final KafkaServer kafka;
  private final PostgresServer postgres;

  private EmbeddedServers(KafkaServer kafka, PostgresServer postgres) {
    this.kafka = kafka;
    this.postgres = postgres;
  }

  /**
   * Starts both at the same time and waits until they answer. Blocks.
   *
   * @param kafkaPort 0 for any free one
   * @param postgresPort 0 for any free one
   * @throws OperatorException if one of them does not start; the other is stopped then
   */
  public static EmbeddedServers start(DataDirectory directory, int kafkaPort, int postgresPort) {
    CompletableFuture<KafkaServer> kafka =
        CompletableFuture.supplyAsync(
            () -> KafkaServer.start(directory.kafka(), kafkaPort), Thread::startVirtualThread);
    PostgresServer postgres;
    try {
      postgres = PostgresServer.start(directory.postgres(), postgresPort);
    } catch (RuntimeException e) {
      kafka.thenAccept(KafkaServer::close).exceptionally(_ -> null).join();
      throw e;
    }
    try {
      return new EmbeddedServers(kafka.join(), postgres);
    } catch (CompletionException e) {
      postgres.close();
      throw e.getCause() instanceof OperatorException named ? named : e;
    }
  }

  /** For {@code bootstrap.servers}. */
  public String bootstrapServers() {
    return kafka.bootstrapServers();
  }

  /** The Kafka among them. */
  public KafkaServer kafka() {
    return kafka;
  }

  /** The PostgreSQL among them. */
  public PostgresServer postgres() {
    return postgres;
  }

  /** The settings by which every command finds these servers, as environment variables. */
  public Map<String, String> environment() {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("SPENDWATCH_KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers());
    settings.put("SPENDWATCH_PG_URI", postgres.uri());
    settings.put("SPENDWATCH_PG_USER", postgres.user());
    return settings;
  }

  /** Completes with a line for people when one of them has ended, for whatever reason. */
  public CompletableFuture<String> ended() {
    return CompletableFuture.anyOf(kafka.ended(), postgres.ended()).thenApply(String.class::cast);
  }

  /** Stops both and waits until they have stopped. */
  @Override
  public void close() {
    CompletableFuture<Void> stopping =
        CompletableFuture.runAsync(kafka::close, Thread::startVirtualThread);
    postgres.close();
    stopping.join();
  }
}
