package io.spendwatch.actors.exposure;

import io.spendwatch.actors.ClusterMessage;
import io.spendwatch.actors.ports.AccountBalance;

/**
 * A user as the actor sees it: a copy, for display.
 *
 * @param known false where neither an account nor a transaction is known; the other fields are then
 *     empty
 * @param latestMs event time of the latest transaction, {@link Long#MIN_VALUE} without any
 * @param exposureMinor over the 24 h that end at the partition's stream time
 * @param balance null without an account
 * @param transactions how many the exposure sums
 * @param openEpisodeId null while not in breach
 */
public record UserView(
    String userId,
    boolean known,
    long latestMs,
    long exposureMinor,
    AccountBalance balance,
    int transactions,
    String openEpisodeId)
    implements ClusterMessage {

  public static UserView unknown(String userId) {
    return new UserView(userId, false, Long.MIN_VALUE, 0, null, 0, null);
  }
}
