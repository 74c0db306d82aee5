package io.spendwatch.ops.lab.sandbox.kafka;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import kafka.Kafka;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.metadata.storage.Formatter;

/**
 * The main class of the child JVM that {@link KafkaServer} starts: formats the storage the first
 * time, and is Kafka's own from there on.
 */
public final class KafkaBroker {
  /**
   * Among the broker's settings: a file with the user, as Kafka's storage tool takes one, that is
   * there from the start.
   */
  public static final String FIRST_USER_FILE = "spendwatch.first-user.file";

  /**
   * Among the broker's settings: where it may look for the keys of tokens; else it asks no address.
   */
  public static final String KEY_ADDRESSES = "spendwatch.key-addresses";

  private static final String ALLOWED_ADDRESSES = "org.apache.kafka.sasl.oauthbearer.allowed.urls";

  private KafkaBroker() {}

  public static void main(String[] args) throws Exception {
    Path file = Path.of(args[0]);
    var properties = new Properties();
    try (InputStream in = Files.newInputStream(file)) {
      properties.load(in);
    }
    System.setProperty(ALLOWED_ADDRESSES, properties.getProperty(KEY_ADDRESSES, ""));
    Path data = Path.of(properties.getProperty("log.dirs"));
    Files.createDirectories(data);
    // Written last by the formatter: without it, a former format was cut short.
    if (!Files.exists(data.resolve("meta.properties"))) {
      new Formatter()
          .setPrintStream(
              new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
          .setClusterId(Uuid.randomUuid().toString())
          .setNodeId(Integer.parseInt(properties.getProperty("node.id")))
          .setControllerListenerName(properties.getProperty("controller.listener.names"))
          .setMetadataLogDirectory(data.toString())
          .addDirectory(data.toString())
          .setIgnoreFormatted(true)
          .setScramArguments(firstUser(properties.getProperty(FIRST_USER_FILE)))
          .run();
    }
    Kafka.main(new String[] {file.toString()});
  }

  private static List<String> firstUser(String file) throws IOException {
    return file == null ? List.of() : List.of(Files.readString(Path.of(file)));
  }
}
