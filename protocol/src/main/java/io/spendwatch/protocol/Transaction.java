package io.spendwatch.protocol;

/**
 * One record of the {@code transactions} topic.
 *
 * @param transactionId 1..64 characters, unique per user
 * @param userId 1..64 characters; also the record's key
 * @param amountMinor positive, in minor units of {@code currency}
 * @param currency ISO 4217, three upper-case letters
 * @param eventTimeMs when it took place, milliseconds since the epoch, UTC
 * @param kind whether the amount adds or subtracts
 * @param merchant free text, or null
 * @param originalTransactionId what a refund refers to, or null
 */
public record Transaction(
    String transactionId,
    String userId,
    long amountMinor,
    String currency,
    long eventTimeMs,
    TransactionKind kind,
    String merchant,
    String originalTransactionId) {

  /** The amount with the sign that it has in the exposure, minor units. */
  public long signedAmountMinor() {
    return switch (kind) {
      case PURCHASE -> amountMinor;
      case REFUND -> -amountMinor;
    };
  }
}
