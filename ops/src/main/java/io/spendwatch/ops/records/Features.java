package io.spendwatch.ops.records;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.vertx.sqlclient.Row;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;

/**
 * What is usual for a user.
 *
 * @param asOf the moment that it holds for: the begin of a day (UTC); nothing later is in it
 * @param days before that moment that it follows from
 * @param currencies of the transactions in these days
 */
public record Features(String userId, Instant asOf, int days, List<OfCurrency> currencies) {
  /** As user_features_at has it. */
  static final int DAYS = 30;

  /**
   * In one currency. Amounts are exact decimals.
   *
   * @param computedAt what came later is not in it, however old it is
   * @param daysActive days with transactions
   * @param dailySpendAverage purchases less refunds a day, days without transactions included
   * @param dailySpendP90 on nine of ten days it was this much or less
   * @param refundShare refunds by purchases; null without purchases
   * @param usualHours hours of the day (UTC) with transactions on a quarter of the active days
   * @param merchants how many different ones
   * @param usualMerchants at most five, those of most days first
   */
  @JsonInclude(JsonInclude.Include.ALWAYS)
  public record OfCurrency(
      String currency,
      Instant computedAt,
      long transactions,
      int daysActive,
      String dailySpendAverage,
      String dailySpendP90,
      Double refundShare,
      List<Integer> usualHours,
      int merchants,
      List<String> usualMerchants) {

    static OfCurrency read(Row row) {
      return new OfCurrency(
          row.getString("currency"),
          row.getOffsetDateTime("computed_at").toInstant(),
          row.getLong("transactions"),
          row.getInteger("days_active"),
          row.getString("daily_spend_average"),
          row.getString("daily_spend_p90"),
          row.getDouble("refund_share"),
          Arrays.asList(row.getArrayOfIntegers("usual_hours")),
          row.getInteger("merchants"),
          Arrays.asList(row.getArrayOfStrings("usual_merchants")));
    }
  }

  /** The moment that a row is of. */
  static Instant asOf(Row row) {
    return row.getLocalDate("as_of").atStartOfDay(ZoneOffset.UTC).toInstant();
  }
}
