package io.spendwatch.protocol;

/**
 * One record of the {@code alerts} topic, and one row of the {@code alerts} table.
 *
 * @param alertId deterministic: the same input gives the same id ({@link AlertIds})
 * @param type start or end of the episode
 * @param episodeId shared by an episode's RAISED and CLEARED; deterministic
 * @param userId whose exposure
 * @param transactionId the transaction at {@code eventTimeMs} at which the episode opened or ended;
 *     null where a balance change did, or transactions left the window
 * @param exposureMinor signed sum over (windowStart, eventTime], minor units
 * @param balanceMinor what it was held against, minor units
 * @param currency ISO 4217
 * @param transactions how many transactions the exposure sums
 * @param eventTimeMs the instant of the start or end, milliseconds since the epoch, UTC
 * @param detectedAtMs wall clock of the decision, milliseconds since the epoch, UTC
 * @param late became visible only through what came behind what had been looked at
 * @param revealedBy the transaction that made it visible; null where it is not late, or a balance
 *     did
 * @param cause what ended the episode; for RAISED {@link AlertCause#BALANCE} where a balance change
 *     opened it, else null
 * @param rule by which it was decided
 * @param source the record whose arrival led to the decision
 */
public record Alert(
    String alertId,
    AlertType type,
    String episodeId,
    String userId,
    String transactionId,
    long exposureMinor,
    long balanceMinor,
    String currency,
    int transactions,
    long eventTimeMs,
    long detectedAtMs,
    boolean late,
    String revealedBy,
    AlertCause cause,
    AppliedRule rule,
    Source source) {

  /**
   * The rule as an alert has it.
   *
   * @param id stable
   * @param version grows when the rule answers otherwise for the same transactions and balances
   * @param windowMs length of its window, milliseconds
   */
  public record AppliedRule(String id, int version, long windowMs) {}

  /** Where in Kafka the decision came from. */
  public record Source(String topic, int partition, long offset) {}

  /** The window's open left edge, milliseconds since the epoch: an entry at exactly it is out. */
  public long windowStartMs() {
    return eventTimeMs - rule.windowMs();
  }
}
