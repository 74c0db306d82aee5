package io.spendwatch.ops.lab.sandbox;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.lab.sandbox.database.PostgresServer;
import io.spendwatch.ops.lab.sandbox.kafka.KafkaServer;
import io.spendwatch.ops.lab.sandbox.start.DataDirectory;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * A real Kafka and a real PostgreSQL on one data directory. Each can be killed and started again,
 * by one thread at a time. Thread-safe.
 */
public final class EmbeddedServers implements AutoCloseable {
  private final DataDirectory directory;
  private volatile KafkaServer kafka;
  private volatile PostgresServer postgres;
  private final Optional<Secured> secured;

  private EmbeddedServers(
      DataDirectory directory,
      KafkaServer kafka,
      PostgresServer postgres,
      Optional<Secured> secured) {
    this.directory = directory;
    this.kafka = kafka;
    this.postgres = postgres;
    this.secured = secured;
  }

  /**
   * Starts both at the same time and waits until they answer. Blocks.
   *
   * @param kafkaPort 0 for any free one
   * @param postgresPort 0 for any free one
   * @throws OperatorException if one of them does not start; the other is stopped then
   */
  public static EmbeddedServers start(DataDirectory directory, int kafkaPort, int postgresPort) {
    return start(directory, kafkaPort, postgresPort, Optional.empty());
  }

  /**
   * The same, of servers that let in nobody without TLS and a password.
   *
   * @param secured keys and passwords; empty for open servers
   */
  public static EmbeddedServers start(
      DataDirectory directory, int kafkaPort, int postgresPort, Optional<Secured> secured) {
    // Before either starts, which would have to be stopped again.
    int _ = Ports.freeOr(kafkaPort, "Kafka");
    int _ = Ports.freeOr(postgresPort, "PostgreSQL");
    CompletableFuture<KafkaServer> kafka =
        CompletableFuture.supplyAsync(
            () -> startKafka(directory, kafkaPort, secured), Thread::startVirtualThread);
    PostgresServer postgres;
    try {
      postgres = startPostgres(directory, postgresPort, secured);
    } catch (RuntimeException e) {
      kafka.thenAccept(KafkaServer::close).exceptionally(_ -> null).join();
      throw e;
    }
    try {
      var servers = new EmbeddedServers(directory, kafka.join(), postgres, secured);
      secured.ifPresent(
          with -> {
            with.admit(servers.kafka);
            with.close(servers.postgres);
          });
      return servers;
    } catch (CompletionException e) {
      postgres.close();
      throw e.getCause() instanceof OperatorException named ? named : e;
    }
  }

  private static KafkaServer startKafka(
      DataDirectory directory, int port, Optional<Secured> secured) {
    return KafkaServer.start(
        directory.kafka(), port, secured.map(Secured::broker).orElse(KafkaServer.Options.NONE));
  }

  private static PostgresServer startPostgres(
      DataDirectory directory, int port, Optional<Secured> secured) {
    return PostgresServer.start(
        directory.postgres(), port, secured.map(Secured::postgres).orElse(Map.of()));
  }

  /** Starts Kafka, which was killed, on its port and data, and waits until it answers. Blocks. */
  public void startKafkaAgain() {
    kafka = startKafka(directory, kafka.port(), secured);
  }

  /** Starts PostgreSQL, which was killed, on its port and data. Blocks until it answers. */
  public void startPostgresAgain() {
    postgres = startPostgres(directory, postgres.port(), secured);
  }

  /** For {@code bootstrap.servers}. */
  public String bootstrapServers() {
    return kafka.bootstrapServers();
  }

  /** How who makes topics reaches Kafka. */
  public Map<String, Object> kafkaOfMigration() {
    Map<String, Object> properties = new LinkedHashMap<>();
    secured.ifPresent(with -> properties.putAll(with.client(Secured.MIGRATION)));
    properties.put("bootstrap.servers", bootstrapServers());
    return properties;
  }

  /** How PostgreSQL is reached, in the form that {@code psql} takes. */
  public String postgresUri() {
    return secured.map(with -> with.postgresUri(postgres)).orElseGet(postgres::uri);
  }

  /** Of its user; empty where none is needed. */
  public String postgresPassword() {
    return secured.map(Secured::postgresPassword).orElse("");
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
    if (secured.isPresent()) {
      return secured.get().environment(kafka, postgres);
    }
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
