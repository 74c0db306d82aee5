package io.spendwatch.ops.lab.sandbox.database;

import io.spendwatch.ops.lab.sandbox.start.DataDirectory;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The files of a physical replica: a copy of the primary's, made while that runs (the embedded
 * PostgreSQL has no pg_basebackup), which then follows its log through a slot. Blocks.
 */
final class ReplicaData {
  private static final String SLOT = "spendwatch_replica";

  /** Directories whose content is the primary's alone; the log comes through the slot. */
  private static final Set<String> EMPTIED =
      Set.of(
          "pg_wal",
          "pg_replslot",
          "pg_dynshmem",
          "pg_notify",
          "pg_serial",
          "pg_snapshots",
          "pg_stat_tmp",
          "pg_subtrans");

  private static final Set<String> LEFT_OUT =
      Set.of("postmaster.pid", "postmaster.opts", "pg_internal.init");

  private ReplicaData() {}

  /** How it follows, as settings of the server. */
  static Map<String, String> settings(PostgresServer primary) {
    return Map.of(
        "primary_conninfo",
        String.format(
            Locale.ROOT,
            "host=%s port=%d user=%s application_name=%s",
            Ports.LOOPBACK,
            primary.port(),
            primary.user(),
            SLOT),
        "primary_slot_name",
        SLOT,
        // Queries there keep no dead rows here; one that is in the way of the log is ended.
        "hot_standby_feedback",
        "off",
        "max_standby_streaming_delay",
        "30s",
        "wal_receiver_status_interval",
        "1s");
  }

  /**
   * Makes {@code data} below a directory, unless what is there can follow on: it is a replica, and
   * the slot has all of the log that it lacks.
   */
  static void prepare(Path root, PostgresServer primary) throws IOException, SQLException {
    Path data = root.resolve("data");
    try (Connection connection = primary.connect();
        Statement sql = connection.createStatement()) {
      if (Files.exists(data.resolve("standby.signal")) && slotHasTheLog(sql)) {
        return;
      }
      DataDirectory.deleteTree(data);
      dropSlot(sql);
      // The slot begins where the last checkpoint did. Where that was long ago, the next one would
      // find it further behind than a slot may be, and the replica would wait for ever.
      boolean _ = sql.execute("CHECKPOINT");
      boolean _ = sql.execute("SELECT pg_create_physical_replication_slot('" + SLOT + "', true)");
      Path partial = root.resolve("data.new");
      DataDirectory.deleteTree(partial);
      backUp(sql, partial);
      Files.move(partial, data, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private static boolean slotHasTheLog(Statement sql) throws SQLException {
    try (ResultSet slot =
        sql.executeQuery(
            "SELECT FROM pg_replication_slots WHERE slot_name = '"
                + SLOT
                + "' AND wal_status <> 'lost' AND restart_lsn IS NOT NULL")) {
      return slot.next();
    }
  }

  private static void dropSlot(Statement sql) throws SQLException {
    boolean _ =
        sql.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '"
                + SLOT
                + "' AND NOT active");
  }

  private static void backUp(Statement sql, Path target) throws IOException, SQLException {
    Path source = Path.of(text(sql, "SELECT current_setting('data_directory')"));
    boolean _ = sql.execute("SELECT pg_backup_start('replica', true)");
    String label;
    try {
      copy(source, target);
    } finally {
      label = text(sql, "SELECT labelfile FROM pg_backup_stop(false)");
    }
    Files.writeString(target.resolve("backup_label"), label);
    Files.createDirectories(target.resolve("pg_wal").resolve("archive_status"));
    Files.createFile(target.resolve("standby.signal"));
  }

  private static String text(Statement sql, String query) throws SQLException {
    try (ResultSet found = sql.executeQuery(query)) {
      if (!found.next()) {
        throw new SQLException("no answer: " + query);
      }
      return found.getString(1);
    }
  }

  /** Files that change or go meanwhile are right again once the log has been replayed. */
  private static void copy(Path source, Path target) throws IOException {
    Files.walkFileTree(
        source,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
              throws IOException {
            Path copied = target.resolve(source.relativize(directory).toString());
            Files.createDirectories(copied);
            Files.setPosixFilePermissions(copied, PosixFilePermissions.fromString("rwx------"));
            return directory.getParent().equals(source)
                    && EMPTIED.contains(directory.getFileName().toString())
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            String name = file.getFileName().toString();
            if (!LEFT_OUT.contains(name) && !name.startsWith("pgsql_tmp")) {
              try {
                Files.copy(
                    file,
                    target.resolve(source.relativize(file).toString()),
                    StandardCopyOption.COPY_ATTRIBUTES);
              } catch (NoSuchFileException e) {
                // Dropped meanwhile.
              }
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw e;
          }
        });
  }
}
