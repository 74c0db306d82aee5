package io.spendwatch.streams.pipeline;

import io.spendwatch.streams.kafka.SourceState;
import io.spendwatch.streams.ledger.Ledger;
import io.spendwatch.streams.ledger.LedgerBatch;
import io.spendwatch.streams.pipeline.start.PartitionStart;

/**
 * How far a life of a partition's pipeline has come, in offsets and in the partition's sequence of
 * alerts: what is assessed, what is published, and what the ledger has noted of both.
 *
 * <p>Confined to the stages, which run a batch at a time. Only what is published is moved from
 * elsewhere, by the answers of Kafka, which come in the order of the batches.
 */
final class Places {

  /**
   * What the ledger knows. It follows with the next write, on a tick at the latest, so that nothing
   * is published twice either where an operator moves the offset, which takes its note away.
   *
   * @param nextOffset all records before it are durable
   * @param publishedOffset all records before it are durable and published
   * @param publishedAlertSeq place of the last alert that is published
   */
  record Noted(long nextOffset, long publishedOffset, long publishedAlertSeq) {}

  private long nextOffset;
  private long alertSeq;
  private Noted noted;
  private volatile long publishedAlertSeq;
  private volatile long publishedOffset;

  /** Where a life begins. */
  Places(SourceState kafka, PartitionStart start, Ledger.Claim claim) {
    this.nextOffset = start.offset();
    this.alertSeq = claim.alertSeq();
    this.noted =
        new Noted(
            start.isKnown() ? claim.nextOffset().orElse(start.offset()) : start.nextOffset(),
            start.isKnown() ? claim.publishedOffset().orElse(start.offset()) : start.offset(),
            claim.publishedAlertSeq());
    this.publishedOffset = start.offset();
    // Either may lag behind the truth, neither runs ahead of it; but where the tables were put
    // back, the numbers that Kafka has seen are of alerts that they do not know.
    this.publishedAlertSeq =
        start.rewind().isPresent()
            ? claim.publishedAlertSeq()
            : Math.max(kafka.publishedAlertSeq().orElse(0), claim.publishedAlertSeq());
  }

  /** Offset after the last record that is asked about; all before the batch in work is durable. */
  long nextOffset() {
    return nextOffset;
  }

  /** A batch begins, which ends before this offset. */
  void reads(long batchNextOffset) {
    nextOffset = batchNextOffset;
  }

  /** Place of the last alert that is durable. */
  long alertSeq() {
    return alertSeq;
  }

  /** Place of the last alert that is published. For any thread. */
  long publishedAlertSeq() {
    return publishedAlertSeq;
  }

  /** What the ledger should know. What is read again is noted already: offsets never go back. */
  Noted toNote() {
    // The offset first: it is published after its place, so that the place is never behind it.
    long published = Math.max(noted.publishedOffset(), publishedOffset);
    return new Noted(Math.max(noted.nextOffset(), nextOffset), published, publishedAlertSeq);
  }

  /** Whether the ledger knows it. */
  boolean isNoted(Noted places) {
    return noted.equals(places);
  }

  /** The rows are durable, and with them what they note. */
  void written(LedgerBatch rows) {
    alertSeq = rows.alertSeq();
    noted = new Noted(rows.nextOffset(), rows.publishedOffset(), rows.publishedAlertSeq());
  }

  /** A batch is published; in the order of the batches. */
  void published(AssessedBatch batch) {
    publishedAlertSeq = batch.alertSeq();
    publishedOffset = batch.nextOffset();
  }

  /** Alerts of an earlier life are published, with an offset that was committed before. */
  void publishedLeftovers(long lastAlertSeq) {
    publishedAlertSeq = lastAlertSeq;
  }

  /** Whether all that is durable is published. */
  boolean isAllPublished() {
    return publishedOffset >= nextOffset && publishedAlertSeq >= alertSeq;
  }
}
