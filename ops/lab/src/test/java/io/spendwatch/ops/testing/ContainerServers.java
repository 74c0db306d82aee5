package io.spendwatch.ops.testing;

import io.spendwatch.ops.storage.schema.PostgresAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.kafka.KafkaContainer;
import org.testcontainers.lifecycle.Startables;
import org.testcontainers.postgresql.PostgreSQLContainer;
import org.testcontainers.utility.DockerImageName;

/** Containers, where a Docker engine answers. */
final class ContainerServers implements RunningServers {
  private static final String POSTGRES_IMAGE =
      System.getProperty("spendwatch.test.postgres.image", "postgres:18");
  private static final String KAFKA_IMAGE =
      System.getProperty("spendwatch.test.kafka.image", "apache/kafka:4.3.1");

  private final KafkaContainer kafka;
  private final PostgreSQLContainer postgres;

  private ContainerServers(KafkaContainer kafka, PostgreSQLContainer postgres) {
    this.kafka = kafka;
    this.postgres = postgres;
  }

  /** Whether an engine answers. Asking where there is none takes seconds: look for it first. */
  static boolean possible() {
    return engineIsThere() && DockerClientFactory.instance().isDockerAvailable();
  }

  private static boolean engineIsThere() {
    String home = System.getProperty("user.home");
    return System.getenv("DOCKER_HOST") != null
        || Stream.of("/var/run/docker.sock", home + "/.docker/run/docker.sock")
            .anyMatch(socket -> Files.exists(Path.of(socket)));
  }

  static ContainerServers start() {
    var kafka =
        new KafkaContainer(
                DockerImageName.parse(KAFKA_IMAGE).asCompatibleSubstituteFor("apache/kafka"))
            .withEnv("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
            .withEnv("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0");
    var postgres =
        new PostgreSQLContainer(
                DockerImageName.parse(POSTGRES_IMAGE).asCompatibleSubstituteFor("postgres"))
            .withCommand("postgres", "-c", "max_locks_per_transaction=512");
    Startables.deepStart(kafka, postgres).join();
    return new ContainerServers(kafka, postgres);
  }

  @Override
  public String description() {
    return "containers (%s, %s)".formatted(KAFKA_IMAGE, POSTGRES_IMAGE);
  }

  @Override
  public String bootstrapServers() {
    return kafka.getBootstrapServers();
  }

  @Override
  public PostgresAddress maintenanceDatabase() {
    return new PostgresAddress(
        postgres.getHost() + ":" + postgres.getFirstMappedPort(),
        postgres.getDatabaseName(),
        "",
        postgres.getUsername(),
        postgres.getPassword());
  }

  @Override
  public void close() {
    kafka.stop();
    postgres.stop();
  }
}
