package io.spendwatch.loadgen.workload;

import io.spendwatch.loadgen.oracle.KnownAlert;

/**
 * An invented transaction, before it has an id and is written.
 *
 * @param userId letters, digits and hyphens
 * @param signedMinor negative for a refund
 * @param originalNumber of the transaction that it refunds; {@link #NO_ORIGINAL} for none
 * @param alert what must come of it; null for nothing
 * @param scenario whose part it is; null for the background
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; one for each record
record Spend(
    byte[] userId,
    long signedMinor,
    long eventTimeMs,
    long originalNumber,
    KnownAlert alert,
    Scenario scenario) {

  static final long NO_ORIGINAL = -1;
}
