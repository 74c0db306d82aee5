package io.spendwatch.ops.records;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;

/**
 * A user's exposure against the balance over some time. Amounts are exact decimals, times ISO 8601
 * UTC; both lists are steps: each value holds until the next one.
 *
 * @param currency of all amounts without one of their own; null where there is nothing
 * @param thinned whether there are more steps than are here
 * @param points the exposure: at {@code from}, at each change, at {@code to}
 * @param balances those in force: at {@code from}, then at each change
 * @param episodes that overlap the time, by their start
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
public record Exposure(
    String userId,
    String currency,
    String from,
    String to,
    boolean thinned,
    List<Point> points,
    List<Balance> balances,
    List<Episode> episodes) {

  /**
   * An exposure from an instant on.
   *
   * @param currency only where it is another one than that of all
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Point(String at, String exposure, String currency) {}

  /**
   * A balance from an instant on.
   *
   * @param balance null without an account
   * @param currency only where it is another one than that of all
   */
  public record Balance(
      String at,
      @JsonInclude(JsonInclude.Include.ALWAYS) String balance,
      @JsonInclude(JsonInclude.Include.NON_NULL) String currency) {}

  /**
   * An episode; its figures are those of its start.
   *
   * @param until null while it is open
   * @param late whether its start became visible late
   * @param cause of its end; null while it is open
   */
  @JsonInclude(JsonInclude.Include.ALWAYS)
  public record Episode(
      String episodeId,
      String since,
      String until,
      String raisedAlertId,
      String clearedAlertId,
      String transactionId,
      String exposure,
      String balance,
      String currency,
      boolean late,
      String cause) {}
}
