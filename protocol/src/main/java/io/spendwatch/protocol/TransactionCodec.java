package io.spendwatch.protocol;

import io.spendwatch.protocol.Decoded.Valid;
import io.spendwatch.protocol.JsonFields.Field;
import io.spendwatch.protocol.JsonFields.Shape;
import java.util.function.BiConsumer;

/** The JSON of the {@code transactions} topic. Stateless and safe for use by many threads. */
public final class TransactionCodec {

  private static final Shape SHAPE = new Shape();
  private static final Field TRANSACTION_ID = SHAPE.required("transactionId");
  private static final Field USER_ID = SHAPE.required("userId");
  private static final Field AMOUNT = SHAPE.required("amount");
  private static final Field CURRENCY = SHAPE.required("currency");
  private static final Field EVENT_TIME = SHAPE.required("eventTime");
  private static final Field KIND = SHAPE.optional("kind");
  private static final Field MERCHANT = SHAPE.optional("merchant");
  private static final Field ORIGINAL_TRANSACTION_ID = SHAPE.optional("originalTransactionId");

  private TransactionCodec() {}

  /**
   * Decodes one record. Never throws, whatever the bytes. Of several faults the first of this order
   * is named: no value, too large, not JSON, a field missing, a field bad (ids, currency, amount,
   * event time, kind, texts), another key than the user id, event time in the future.
   *
   * @param key the record's key, or null
   * @param value the record's value, or null
   * @param latestEventTimeMs latest event time to accept, milliseconds since the epoch: the wall
   *     clock plus the allowed skew
   */
  public static Decoded<Transaction> decode(byte[] key, byte[] value, long latestEventTimeMs) {
    return decode(value, latestEventTimeMs, (checks, userId) -> checks.key(key, userId));
  }

  /** Decodes a value that is in no record: as {@link #decode}, but there is no key to be wrong. */
  public static Decoded<Transaction> decodeValue(byte[] value, long latestEventTimeMs) {
    return decode(value, latestEventTimeMs, (checks, userId) -> {});
  }

  private static Decoded<Transaction> decode(
      byte[] value, long latestEventTimeMs, BiConsumer<FieldChecks, String> key) {
    FieldChecks checks = FieldChecks.open(value, SHAPE);
    String transactionId = checks.id(TRANSACTION_ID);
    String userId = checks.id(USER_ID);
    String currency = checks.currency(CURRENCY);
    long amountMinor = checks.positiveAmountMinor(AMOUNT, currency);
    long eventTimeMs = checks.epochMs(EVENT_TIME);
    TransactionKind kind = checks.kind(KIND);
    String merchant = checks.text(MERCHANT);
    String originalTransactionId = checks.id(ORIGINAL_TRANSACTION_ID);
    key.accept(checks, userId);
    checks.notAfter(latestEventTimeMs, EVENT_TIME, eventTimeMs);
    return checks.isRejected()
        ? checks.rejection()
        : new Valid<>(
            new Transaction(
                transactionId,
                userId,
                amountMinor,
                currency,
                eventTimeMs,
                kind,
                merchant,
                originalTransactionId));
  }

  /**
   * Encodes the value of a record; its key is the user id as UTF-8.
   *
   * @throws IllegalArgumentException if the currency is unknown
   */
  public static byte[] encode(Transaction transaction) {
    return Json.object(
        json -> {
          json.writeStringField(TRANSACTION_ID.name(), transaction.transactionId());
          json.writeStringField(USER_ID.name(), transaction.userId());
          json.writeStringField(
              AMOUNT.name(), Money.format(transaction.amountMinor(), transaction.currency()));
          json.writeStringField(CURRENCY.name(), transaction.currency());
          json.writeStringField(EVENT_TIME.name(), EventTime.format(transaction.eventTimeMs()));
          json.writeStringField(KIND.name(), transaction.kind().name());
          json.writeStringField(MERCHANT.name(), transaction.merchant());
          json.writeStringField(
              ORIGINAL_TRANSACTION_ID.name(), transaction.originalTransactionId());
        });
  }
}
