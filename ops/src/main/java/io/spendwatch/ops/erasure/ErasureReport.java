package io.spendwatch.ops.erasure;

import io.spendwatch.ops.erasure.ErasableArchive.DayRows;
import java.time.Instant;
import java.util.List;

/**
 * What there was of a user, and what became of it. It does not say which pseudonym the user has
 * now.
 *
 * @param done whether it was done; false for a rehearsal
 * @param tables those with rows of the user
 * @param archive the days with rows of the user
 * @param archiveSays why the archive was left out; null where it was not
 * @param tombstone whether the user's balances in their topic were ended by one
 * @param topics what they keep, and for how long
 * @param left rows that came while it was done: those of a new customer of that id
 * @param outOfReach what nobody can reach from here, for people
 */
public record ErasureReport(
    boolean done,
    List<TableRows> tables,
    List<DayRows> archive,
    String archiveSays,
    boolean tombstone,
    List<Topic> topics,
    long left,
    List<String> outOfReach) {

  /** How many rows of a table have the user. */
  public record TableRows(String table, long rows) {}

  /**
   * What a topic keeps of the user.
   *
   * @param keptUntil when all that is there now is gone by the topic's retention, a segment's
   *     length later at most; null where it keeps records for ever, or by compaction
   * @param compacted whether the last record of each key stays
   */
  public record Topic(String name, Instant keptUntil, boolean compacted) {}

  /** Whether there is nothing of the user, in tables and archive. */
  public boolean isNobody() {
    return tables.isEmpty() && archive.isEmpty() && left == 0;
  }

  /** Rows of all tables. */
  public long rows() {
    return tables.stream().mapToLong(TableRows::rows).sum();
  }
}
