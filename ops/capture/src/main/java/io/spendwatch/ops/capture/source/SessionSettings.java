package io.spendwatch.ops.capture.source;

import io.spendwatch.ops.capture.config.CaptureConfig;
import io.spendwatch.ops.capture.config.CapturePath;
import io.spendwatch.ops.capture.config.SourceAddress;
import io.spendwatch.ops.capture.config.SourceTable;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What the task that reads the log is told. Stateless. */
public final class SessionSettings {
  /** Also moves the place on while the tables are quiet, so that the server can clear its log. */
  private static final String HEARTBEAT_MS = "5000";

  private SessionSettings() {}

  public static Map<String, String> of(CaptureConfig config, BusinessDatabase database) {
    SourceAddress address = config.source();
    Map<String, String> settings = new HashMap<>();
    settings.put("name", config.logName());
    settings.put("heartbeat.interval.ms", HEARTBEAT_MS);
    settings.put("max.batch.size", "2048");
    settings.put("snapshot.fetch.size", "10240");
    settings.putAll(database.connectorSettings(config));
    settings.putAll(address.properties());
    // The guarantees rest on these.
    settings.put("topic.prefix", config.logName());
    settings.put("database.hostname", address.host());
    settings.put("database.port", Integer.toString(address.port()));
    settings.put("database.user", address.user());
    settings.put("database.password", address.password());
    settings.put("table.include.list", quoted(config.tables()));
    settings.put("snapshot.mode", "initial");
    settings.put("decimal.handling.mode", "precise");
    settings.put("binary.handling.mode", binaries(config.to()));
    if (config.to() == CapturePath.WAREHOUSE) {
      // A value that cannot be read would be null; here nothing else would notice.
      settings.put("event.converting.failure.handling.mode", "fail");
    }
    settings.put("tombstones.on.delete", "false");
    settings.put("skipped.operations", "none");
    settings.put("unavailable.value.placeholder", SourceTable.NOT_SENT);
    settings.put("poll.interval.ms", Long.toString(config.pollInterval().toMillis()));
    settings.put("max.queue.size", Integer.toString(config.queueRowsMax()));
    settings.put("max.queue.size.in.bytes", Integer.toString(config.queueBytesMax()));
    // Whether the log still has its place is ours to look at before each try.
    settings.put("errors.max.retries", "0");
    return settings;
  }

  private static String binaries(CapturePath to) {
    return switch (to) {
      case KAFKA -> "hex";
      case WAREHOUSE -> "bytes";
    };
  }

  private static String quoted(Set<String> tables) {
    return tables.stream().map(SessionSettings::quoted).collect(Collectors.joining(","));
  }

  /** A name as the regular expression that it is taken for. */
  static String quoted(String name) {
    var quoted = new StringBuilder();
    name.codePoints()
        .forEach(
            c -> {
              if (!Character.isLetterOrDigit(c) && c != '_') {
                quoted.append('\\');
              }
              quoted.appendCodePoint(c);
            });
    return quoted.toString();
  }
}
