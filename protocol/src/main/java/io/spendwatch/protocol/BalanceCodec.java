package io.spendwatch.protocol;

import io.spendwatch.protocol.Decoded.Valid;
import io.spendwatch.protocol.JsonFields.Field;
import io.spendwatch.protocol.JsonFields.Shape;

/** The JSON of the {@code balances} topic. Stateless and safe for use by many threads. */
public final class BalanceCodec {

  private static final Shape SHAPE = new Shape();
  private static final Field USER_ID = SHAPE.required("userId");
  private static final Field USERNAME = SHAPE.optional("username");
  private static final Field BALANCE = SHAPE.required("balance");
  private static final Field CURRENCY = SHAPE.required("currency");
  private static final Field AS_OF = SHAPE.required("asOf");

  private BalanceCodec() {}

  /**
   * Decodes one record. Never throws, whatever the bytes. Of several faults the first is named, in
   * the order of {@link TransactionCodec#decode}.
   *
   * @param key the record's key, or null
   * @param value the record's value, or null
   * @param latestAsOfMs latest {@code asOf} to accept, milliseconds since the epoch: the wall clock
   *     plus the allowed skew
   */
  public static Decoded<Balance> decode(byte[] key, byte[] value, long latestAsOfMs) {
    FieldChecks checks = FieldChecks.open(value, SHAPE);
    String userId = checks.id(USER_ID);
    String currency = checks.currency(CURRENCY);
    long balanceMinor = checks.amountMinor(BALANCE, currency);
    long asOfMs = checks.epochMs(AS_OF);
    String username = checks.text(USERNAME);
    checks.key(key, userId);
    checks.notAfter(latestAsOfMs, AS_OF, asOfMs);
    return checks.isRejected()
        ? checks.rejection()
        : new Valid<>(new Balance(userId, username, balanceMinor, currency, asOfMs));
  }

  /**
   * Encodes the value of a record; its key is the user id as UTF-8.
   *
   * @throws IllegalArgumentException if the currency is unknown
   */
  public static byte[] encode(Balance balance) {
    return Json.object(
        json -> {
          json.writeStringField(USER_ID.name(), balance.userId());
          json.writeStringField(USERNAME.name(), balance.username());
          json.writeStringField(
              BALANCE.name(), Money.format(balance.balanceMinor(), balance.currency()));
          json.writeStringField(CURRENCY.name(), balance.currency());
          json.writeStringField(AS_OF.name(), EventTime.format(balance.asOfMs()));
        });
  }
}
