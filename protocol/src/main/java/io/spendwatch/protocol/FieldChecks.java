package io.spendwatch.protocol;

import io.spendwatch.protocol.JsonFields.Field;
import io.spendwatch.protocol.JsonFields.Shape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.util.Arrays;

/**
 * Takes one record's fields out of its bytes, each under the contract's rule for it. The first rule
 * that is broken rejects the record; from then on every check answers with null or 0 and changes
 * nothing, so that a codec reads as a list of its fields. For one record and one thread.
 */
final class FieldChecks {

  private static final int ID_CHARACTERS_MAX = 64;
  private static final int TEXT_CHARACTERS_MAX = 256;
  private static final int QUOTED_CHARACTERS_MAX = 80;

  /** Null where the value itself was rejected: no check looks at it then. */
  private final JsonFields fields;

  private DeadLetterReason reason;
  private String message;

  private FieldChecks(JsonFields fields) {
    this.fields = fields;
  }

  /** Checks the value as a whole: that it is there, its size, its syntax, its required fields. */
  static FieldChecks open(byte[] value, Shape shape) {
    if (value == null) {
      return rejected(DeadLetterReason.NO_VALUE, "the record has no value");
    }
    if (value.length > DeadLetterReason.MAX_VALUE_BYTES) {
      return rejected(
          DeadLetterReason.TOO_LARGE,
          value.length + " bytes (expected: at most " + DeadLetterReason.MAX_VALUE_BYTES + ")");
    }
    FieldChecks checks;
    try {
      checks = new FieldChecks(JsonFields.parse(value, shape));
    } catch (IOException e) {
      return rejected(DeadLetterReason.MALFORMED_JSON, firstLine(e));
    }
    for (Field field : shape.fields()) {
      if (field.required() && !checks.fields.has(field)) {
        checks.reject(DeadLetterReason.MISSING_FIELD, field.name() + " is missing");
      }
    }
    return checks;
  }

  private static FieldChecks rejected(DeadLetterReason reason, String message) {
    var checks = new FieldChecks(null);
    checks.reject(reason, message);
    return checks;
  }

  /** Jackson's further lines say where in the source; the dead letter holds the source itself. */
  private static String firstLine(IOException e) {
    String message = String.valueOf(e.getMessage());
    int lineEnd = message.indexOf('\n');
    return lineEnd < 0 ? message : message.substring(0, lineEnd);
  }

  /** An id, storable as text: 1..64 characters; null if the field is optional and not there. */
  String id(Field field) {
    if (skips(field)) {
      return null;
    }
    String id = fields.text(field);
    if (!fields.isString(field)
        || id.isEmpty()
        || !isStorable(id)
        || id.codePointCount(0, id.length()) > ID_CHARACTERS_MAX) {
      rejectField(
          DeadLetterReason.BAD_ID,
          field,
          "a string of 1.." + ID_CHARACTERS_MAX + " characters, without NUL");
      return null;
    }
    return id;
  }

  /** Free text, storable as text: at most 256 characters; null if not there. */
  String text(Field field) {
    if (skips(field)) {
      return null;
    }
    String text = fields.text(field);
    if (!fields.isString(field)
        || !isStorable(text)
        || text.codePointCount(0, text.length()) > TEXT_CHARACTERS_MAX) {
      rejectField(
          DeadLetterReason.BAD_TEXT,
          field,
          "a string of at most " + TEXT_CHARACTERS_MAX + " characters, without NUL");
      return null;
    }
    return text;
  }

  String currency(Field field) {
    if (skips(field)) {
      return null;
    }
    String currency = fields.text(field);
    if (!fields.isString(field) || !Money.isCurrency(currency)) {
      rejectField(DeadLetterReason.BAD_CURRENCY, field, "an ISO 4217 code in upper case");
      return null;
    }
    return currency;
  }

  /**
   * A decimal as minor units of the currency: a JSON string in plain notation, as written, or a
   * JSON number, by its value.
   */
  long amountMinor(Field field, String currency) {
    if (skips(field)) {
      return 0;
    }
    if (!fields.isString(field) && !fields.isNumber(field)) {
      rejectField(DeadLetterReason.BAD_AMOUNT, field, "a decimal as string or number");
      return 0;
    }
    try {
      return fields.isString(field)
          ? Money.parseMinor(fields.text(field), currency)
          : Money.parseNumberMinor(fields.text(field), currency);
    } catch (IllegalArgumentException e) {
      reject(
          DeadLetterReason.BAD_AMOUNT,
          field.name() + " " + quoted(fields.text(field)) + ": " + e.getMessage());
      return 0;
    }
  }

