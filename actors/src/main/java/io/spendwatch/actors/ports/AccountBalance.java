package io.spendwatch.actors.ports;

/**
 * A version of an account's balance: in force for event times later than {@code asOfMs}, until the
 * next version.
 *
 * @param balanceMinor minor units of {@code currency}; negative for an overdraft
 * @param currency ISO 4217
 * @param version numbers the user's versions in the order in which they came
 * @param asOfMs since when it holds, milliseconds since the epoch, UTC
 * @param closed the account has gone, with this balance as its last: none is in force. That has a
 *     number of its own
 */
public record AccountBalance(
    long balanceMinor, String currency, long version, long asOfMs, boolean closed) {

  /** A version that is a balance. */
  public AccountBalance(long balanceMinor, String currency, long version, long asOfMs) {
    this(balanceMinor, currency, version, asOfMs, false);
  }

  /** Whether this exposure is a breach, minor units. */
  public boolean isExceededBy(long exposureMinor) {
    return !closed && exposureMinor > balanceMinor;
  }
}
