package io.spendwatch.ops.capture.config;

import static io.spendwatch.streams.base.ConfigSection.check;
import static io.spendwatch.streams.base.ConfigSection.checkPositive;
import static io.spendwatch.streams.base.ConfigSection.checkRange;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.protocol.Secrets;
import io.spendwatch.streams.base.BackOff;
import io.spendwatch.streams.base.ConfigSection;
import io.spendwatch.streams.capture.CaptureMapping;
import io.spendwatch.streams.kafka.KafkaConfig;
import java.io.File;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * All settings of a capture.
 *
 * @param name of this capture, unique in the business database and in Kafka, and the same for ever:
 *     its position is kept by it
 * @param to where changes go
 * @param warehouse of the path to a warehouse; empty where none is named
 * @param positionsTopic where positions are kept; compacted, one partition
 * @param serverId of the replica that we are to MariaDB
 * @param pollInterval how long changes are gathered that come one by one
 * @param positionInterval after which the position is kept again
 * @param statusInterval after which a line of the log says how far it is
 * @param queueRowsMax changes that wait in memory
 * @param queueBytesMax likewise
 * @param http where it says how it is doing; empty for nowhere
 * @param retry pauses between tries when a server is away
 */
public record CaptureConfig(
    String name,
    CapturePath to,
    SourceAddress source,
    CaptureMapping mapping,
    KafkaConfig kafka,
    Optional<WarehouseConfig> warehouse,
    String positionsTopic,
    long serverId,
    Duration pollInterval,
    Duration positionInterval,
    Duration statusInterval,
    int queueRowsMax,
    int queueBytesMax,
    Optional<HttpEndpoint> http,
    BackOff retry) {
  /** A replication slot's name. */
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,39}");

  private static final String ROOT = "capture";

  public CaptureConfig {
    check(
        NAME.matcher(name).matches(),
        "capture.name",
        name,
        "up to 40 small letters, digits and _, a letter first");
    check(
        to == CapturePath.KAFKA || warehouse.isPresent(),
        WarehouseConfig.URI,
        "nothing",
        "the address of the warehouse: postgresql://host[:port]/database");
    checkRange("capture.server-id", serverId, 1, 0xFFFF_FFFFL);
    checkPositive("capture.poll-interval", pollInterval);
    checkPositive("capture.position-interval", positionInterval);
    checkPositive("capture.status-interval", statusInterval);
    checkRange("capture.queue-rows-max", queueRowsMax, 1024, 1_000_000);
    checkRange("capture.queue-bytes-max", queueBytesMax, 1 << 20, 1 << 30);
  }

  /**
   * Reads a file, the environment, and the defaults; what comes first in this list holds.
   *
   * @throws OperatorException naming the setting that is missing, unknown or out of its range
   */
  public static CaptureConfig load(File file) {
    return load(file, CapturePath.KAFKA);
  }

  /**
   * The same, for a path.
   *
   * @throws OperatorException likewise
   */
  public static CaptureConfig load(File file, CapturePath to) {
    if (!file.isFile()) {
      throw new OperatorException("--config: there is no file " + file);
    }
    try {
      ConfigFactory.invalidateCaches();
      return from(
          ConfigFactory.defaultOverrides()
              .withFallback(ConfigFactory.parseFile(file))
              .withFallback(ConfigFactory.parseResources("capture-reference.conf"))
              .withFallback(ConfigFactory.defaultReferenceUnresolved())
              .resolve(),
          to);
    } catch (ConfigException.Parse e) {
      // A parser repeats what it did not understand, which may be a secret.
      throw new OperatorException(
          e.origin().description()
              + ": this is no HOCON (texts that have more than letters and digits go into double"
              + " quotes)");
    } catch (ConfigException | IllegalArgumentException e) {
      throw new OperatorException(file + ": " + e.getMessage(), e);
    }
  }

  public static CaptureConfig from(Config root) {
    return from(root, CapturePath.KAFKA);
  }

  public static CaptureConfig from(Config root, CapturePath to) {
    ConfigSection section = ConfigSection.of(root, ROOT);
    Secrets.keepOf(ConfigSection.of(root, "spendwatch").section("kafka").flat());
    boolean _ = section.has("warehouse");
    // An address alone, as from the environment, concerns only who goes there.
    Optional<WarehouseConfig> warehouse =
        to == CapturePath.KAFKA && root.getList(WarehouseConfig.PATH + ".tables").isEmpty()
            ? Optional.empty()
            : WarehouseConfig.from(root);
    CaptureMapping mapping = mapping(root.getConfig(ROOT), to, warehouse.isPresent());
    for (String list : CaptureMapping.LISTS) {
      boolean _ = section.has(list);
    }
    String name = section.string("name");
    CaptureConfig config =
        new CaptureConfig(
            name,
            to,
            SourceAddress.from(section.section("source")),
            mapping,
            KafkaConfig.from("capture-" + name, ConfigSection.of(root, "spendwatch.kafka")),
            warehouse,
            section.string("positions-topic"),
            section.has("server-id")
                ? replicaId(Long.parseLong(section.string("server-id")), to)
                : serverId(logName(name, to)),
            section.duration("poll-interval"),
            section.duration("position-interval"),
            section.duration("status-interval"),
            section.integer("queue-rows-max"),
            section.bytes("queue-bytes-max"),
            HttpEndpoint.from(section.section("http")),
            BackOff.from(section.section("retry")));
    section.rejectUnknown();
    return config;
  }

  /** What goes to a warehouse alone needs to say nothing of transactions and balances. */
  private static CaptureMapping mapping(Config capture, CapturePath to, boolean hasWarehouse) {
    boolean saysNothing = CaptureMapping.LISTS.stream().noneMatch(capture::hasPath);
    return saysNothing && hasWarehouse && to == CapturePath.WAREHOUSE
        ? CaptureMapping.NONE
        : CaptureMapping.from(capture);
  }

  /** The path to a warehouse is a further replica. */
  private static long replicaId(long serverId, CapturePath to) {
    return switch (to) {
      case KAFKA -> serverId;
      case WAREHOUSE -> serverId + 1;
    };
  }

  /** By which this path along the log is known there: both may be walked at once. */
  public String logName() {
    return logName(name, to);
  }

  private static String logName(String name, CapturePath to) {
    return switch (to) {
      case KAFKA -> name;
      case WAREHOUSE -> name + "_warehouse";
    };
  }

  /** Where the position is kept, for messages. */
  public String positionsPlace() {
    return switch (to) {
      case KAFKA -> "topic " + positionsTopic;
      case WAREHOUSE -> warehouse.orElseThrow().toString();
    };
  }

  /** All tables whose changes are read. */
  public Set<String> tables() {
    return switch (to) {
      case KAFKA -> mapping.tables();
      case WAREHOUSE -> warehouse.orElseThrow().sources();
    };
  }

  /** Far from those that people give to servers; the same for the same name. */
  private static long serverId(String name) {
    return 1_000_000_000L + Math.floorMod(name.hashCode(), 1_000_000_000);
  }

  /**
   * Of the topic with the history of the tables, where the log itself does not say what they are.
   */
  public String historyTopic() {
    return positionsTopic + "." + name + ".history";
  }
}
