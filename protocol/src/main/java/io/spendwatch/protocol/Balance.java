package io.spendwatch.protocol;

/**
 * One record of the {@code balances} topic: an account's balance as of an instant.
 *
 * @param userId 1..64 characters; also the record's key
 * @param username free text, or null
 * @param balanceMinor minor units of {@code currency}; negative for an overdraft
 * @param currency ISO 4217
 * @param asOfMs milliseconds since the epoch, UTC; an older one than the stored one changes nothing
 */
public record Balance(
    String userId, String username, long balanceMinor, String currency, long asOfMs) {}