  /** As {@link #amountMinor}, and greater than zero. */
  long positiveAmountMinor(Field field, String currency) {
    long amountMinor = amountMinor(field, currency);
    if (amountMinor <= 0) {
      rejectField(DeadLetterReason.BAD_AMOUNT, field, "more than zero");
    }
    return amountMinor;
  }

  /** ISO 8601 with offset, or an integer of milliseconds since the epoch; from 1970 on. */
  long epochMs(Field field) {
    if (skips(field)) {
      return 0;
    }
    long epochMs = -1;
    try {
      if (fields.isString(field)) {
        epochMs = EventTime.parseMs(fields.text(field));
      } else if (fields.isInteger(field)) {
        epochMs = Long.parseLong(fields.text(field));
      }
    } catch (DateTimeException | NumberFormatException e) {
      epochMs = -1;
    }
    if (epochMs < 0) {
      rejectField(
          DeadLetterReason.BAD_EVENT_TIME,
          field,
          "ISO 8601 with an offset, or milliseconds since 1970");
    }
    return epochMs;
  }

  /** {@link TransactionKind#PURCHASE} if not there. */
  TransactionKind kind(Field field) {
    if (skips(field)) {
      return TransactionKind.PURCHASE;
    }
    if (fields.isString(field)) {
      String kind = fields.text(field);
      if (kind.equals(TransactionKind.PURCHASE.name())) {
        return TransactionKind.PURCHASE;
      }
      if (kind.equals(TransactionKind.REFUND.name())) {
        return TransactionKind.REFUND;
      }
    }
    rejectField(DeadLetterReason.BAD_KIND, field, "PURCHASE or REFUND");
    return TransactionKind.PURCHASE;
  }

  /** The record's key must be the user id, or the record may lie in another's partition. */
  void key(byte[] key, String userId) {
    if (isRejected()) {
      return;
    }
    if (key == null) {
      reject(DeadLetterReason.KEY_MISMATCH, "the record has no key (expected: the userId)");
    } else if (!Arrays.equals(key, userId.getBytes(StandardCharsets.UTF_8))) {
      reject(
          DeadLetterReason.KEY_MISMATCH,
          "key "
              + quoted(new String(key, StandardCharsets.UTF_8))
              + " (expected: the userId "
              + quoted(userId)
              + ")");
    }
  }

  void notAfter(long latestMs, Field field, long epochMs) {
    if (!isRejected() && epochMs > latestMs) {
      rejectField(
          DeadLetterReason.FUTURE_EVENT_TIME,
          field,
          "at most " + EventTime.format(latestMs) + ", the wall clock plus the allowed skew");
    }
  }

  boolean isRejected() {
    return reason != null;
  }

  /** The outcome of a rejected record. */
  <T> Decoded<T> rejection() {
    return new Decoded.Rejected<>(reason, message);
  }

  private boolean skips(Field field) {
    return isRejected() || !fields.has(field);
  }

  private void rejectField(DeadLetterReason reason, Field field, String expected) {
    if (!isRejected()) {
      String found = fields.text(field) == null ? "is no single value" : quoted(fields.text(field));
      reject(reason, field.name() + " " + found + " (expected: " + expected + ")");
    }
  }

  private void reject(DeadLetterReason reason, String message) {
    if (!isRejected()) {
      this.reason = reason;
      this.message = message;
    }
  }

  private static String quoted(String text) {
    return text.codePointCount(0, text.length()) <= QUOTED_CHARACTERS_MAX
        ? '"' + text + '"'
        : '"' + text.substring(0, text.offsetByCodePoints(0, QUOTED_CHARACTERS_MAX)) + "…\"";
  }

  /** PostgreSQL stores neither NUL nor unpaired surrogates; a JSON escape can spell both. */
  private static boolean isStorable(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == 0) {
        return false;
      }
      if (Character.isSurrogate(c)) {
        boolean pair =
            Character.isHighSurrogate(c)
                && i + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(i + 1));
        if (!pair) {
          return false;
        }
        i++;
      }
    }
    return true;
  }
}
