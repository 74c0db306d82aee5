package io.spendwatch.ops.audit.explain;

import java.time.Instant;

/**
 * A row of table {@code account_versions}: a version of a balance.
 *
 * @param asOf from when on it is in force, by the word of whoever wrote it: for event times later
 *     than it
 * @param recordedAt by the database's clock
 * @param closedAt when the account went, with this balance; null where it did not
 */
record AccountVersion(
    long version,
    long balanceMinor,
    String currency,
    Instant asOf,
    Instant recordedAt,
    Instant closedAt) {}
