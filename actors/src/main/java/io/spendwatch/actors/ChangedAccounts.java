package io.spendwatch.actors;

import java.util.HashSet;
import java.util.Set;

/**
 * Whose accounts have changed since a batch last began: what is in memory of their balances does
 * not hold any more. Not thread-safe: lives in the partition's actor.
 */
final class ChangedAccounts {

  private final AwakeUsers awake;
  private final WatchedUsers watched;
  private final Set<String> changed = new HashSet<>();

  /** Any account may have changed. */
  private boolean all;

  ChangedAccounts(AwakeUsers awake, WatchedUsers watched) {
    this.awake = awake;
    this.watched = watched;
  }

  /** These have changed; most of them are of users who are not in memory here. */
  void add(Set<String> userIds) {
    changed.addAll(userIds);
  }

  /** Which have changed is not known. */
  void addAll() {
    all = true;
  }

  void forgetAll() {
    changed.clear();
    all = false;
  }

  /**
   * Takes the users awake whose balance has to be read anew. Those who are not awake and in an
   * episode become due, and are read whole.
   */
  Set<String> take() {
    Set<String> toRead = new HashSet<>();
    if (all) {
      toRead.addAll(awake.userIds());
      watched.userIds().forEach(this::lookAtUnlessAwake);
    } else {
      for (String userId : changed) {
        if (awake.contains(userId)) {
          toRead.add(userId);
        } else if (watched.contains(userId)) {
          lookAtUnlessAwake(userId);
        }
      }
    }
    forgetAll();
    return toRead;
  }

  private void lookAtUnlessAwake(String userId) {
    if (!awake.contains(userId)) {
      watched.lookAt(userId, watched.sinceMs(userId));
    }
  }
}
