package io.spendwatch.actors.exposure;

import io.spendwatch.actors.ClusterMessage;
import io.spendwatch.actors.ports.AccountBalance;
import org.jspecify.annotations.Nullable;

/**
 * A user as the actor sees it, or would: a copy, for display.
 *
 * @param known false where neither an account nor a transaction of the last 48 h is known; the
 *     other fields are then empty
 * @param latestMs event time of the latest transaction, {@link Long#MIN_VALUE} without any
 * @param exposureMinor over (streamTimeMs − 24 h, streamTimeMs], minor units of {@code currency}
 * @param balance in force then; null without an account
 * @param transactions how many the exposure sums
 * @param openEpisodeId null while not in breach
 * @param openSinceMs event time at which the open episode began; {@link Long#MIN_VALUE} for none
 * @param currency whose transactions count: the account's, without one that of the first; null for
 *     none
 * @param streamTimeMs of the partition, moved on by the clock while it has nothing to read; {@link
 *     Long#MIN_VALUE} before any
 * @param entries transactions that are in memory, or would be
 * @param source where the figures are from; null where nobody could tell them
 */
public record UserView(
    String userId,
    boolean known,
    long latestMs,
    long exposureMinor,
    @Nullable AccountBalance balance,
    int transactions,
    @Nullable String openEpisodeId,
    long openSinceMs,
    @Nullable String currency,
    long streamTimeMs,
    int entries,
    @Nullable Source source)
    implements ClusterMessage {

  /** Where figures are from. */
  public enum Source {
    /** The user's actor. */
    MEMORY,
    /** What is stored, of a user who is not in memory. */
    TABLES
  }

  /** Fields that an earlier version does not send are as if nobody could tell them. */
  public UserView {
    streamTimeMs = streamTimeMs == 0 ? Long.MIN_VALUE : streamTimeMs;
    openSinceMs = openSinceMs == 0 ? Long.MIN_VALUE : openSinceMs;
  }

  /** Nobody could tell: what is stored cannot be read just now, or makes our own code fail. */
  public static UserView unavailable(String userId) {
    return new UserView(
        userId,
        false,
        Long.MIN_VALUE,
        0,
        null,
        0,
        null,
        Long.MIN_VALUE,
        null,
        Long.MIN_VALUE,
        0,
        null);
  }

  /** The same figures, told from what is stored. */
  public UserView fromTables() {
    return new UserView(
        userId,
        known,
        latestMs,
        exposureMinor,
        balance,
        transactions,
        openEpisodeId,
        openSinceMs,
        currency,
        streamTimeMs,
        entries,
        Source.TABLES);
  }
}
