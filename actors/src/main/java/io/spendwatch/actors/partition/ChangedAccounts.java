package io.spendwatch.actors.partition;

import io.spendwatch.actors.ports.Accounts.Changes;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Whose accounts have changed since a batch last began: what is in memory of their balances does
 * not hold any more, and a user who is not in memory may have to be looked at. Not thread-safe:
 * lives in the partition's actor.
 */
final class ChangedAccounts {

  /** Without any word of a change, those that nobody told us of are looked for this often. */
  private static final long SWEEP_MS = 600_000;

  private final AwakeUsers awake;
  private final WatchedUsers watched;
  private final int namedMax;
  private final Set<String> changed = new HashSet<>();

  /** Any account may have changed. */
  private boolean all;

  /** Wall clock of when {@link #all} was last asked for; MIN_VALUE before that. */
  private long sweptAtMs = Long.MIN_VALUE;

  /** Who is still to be looked at before {@link #seenMs} holds; each of them is watched. */
  private final Set<String> unseen = new HashSet<>();

  /** What a sweep that is over has seen; MIN_VALUE while none waits for {@link #unseen}. */
  private long findingMs = Long.MIN_VALUE;

  /** What the sweep that is under way will have seen. */
  private long sweepSeenMs = Long.MAX_VALUE;

  private long seenMs = Long.MIN_VALUE;

  /**
   * @param namedMax beyond so many, all are read anew: that is as quick, and takes no memory
   */
  ChangedAccounts(AwakeUsers awake, WatchedUsers watched, int namedMax) {
    this.awake = awake;
    this.watched = watched;
    this.namedMax = namedMax;
  }

  /**
   * What has to be read before a batch.
   *
   * @param ofAwake users in memory whose versions are to be read
   * @param absent users not in memory who may have to be looked at
   * @param all whether any users not in memory may have to be: they are to be swept for
   */
  record Changed(Set<String> ofAwake, Set<String> absent, boolean all) {}

  /** These have changed; most of them are of users who are not in memory here. */
  void add(Set<String> userIds) {
    if (changed.size() + userIds.size() > namedMax) {
      addAll();
    } else {
      changed.addAll(userIds);
    }
  }

  /** Which have changed is not known. */
  void addAll() {
    all = true;
    changed.clear();
  }

  /** All of memory is dropped; it begins again from what is durable. */
  void forgetAll() {
    changed.clear();
    sweeping();
    all = false;
    sweptAtMs = Long.MIN_VALUE;
    seenMs = Long.MIN_VALUE;
  }

  /** What the partition's stored state says of {@link #seenMs}. */
  void restored(long accountsSeenMs) {
    seenMs = accountsSeenMs;
  }

  /** Takes who is to be read. */
  Changed take(long nowMs) {
    Set<String> ofAwake = new HashSet<>();
    Set<String> absent = new HashSet<>();
    if (all) {
      ofAwake.addAll(awake.userIds());
    }
    for (String userId : changed) {
      (awake.contains(userId) ? ofAwake : absent).add(userId);
    }
    boolean sweep = all || sweptAtMs == Long.MIN_VALUE || nowMs - sweptAtMs > SWEEP_MS;
    if (sweep) {
      sweptAtMs = nowMs;
    }
    changed.clear();
    all = false;
    return new Changed(ofAwake, absent, sweep);
  }

  /** A batch with this was given up: it is to be taken again, but for what {@link Recall} does. */
  void putBack(Changed taken) {
    add(taken.ofAwake);
    add(taken.absent);
  }

  /**
   * Of those who were named, these are to be looked at, if they are not in memory: with the next
   * batch, or as there is room.
   */
  void found(Changes changes, Predicate<String> isAtHome) {
    changes
        .sinceMs()
        .forEach(
            (userId, sinceMs) -> {
              if (!awake.contains(userId) && isAtHome.test(userId)) {
                watched.recall(userId, sinceMs, sinceMs);
              }
            });
  }

  /** A sweep begins: what one before had found is found again, if it was not looked at. */
  void sweeping() {
    unseen.clear();
    findingMs = Long.MIN_VALUE;
    sweepSeenMs = Long.MAX_VALUE;
  }

  /**
   * What a part of a sweep has found is to be looked at.
   *
   * @param versionsFromMs of those that begin before it, the sweep finds those that are new
   */
  void swept(Changes changes, long versionsFromMs, Predicate<String> isAtHome) {
    changes
        .sinceMs()
        .forEach(
            (userId, sinceMs) -> {
              boolean isAwake = awake.contains(userId);
              boolean isMissed = watched.seeksAnybody() && !watched.contains(userId);
              if (isAtHome.test(userId) && (!isAwake || isMissed)) {
                watched.recall(userId, sinceMs, Math.max(sinceMs, versionsFromMs));
                if (!isAwake) {
                  unseen.add(userId);
                }
              }
            });
    // Of the first part: what is recorded while we read may be missing in it.
    sweepSeenMs = Math.min(sweepSeenMs, changes.seenAtMs());
    if (changes.next().isEmpty()) {
      findingMs = sweepSeenMs;
    }
  }

  /** The batch has looked at whom it could. */
  void looked() {
    unseen.removeIf(userId -> awake.contains(userId) || !watched.contains(userId));
    if (findingMs != Long.MIN_VALUE && unseen.isEmpty()) {
      // Who was let go unseen is found by another sweep.
      if (!watched.isSomebodyMissedAtOnce()) {
        seenMs = Math.max(seenMs, findingMs);
      }
      findingMs = Long.MIN_VALUE;
    }
  }

  /** Changes recorded before this have been looked at, by the database's clock. */
  long seenMs() {
    return seenMs;
  }
}
