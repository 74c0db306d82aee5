package io.spendwatch.actors;

import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;

/**
 * An episode opens or ends: an alert in the making.
 *
 * @param episodeId deterministic
 * @param atMs event time of the start or end
 * @param transactionId the transaction there; null where there is none, or where only {@code rank}
 *     is known
 * @param rank where an earlier transaction opened it, known only by its instant: the how-manieth of
 *     that instant, from 0; otherwise −1
 * @param exposureMinor over (at − 24 h, at], minor units
 * @param transactions how many the exposure sums
 * @param balance what the exposure was held against
 * @param late became visible only through an out-of-order record
 * @param cause of the end; null for RAISED
 * @param offset of the record whose arrival led here; −1 where none did
 */
record Transition(
    AlertType type,
    String episodeId,
    long atMs,
    String transactionId,
    int rank,
    long exposureMinor,
    int transactions,
    AccountBalance balance,
    boolean late,
    AlertCause cause,
    long offset) {}
