package io.spendwatch.protocol;

import java.math.BigInteger;

/**
 * One record of the topic {@code sales.metrics}: what a merchant's transactions of one minute of
 * event time add up to, in one currency, as far as they were known. The last record of a key holds:
 * it replaces all before it.
 *
 * @param minuteMs begin of the minute, milliseconds since the epoch, UTC
 * @param merchant null for transactions without one
 * @param currency ISO 4217
 * @param purchases how many
 * @param purchasesMinor their sum in minor units; that of many can be more than 64 bits hold
 * @param refunds how many
 * @param refundsMinor their sum in minor units
 * @param revision greater than that of each record of the key before it, unless that was the same
 *     record: after a failure it may be there again
 * @param asOfMs when it was counted, milliseconds since the epoch, UTC
 */
public record SalesMetrics(
    long minuteMs,
    String merchant,
    String currency,
    long purchases,
    BigInteger purchasesMinor,
    long refunds,
    BigInteger refundsMinor,
    long revision,
    long asOfMs) {}
