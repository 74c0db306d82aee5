package io.spendwatch.ops.capture.config;

import static io.spendwatch.streams.base.ConfigSection.check;
import static io.spendwatch.streams.base.ConfigSection.checkPositive;
import static io.spendwatch.streams.base.ConfigSection.checkRange;

import com.typesafe.config.Config;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.storage.schema.WarehouseAddress;
import io.spendwatch.streams.base.ConfigSection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Into which warehouse changes are captured: {@code capture.warehouse}.
 *
 * @param schema of its tables, and of the two in which a capture keeps where it is
 * @param batchRowsMax rows that one transaction writes
 * @param batchBytesMax of their values as texts, about
 * @param batchInterval how long changes are gathered at most
 */
public record WarehouseConfig(
    PostgresAddress address,
    String schema,
    List<WarehouseTable> tables,
    int batchRowsMax,
    int batchBytesMax,
    Duration batchInterval) {
  static final String PATH = "capture.warehouse";

  /** By which its address is set, for messages. */
  public static final String URI = PATH + ".uri";

  public WarehouseConfig {
    check(!tables.isEmpty(), PATH + ".tables", "none", "at least one table");
    checkRange(PATH + ".batch-rows-max", batchRowsMax, 1, 1_000_000);
    checkRange(PATH + ".batch-bytes-max", batchBytesMax, 1 << 16, 1 << 30);
    checkPositive(PATH + ".batch-interval", batchInterval);
    Set<String> targets = new HashSet<>(WarehouseState.TABLES);
    Set<String> sources = new HashSet<>();
    for (WarehouseTable table : tables) {
      check(
          targets.add(table.target()),
          PATH + ".tables",
          table.target(),
          "targets that are not taken by another table, nor by the capture itself");
      check(
          sources.add(table.source()), PATH + ".tables", table.source(), "each table once at most");
    }
  }

  /** Reads the section; empty where no warehouse is named. */
  public static Optional<WarehouseConfig> from(Config root) {
    ConfigSection section = ConfigSection.of(root, PATH);
    Optional<PostgresAddress> address = WarehouseAddress.from(section);
    if (address.isEmpty()) {
      return Optional.empty();
    }
    List<WarehouseTable> tables = new ArrayList<>();
    boolean _ = section.has("tables");
    List<? extends Config> listed = root.getConfigList(PATH + ".tables");
    for (int i = 0; i < listed.size(); i++) {
      // As people count.
      String path = PATH + ".tables." + (i + 1);
      tables.add(WarehouseTable.from(ConfigSection.of(listed.get(i).atPath(path), path)));
    }
    WarehouseConfig config =
        new WarehouseConfig(
            address.get(),
            section.string("schema"),
            List.copyOf(tables),
            section.integer("batch-rows-max"),
            section.bytes("batch-bytes-max"),
            section.duration("batch-interval"));
    section.rejectUnknown();
    return Optional.of(config);
  }

  /** All that are captured, by the names that the business database has for them. */
  public Set<String> sources() {
    Set<String> sources = new LinkedHashSet<>();
    tables.forEach(table -> sources.add(table.source()));
    return sources;
  }

  /** What a position says of the tables up to it. */
  public Set<String> kept() {
    Set<String> kept = new LinkedHashSet<>();
    tables.forEach(table -> kept.addAll(table.kept()));
    return kept;
  }

  /** A name, as statements have it. */
  public static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  /** A table of the schema, as statements have it. */
  public String qualified(String table) {
    return quoted(schema) + "." + quoted(table);
  }

  /** For people. */
  @Override
  public String toString() {
    return "warehouse " + address.hosts() + "/" + address.database();
  }
}
