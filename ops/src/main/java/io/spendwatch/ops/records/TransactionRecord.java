package io.spendwatch.ops.records;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.spendwatch.protocol.EventTime;
import io.spendwatch.protocol.Money;
import io.spendwatch.streams.database.EventTimes;
import io.vertx.sqlclient.Row;

/**
 * A transaction as it is stored, with what was decided for it at its arrival: the record of the
 * topic, and more. Amounts are exact decimals of the currency, times ISO 8601 UTC.
 *
 * @param amount positive; a refund subtracts it
 * @param exposure over the 24 hours to the event time, as known at its arrival
 * @param balance that it was held against; null without an account
 * @param balanceVersion number of that balance; null without an account
 * @param verdict CLEAR, BREACH, NO_ACCOUNT or TOO_LATE
 * @param ingestedAt when its row was written, by the database's clock
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
public record TransactionRecord(
    String transactionId,
    String userId,
    String amount,
    String currency,
    String eventTime,
    String kind,
    String merchant,
    String originalTransactionId,
    String exposure,
    String balance,
    Long balanceVersion,
    String verdict,
    String ingestedAt,
    Source source) {

  /** Where the record is in the topic. */
  public record Source(String topic, int partition, long offset) {}

  static TransactionRecord read(Row row, String topic) {
    String currency = row.getString(4);
    Long balanceMinor = row.getLong(9);
    return new TransactionRecord(
        row.getString(2),
        row.getString(0),
        Money.format(row.getLong(5), currency),
        currency,
        time(row, 1),
        row.getString(3),
        row.getString(6),
        row.getString(7),
        Money.format(row.getLong(8), currency),
        balanceMinor == null ? null : Money.format(balanceMinor, currency),
        row.getLong(10),
        row.getString(11),
        time(row, 14),
        new Source(topic, row.getInteger(12), row.getLong(13)));
  }

  private static String time(Row row, int column) {
    return EventTime.format(EventTimes.toMs(row.getOffsetDateTime(column)));
  }
}
