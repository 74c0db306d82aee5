package io.spendwatch.loadgen.workload;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.spendwatch.protocol.EventTime;
import io.spendwatch.protocol.Money;
import java.util.Arrays;

/**
 * Writes a run's transactions as {@link io.spendwatch.protocol.TransactionCodec} does, at a
 * fraction of the cost: whatever is the same in all of them is written once, and nothing needs to
 * be escaped. For one thread.
 */
final class TransactionWriter {

  private static final long DAY_MS = 24L * 60 * 60 * 1000;

  /** More than any record has: ids are 64 characters at most. */
  private static final int BYTES_MAX = 1_024;

  private static final byte[] PURCHASE = ascii("PURCHASE");
  private static final byte[] REFUND = ascii("REFUND");
  private static final byte[] NULL = ascii("null");

  private final byte[] idPrefix;
  private final byte[] beforeId;
  private final byte[] beforeUser = ascii("\",\"userId\":\"");
  private final byte[] beforeAmount = ascii("\",\"amount\":\"");
  private final byte[] beforeTime;
  private final byte[] beforeKind = ascii("Z\",\"kind\":\"");
  private final byte[] beforeMerchant = ascii("\",\"merchant\":\"m-");
  private final byte[] beforeOriginal = ascii("\",\"originalTransactionId\":");
  private final long unitMinor;
  private final int fractionDigits;

  private final byte[] buffer = new byte[BYTES_MAX];
  private int length;

  /** The day whose date is in {@link #date}, milliseconds since the epoch. */
  private long dayMs = Long.MIN_VALUE;

  private byte[] date;

  /**
   * @param idPrefix begins all transactions' ids: letters, digits and hyphens
   */
  TransactionWriter(String idPrefix, String currency) {
    this.idPrefix = ascii(idPrefix);
    this.beforeId = ascii("{\"transactionId\":\"" + idPrefix);
    this.beforeTime = ascii("\",\"currency\":\"" + currency + "\",\"eventTime\":\"");
    this.fractionDigits = Money.fractionDigits(currency);
    long unit = 1;
    for (int i = 0; i < fractionDigits; i++) {
      unit *= 10;
    }
    this.unitMinor = unit;
  }

  /**
   * A record's value.
   *
   * @param number of the transaction; what its id ends in
   * @param userId letters, digits and hyphens
   * @param signedMinor negative for a refund
   * @param originalNumber of the transaction that it refers to; −1 for none
   */
  byte[] write(
      long number,
      byte[] userId,
      long signedMinor,
      long eventTimeMs,
      int merchant,
      long originalNumber) {
    length = 0;
    append(beforeId);
    appendNumber(number, 1);
    append(beforeUser);
    append(userId);
    append(beforeAmount);
    long amountMinor = Math.abs(signedMinor);
    appendNumber(amountMinor / unitMinor, 1);
    if (fractionDigits > 0) {
      buffer[length++] = '.';
      appendNumber(amountMinor % unitMinor, fractionDigits);
    }
    append(beforeTime);
    appendTime(eventTimeMs);
    append(beforeKind);
    append(signedMinor < 0 ? REFUND : PURCHASE);
    append(beforeMerchant);
    appendNumber(merchant, 1);
    append(beforeOriginal);
    if (originalNumber < 0) {
      append(NULL);
    } else {
      buffer[length++] = '"';
      append(idPrefix);
      appendNumber(originalNumber, 1);
      buffer[length++] = '"';
    }
    buffer[length++] = '}';
    return Arrays.copyOf(buffer, length);
  }

  /** {@code yyyy-MM-ddTHH:mm:ss.SSS}. */
  private void appendTime(long epochMs) {
    long inDayMs = Math.floorMod(epochMs, DAY_MS);
    if (epochMs - inDayMs != dayMs) {
      dayMs = epochMs - inDayMs;
      String midnight = EventTime.format(dayMs);
      date = ascii(midnight.substring(0, midnight.indexOf('T') + 1));
    }
    append(date);
    appendNumber(inDayMs / 3_600_000, 2);
    buffer[length++] = ':';
    appendNumber(inDayMs / 60_000 % 60, 2);
    buffer[length++] = ':';
    appendNumber(inDayMs / 1_000 % 60, 2);
    buffer[length++] = '.';
    appendNumber(inDayMs % 1_000, 3);
  }

  private void append(byte[] text) {
    System.arraycopy(text, 0, buffer, length, text.length);
    length += text.length;
  }

  /** Not negative; with zeros before it where it has fewer digits. */
  private void appendNumber(long number, int digitsMin) {
    int digits = 1;
    for (long rest = number / 10; rest > 0; rest /= 10) {
      digits++;
    }
    digits = Math.max(digits, digitsMin);
    long rest = number;
    for (int at = length + digits - 1; at >= length; at--) {
      buffer[at] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    length += digits;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(US_ASCII);
  }
}
