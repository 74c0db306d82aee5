package io.spendwatch.ops.audit.explain;

import io.spendwatch.protocol.Verdict;
import java.time.Instant;

/**
 * A row of table {@code transactions}: what was decided at its arrival.
 *
 * @param amountMinor positive; a refund subtracts it
 * @param balanceMinor what the exposure was held against; null without an account
 * @param balanceVersion null without an account
 * @param ingestedAt one instant for all of a batch
 */
record StoredTransaction(
    String userId,
    Instant eventTime,
    String transactionId,
    String kind,
    long amountMinor,
    String currency,
    long exposureMinor,
    Long balanceMinor,
    Long balanceVersion,
    Verdict verdict,
    int partition,
    long offset,
    Instant ingestedAt) {}
