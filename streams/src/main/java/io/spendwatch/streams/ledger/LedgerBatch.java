package io.spendwatch.streams.ledger;

import io.spendwatch.actors.exposure.Announcement;
import io.spendwatch.actors.exposure.Assessment;
import io.spendwatch.actors.exposure.Received;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What a partition makes durable with one write.
 *
 * @param epoch under which the partition is claimed
 * @param writeNo of the writes under this epoch, from 1
 * @param nowMs wall clock of the node, milliseconds
 * @param writtenBeforeMs wall clock of the last write with transactions before this one; {@link
 *     Long#MIN_VALUE} before any
 * @param streamTimeMs highest event time seen so far; {@link Long#MIN_VALUE} before any
 * @param accountsSeenMs changes of accounts recorded before this have been looked at; {@link
 *     Long#MIN_VALUE} before any
 * @param transactions as received
 * @param assessments one for each transaction; only what is {@link Assessment.Stored} becomes a row
 * @param alerts in the order in which they are to be published
 * @param alertSeqBefore place of the last alert before these in the partition's sequence
 * @param publishedAlertSeq highest place known to be published
 * @param nextOffset offset after the last record that is durable with these
 * @param publishedOffset all records before it are durable and known to be published
 */
public record LedgerBatch(
    int partition,
    long epoch,
    long writeNo,
    long nowMs,
    long writtenBeforeMs,
    long streamTimeMs,
    long accountsSeenMs,
    List<Received> transactions,
    List<Assessment> assessments,
    List<Announcement> alerts,
    long alertSeqBefore,
    long publishedAlertSeq,
    long nextOffset,
    long publishedOffset) {

  private static final long DAY_MS = Duration.ofDays(1).toMillis();

  public LedgerBatch {
    if (transactions.size() != assessments.size()) {
      throw new IllegalArgumentException(
          transactions.size() + " transactions, but " + assessments.size() + " assessments");
    }
  }

  /** How many of the transactions become rows. */
  int rows() {
    int rows = 0;
    for (Assessment assessment : assessments) {
      rows += assessment instanceof Assessment.Stored ? 1 : 0;
    }
    return rows;
  }

  /** The days (UTC) of the rows, in a set of the caller's own. */
  SortedSet<LocalDate> days() {
    SortedSet<LocalDate> days = new TreeSet<>();
    long lastEpochDay = Long.MIN_VALUE;
    for (int i = 0; i < transactions.size(); i++) {
      if (assessments.get(i) instanceof Assessment.Stored) {
        long eventTimeMs = transactions.get(i).transaction().eventTimeMs();
        long epochDay = Math.floorDiv(eventTimeMs, DAY_MS);
        // Nearly all are of the same day.
        if (epochDay != lastEpochDay) {
          days.add(LocalDate.ofEpochDay(epochDay));
          lastEpochDay = epochDay;
        }
      }
    }
    return days;
  }

  /** Wall clock of the last write with transactions; {@link Long#MIN_VALUE} before any. */
  public long writtenAtMs() {
    boolean hasRows = assessments.stream().anyMatch(Assessment.Stored.class::isInstance);
    return hasRows ? nowMs : writtenBeforeMs;
  }

  /** Place of the last of these alerts. */
  public long alertSeq() {
    return alertSeqBefore + alerts.size();
  }
}
