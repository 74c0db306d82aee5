package io.spendwatch.actors.partition;

import io.spendwatch.actors.ports.Accounts;
import io.spendwatch.actors.ports.History;

/**
 * What the partition actors of a node need.
 *
 * @param topic of the transactions, for the alerts' source
 * @param awakeUsersMax of the node; beyond it the least recently used are forgotten (and read again
 *     when they are needed)
 * @param awakeBytesMax of the node: memory that they may take, beyond which the same holds
 * @param restoreUsersMax of one partition: users who are read at once; and users without
 *     transactions in a batch who are read on its occasion, further ones wait for the next batch or
 *     tick
 * @param changedAccountsMax of one partition: users whose account has changed who are remembered by
 *     name between two batches; beyond it all are read anew
 * @param watchedUsersMax of one partition: users who are held because time alone will have them
 *     looked at; further ones are found in the tables when it has
 * @param windowQueriesMax of one partition: questions about its windows that may wait
 * @param versionsMax of one user: versions of the balance that stay in memory; others are read when
 *     they are needed
 * @param clearGraceMs by how much stream time must have passed what is dealt with by time alone
 */
public record PartitionDependencies(
    String topic,
    int awakeUsersMax,
    long awakeBytesMax,
    int restoreUsersMax,
    int changedAccountsMax,
    int watchedUsersMax,
    int windowQueriesMax,
    int versionsMax,
    long clearGraceMs,
    Accounts accounts,
    History history) {
  public PartitionDependencies {
    checkPositive("awake-users-max", awakeUsersMax);
    checkPositive("awake-memory-max", awakeBytesMax);
    checkPositive("restore-users-max", restoreUsersMax);
    checkPositive("changed-accounts-max", changedAccountsMax);
    checkAtLeast("watched-users-max", watchedUsersMax, 2);
    checkPositive("window-queries-max", windowQueriesMax);
    checkPositive("balance-versions-max", versionsMax);
    if (clearGraceMs < 0) {
      throw new IllegalArgumentException("clear-grace: " + clearGraceMs + " (expected: 0 or more)");
    }
  }

  private static void checkPositive(String name, long value) {
    checkAtLeast(name, value, 1);
  }

  private static void checkAtLeast(String name, long value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: at least " + least + ")");
    }
  }
}
