package io.spendwatch.ops.faults;

import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.faults.processes.NodeProcess;
import io.spendwatch.ops.faults.processes.SmallDisk;
import java.util.regex.Pattern;

/** How PostgreSQL fails. */
final class PostgresFaults {
  private static final Pattern ANY = Pattern.compile("PostgreSQL: (?!the connection that pushes)");
  private static final Pattern READ_ONLY = Pattern.compile("PostgreSQL: .*25006");

  /** In the server's words, or that it is gone: a full disk of its log ends it. */
  private static final Pattern DISK_FULL =
      Pattern.compile("PostgreSQL: .*(53100|space|refused|recovery|lost)");

  private static final int COMMIT_DELAY_US = 100_000;

  private PostgresFaults() {}

  static Fault killed(FaultBed bed) {
    var server = bed.postgres().server();
    return Fault.of(server::kill, () -> bed.anyWaitsFor(ANY), server::start);
  }

  static Fault restarted(FaultBed bed) {
    var server = bed.postgres().server();
    return Fault.of(server::stop, () -> bed.anyWaitsFor(ANY), server::start);
  }

  static Fault stalled(FaultBed bed) {
    var server = bed.postgres().server();
    return Fault.of(server::freeze, () -> bed.anyWaitsFor(ANY), server::thaw);
  }

  /** As after a failover: the server that answers is no primary any more. */
  static Fault readOnly(FaultBed bed) {
    return Fault.of(
        () ->
            bed.postgres()
                .execute(
                    "ALTER SYSTEM SET default_transaction_read_only = on",
                    "SELECT pg_reload_conf()"),
        () -> bed.anyWaitsFor(READ_ONLY),
        () ->
            bed.postgres()
                .execute(
                    "ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()"));
  }

  /** The server must lie on the disk. It may give up altogether; then somebody starts it again. */
  static Fault diskFull(FaultBed bed) {
    SmallDisk disk = bed.postgres().disk().orElseThrow();
    return Fault.of(
        disk::fill,
        () -> bed.anyWaitsFor(DISK_FULL),
        () -> {
          disk.free();
          // It may be about to give up still.
          await("the server, which has room again")
              .atMost(NodeProcess.START_LIMIT)
              .ignoreExceptions()
              .until(
                  () -> {
                    bed.postgres().server().start();
                    bed.postgres().execute("SELECT 1");
                    return true;
                  });
        });
  }

  /** Each flush of the log waits. */
  static Fault diskSlow(FaultBed bed) {
    return Fault.of(
        () ->
            bed.postgres()
                .execute(
                    "ALTER SYSTEM SET commit_siblings = 0",
                    "ALTER SYSTEM SET commit_delay = " + COMMIT_DELAY_US,
                    "SELECT pg_reload_conf()"),
        () -> bed.bed().column("SHOW commit_delay").getFirst().equals("" + COMMIT_DELAY_US),
        () ->
            bed.postgres()
                .execute(
                    "ALTER SYSTEM RESET commit_siblings",
                    "ALTER SYSTEM RESET commit_delay",
                    "SELECT pg_reload_conf()"));
  }

  static Fault connectionsTerminated(FaultBed bed) {
    return Fault.momentary(
        () ->
            bed.postgres()
                .execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        + " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"));
  }

  /** Connections die without a word to either side. The nodes must use the link. */
  static Fault connectionsDead(FaultBed bed) {
    return Fault.of(bed.postgres().link()::goDead, () -> bed.anyWaitsFor(ANY), () -> {});
  }
}
