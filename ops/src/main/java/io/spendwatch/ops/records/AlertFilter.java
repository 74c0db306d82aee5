package io.spendwatch.ops.records;

import io.spendwatch.protocol.AlertType;
import java.math.BigDecimal;
import java.time.Instant;

/**
 * Which alerts; what is null, or false for {@code open}, excludes none.
 *
 * @param type start or end of an episode
 * @param userId of one user
 * @param late whether it became visible late
 * @param from event time at or after this instant
 * @param to event time before this instant
 * @param open only the starts of episodes that have not ended
 * @param minExcess exposure − balance is at least so much, in the alert's own currency
 * @param merchant of the transaction that the alert names
 */
public record AlertFilter(
    AlertType type,
    String userId,
    Boolean late,
    Instant from,
    Instant to,
    boolean open,
    BigDecimal minExcess,
    String merchant) {

  /** No alert is left out. */
  public static final AlertFilter ALL =
      new AlertFilter(null, null, null, null, null, false, null, null);

  /** All of one user within a time. */
  public static AlertFilter ofUser(String userId, Instant from, Instant to) {
    return new AlertFilter(null, userId, null, from, to, false, null, null);
  }
}
