package io.spendwatch.actors;

/**
 * An account's balance in force.
 *
 * @param balanceMinor minor units of {@code currency}; negative for an overdraft
 * @param currency ISO 4217
 * @param version grows with every change of the account
 * @param asOfMs since when it holds, milliseconds since the epoch, UTC
 */
public record AccountBalance(long balanceMinor, String currency, long version, long asOfMs) {}
