package io.spendwatch.ops.explain;

import java.time.Instant;

/**
 * A row of table {@code account_versions}: a balance that was in force.
 *
 * @param inForceSince by the word of whoever wrote it
 * @param recordedAt by the database's clock
 * @param closedAt when the account went, with this balance; null where it did not
 */
record AccountVersion(
    long version,
    long balanceMinor,
    String currency,
    Instant inForceSince,
    Instant recordedAt,
    Instant closedAt) {}
