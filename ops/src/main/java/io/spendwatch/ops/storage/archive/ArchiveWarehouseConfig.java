package io.spendwatch.ops.storage.archive;

import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.storage.schema.WarehouseAddress;
import io.spendwatch.streams.base.ConfigSection;
import java.util.Optional;

/**
 * What the archive's days are loaded into: {@code spendwatch.archive.warehouse}.
 *
 * @param address of a PostgreSQL-compatible database
 * @param schema of its tables, made where it is not there
 */
public record ArchiveWarehouseConfig(PostgresAddress address, String schema) {
  private static final String PATH = "spendwatch.archive.warehouse";

  /** By which its address is set, for messages. */
  public static final String URI = PATH + ".uri";

  public ArchiveWarehouseConfig {
    ConfigSection.check(
        schema.matches("[a-z_][a-z0-9_]{0,62}") && !schema.equals("spendwatch"),
        PATH + ".schema",
        schema,
        "lower-case letters, digits and _; not spendwatch, which has the live tables");
  }

  /** Reads the section; empty where no warehouse is named. */
  static Optional<ArchiveWarehouseConfig> from(ConfigSection section) {
    String schema = section.string("schema");
    Optional<ArchiveWarehouseConfig> config =
        WarehouseAddress.from(section).map(address -> new ArchiveWarehouseConfig(address, schema));
    section.rejectUnknown();
    return config;
  }

  /** For people: without user and password. */
  @Override
  public String toString() {
    return "the warehouse at " + address.hosts() + "/" + address.database();
  }
}
