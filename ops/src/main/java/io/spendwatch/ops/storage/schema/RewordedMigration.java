package io.spendwatch.ops.storage.schema;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import org.flywaydb.core.api.MigrationInfo;

/**
 * A migration whose text was changed after installations had applied it, without changing what it
 * makes. Flyway refuses a database whose migrations are not those of the build, so the database
 * learns the new checksum.
 *
 * @param version of the migration, as the history has it
 * @param was the checksum before
 * @param is the checksum now
 */
record RewordedMigration(String version, int was, int is) {
  /** An alias for each subquery: PostgreSQL 15 asks for one, later servers do not. */
  static final List<RewordedMigration> ALL =
      List.of(
          new RewordedMigration("0003", -786693330, -1038220393),
          new RewordedMigration("0012", 932169859, 1121368633));

  /** Whether the database has this build's migration in the words of before. */
  static boolean isOne(MigrationInfo info) {
    return info.getVersion() != null
        && info.getAppliedChecksum() != null
        && ALL.stream()
            .anyMatch(
                each ->
                    each.version.equals(info.getVersion().toString())
                        && each.was == info.getAppliedChecksum());
  }

  /** Tells the history of the new checksums, where it is there and has those of before. */
  static void tell(Statement statement) throws SQLException {
    try (ResultSet found =
        statement.executeQuery("SELECT to_regclass('spendwatch.flyway_schema_history')")) {
      found.next();
      if (found.getString(1) == null) {
        return;
      }
    }
    for (RewordedMigration each : ALL) {
      statement.executeUpdate(
          String.format(
              Locale.ROOT,
              "UPDATE spendwatch.flyway_schema_history SET checksum = %d WHERE version = '%s' AND checksum = %d",
              each.is,
              each.version,
              each.was));
    }
  }
}
