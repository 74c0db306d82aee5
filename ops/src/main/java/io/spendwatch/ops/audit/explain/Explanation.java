package io.spendwatch.ops.audit.explain;

import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/**
 * Why something was decided, or was not; as {@code explain --json} prints it. Amounts are exact
 * decimals of the summation's currency.
 *
 * @param subject what was asked about
 * @param sentence all of it in one sentence, for people
 * @param remarks what else has to be known
 * @param summation null where there was nothing to sum
 * @param balance that was in force; null without an account
 * @param verdict of the transaction, or of the last one up to the instant; null without one
 * @param alerts to which it led, or that it is, in the order in which they were decided
 * @param episode in which the user was, or which began or ended; null for none
 * @param arrival how the record came that was decided on; null for an instant
 * @param differences what the tables say in two ways: a fault; empty otherwise
 */
public record Explanation(
    Subject subject,
    String sentence,
    List<String> remarks,
    Summation summation,
    Balance balance,
    String verdict,
    List<Announcement> alerts,
    Episode episode,
    Arrival arrival,
    List<String> differences) {

  /** What can be asked about. */
  public enum Subject {
    ALERT,
    TRANSACTION,
    INSTANT
  }

  /** What the exposure was held against; version and times are null where none is kept. */
  public record Balance(
      String amount,
      Long version,
      Instant inForceSince,
      Instant recordedAt,
      Instant accountClosedAt) {}

  /** An alert as announced. */
  public record Announcement(
      String alertId,
      String type,
      Instant eventTime,
      String transactionId,
      String cause,
      boolean late,
      Instant detectedAt) {}

  /**
   * An episode.
   *
   * @param clearedAt null while it is open
   * @param cause of its end
   */
  public record Episode(
      String episodeId,
      Instant raisedAt,
      String raisedAlertId,
      Instant clearedAt,
      String clearedAlertId,
      String cause) {}

  /**
   * The record whose arrival led to the decision.
   *
   * @param outOfOrder whether its event time was before what had been looked at
   * @param decidedAt wall clock of the node
   */
  public record Arrival(
      String topic, int partition, long offset, boolean outOfOrder, Instant decidedAt) {}

  /** The same with another remark. */
  Explanation withRemark(String remark) {
    return new Explanation(
        subject,
        sentence,
        Stream.concat(remarks.stream(), Stream.of(remark)).toList(),
        summation,
        balance,
        verdict,
        alerts,
        episode,
        arrival,
        differences);
  }

  /** Whether the tables contradict each other. */
  public boolean isContradictory() {
    return !differences.isEmpty();
  }
}
