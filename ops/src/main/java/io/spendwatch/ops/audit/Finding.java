package io.spendwatch.ops.audit;

import java.time.Instant;

/**
 * A difference between what is stored, or in memory, and what follows from the rows.
 *
 * @param userId null, as are the next five, where it is not about one
 * @param expected what follows from the rows
 * @param actual what is there
 * @param detail for people
 * @param reproduce a query that shows it
 */
public record Finding(
    FindingKind kind,
    String userId,
    String transactionId,
    String alertId,
    Integer kafkaPartition,
    Long kafkaOffset,
    Instant eventTime,
    String expected,
    String actual,
    String detail,
    String reproduce) {}
