package io.spendwatch.loadgen.kafka;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.protocol.Partitioner;
import io.spendwatch.protocol.Secrets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options of every command that talks to Kafka. */
public final class KafkaOptions {

  @Option(
      names = "--bootstrap-servers",
      paramLabel = "HOST:PORT",
      defaultValue = "${env:SPENDWATCH_KAFKA_BOOTSTRAP_SERVERS:-127.0.0.1:9092}",
      description = "Kafka (SPENDWATCH_KAFKA_BOOTSTRAP_SERVERS; now ${DEFAULT-VALUE}).")
  String bootstrapServers;

  @Option(
      names = "--transactions-topic",
      paramLabel = "TOPIC",
      defaultValue = "${env:SPENDWATCH_TOPIC_TRANSACTIONS:-transactions}",
      description = "SPENDWATCH_TOPIC_TRANSACTIONS; now ${DEFAULT-VALUE}.")
  public String transactionsTopic;

  @Option(
      names = "--balances-topic",
      paramLabel = "TOPIC",
      defaultValue = "${env:SPENDWATCH_TOPIC_BALANCES:-balances}",
      description = "SPENDWATCH_TOPIC_BALANCES; now ${DEFAULT-VALUE}.")
  public String balancesTopic;

  @Option(
      names = "--group",
      paramLabel = "GROUP",
      defaultValue = "${env:SPENDWATCH_KAFKA_GROUP_ID:-spendwatch}",
      description =
          "Consumer group of the nodes, which tells when the accounts are applied"
              + " (SPENDWATCH_KAFKA_GROUP_ID; now ${DEFAULT-VALUE}).")
  String group;

  @Option(
      names = "--partitioner",
      paramLabel = "murmur2|crc32",
      defaultValue = "${env:SPENDWATCH_PARTITIONER:-murmur2}",
      converter = PartitionerConverter.class,
      description =
          "How a record's partition is chosen by its key, as the nodes expect it"
              + " (SPENDWATCH_PARTITIONER; now ${DEFAULT-VALUE}).")
  Partitioner partitioner;

  @Option(
      names = "--connect-timeout",
      paramLabel = "DURATION",
      defaultValue = "30s",
      description = "How long to wait for Kafka and its topics (default ${DEFAULT-VALUE}).")
  Duration connectTimeout;

  @Option(
      names = "--wait-timeout",
      paramLabel = "DURATION",
      defaultValue = "2m",
      description =
          "How long to wait until a node has applied the accounts (default ${DEFAULT-VALUE}).")
  Duration waitTimeout;

  @Option(
      names = "--property",
      paramLabel = "KEY=VALUE",
      description = "Any kafka-clients property, such as security.protocol=SSL; can be repeated.")
  Map<String, String> properties = new LinkedHashMap<>();

  @Option(
      names = "--property-file",
      paramLabel = "KEY=FILE",
      description =
          "A kafka-clients property whose value is in a file, such as sasl.jaas.config; can be repeated.")
  Map<String, String> propertyFiles = new LinkedHashMap<>();

  /**
   * All kafka-clients properties that were given; what a file says holds. From now on what is
   * secret among them is masked in all that is printed.
   *
   * @throws OperatorException naming the property whose file cannot be read
   */
  Map<String, String> allProperties() {
    Map<String, String> all = new LinkedHashMap<>(properties);
    propertyFiles.forEach(
        (key, file) -> {
          try {
            all.put(key, Files.readString(Path.of(file)).stripTrailing());
          } catch (IOException | InvalidPathException e) {
            // Who puts the secret itself there must not find it in a log.
            throw new OperatorException(
                "--property-file: " + key + " has no file that can be read");
          }
        });
    Secrets.keepOf(all);
    return all;
  }

  private static final class PartitionerConverter implements ITypeConverter<Partitioner> {
    @Override
    public Partitioner convert(String name) {
      return Partitioner.named(name)
          .orElseThrow(
              () -> new TypeConversionException("'" + name + "' (expected: murmur2 or crc32)"));
    }
  }
}
