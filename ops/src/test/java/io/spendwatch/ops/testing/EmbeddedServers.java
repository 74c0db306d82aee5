package io.spendwatch.ops.testing;

import io.spendwatch.ops.schema.PostgresAddress;
import io.spendwatch.ops.servers.DataDirectory;
import io.spendwatch.ops.servers.KafkaServer;
import io.spendwatch.ops.servers.PostgresServer;
import java.util.concurrent.CompletableFuture;

/** The servers that the sandbox and the demo run on. */
final class EmbeddedServers implements RunningServers {
  private final DataDirectory directory;
  private final KafkaServer kafka;
  private final PostgresServer postgres;

  private EmbeddedServers(DataDirectory directory, KafkaServer kafka, PostgresServer postgres) {
    this.directory = directory;
    this.kafka = kafka;
    this.postgres = postgres;
  }

  static EmbeddedServers start() {
    DataDirectory directory = DataDirectory.temporary();
    CompletableFuture<KafkaServer> kafka =
        CompletableFuture.supplyAsync(() -> KafkaServer.start(directory.kafka(), 0));
    PostgresServer postgres = PostgresServer.start(directory.postgres(), 0);
    return new EmbeddedServers(directory, kafka.join(), postgres);
  }

  @Override
  public String description() {
    return "embedded servers (Kafka %s, %s)".formatted(bootstrapServers(), postgres.uri());
  }

  @Override
  public String bootstrapServers() {
    return kafka.bootstrapServers();
  }

  @Override
  public PostgresAddress maintenanceDatabase() {
    return PostgresAddress.parse(postgres.uri("postgres"), "", "");
  }

  @Override
  public void close() {
    kafka.close();
    postgres.close();
    directory.close();
  }
}
