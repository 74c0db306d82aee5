package io.spendwatch.actors.partition;

import io.spendwatch.actors.partition.AwakeUsers.Awake;
import io.spendwatch.actors.ports.History.PartitionHistory;
import io.spendwatch.actors.ports.History.UserHistory;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.jspecify.annotations.Nullable;

/**
 * What a partition's actor has in memory, all of it a cache of what is durable: its stream time,
 * the users who are awake, who is watched for time alone to have them looked at, and whose accounts
 * have changed. Says whom a batch needs to be read, and forgets whom it had touched where it is
 * given up. Lives in that actor.
 */
final class PartitionMemory {
  private final int restoreUsersMax;
  private final int versionsMax;
  private final AwakeUsers awake;
  private final WatchedUsers watched;
  private final ChangedAccounts changedAccounts;
  private final Recall recall;
  private long streamTimeMs = Long.MIN_VALUE;

  /**
   * @param isAtHome whether a user belongs to this partition
   */
  PartitionMemory(
      ActorContext<PartitionCommand> context,
      int partition,
      Predicate<String> isAtHome,
      PartitionDependencies dependencies) {
    this.restoreUsersMax = dependencies.restoreUsersMax();
    this.versionsMax = dependencies.versionsMax();
    this.awake = new AwakeUsers(context);
    this.watched = new WatchedUsers(dependencies.watchedUsersMax());
    this.changedAccounts = new ChangedAccounts(awake, watched, dependencies.changedAccountsMax());
    this.recall = new Recall(partition, isAtHome, watched, changedAccounts);
  }

  AwakeUsers awake() {
    return awake;
  }

  WatchedUsers watched() {
    return watched;
  }

  ChangedAccounts changedAccounts() {
    return changedAccounts;
  }

  /** Who is to be watched and is not. */
  Recall recall() {
    return recall;
  }

  /** Highest event time that the partition has seen; {@link Long#MIN_VALUE} before any. */
  long streamTimeMs() {
    return streamTimeMs;
  }

  /** Nothing was in memory: this is the partition's stored state. */
  void restored(PartitionHistory history) {
    streamTimeMs = history.streamTimeMs();
    changedAccounts.restored(history.accountsSeenMs());
  }

  /** A batch begins. */
  void begin(Batch batch) {
    batch.begin(streamTimeMs);
    batch.changed(changedAccounts.take(batch.nowMs()));
    if (batch.changed().all()) {
      recall.sweep();
    }
    recall.begin(batch.changed().absent(), () -> absentOf(batch), streamTimeMs, batch.clockMs());
  }

  private Set<String> absentOf(Batch batch) {
    Set<String> absent = new HashSet<>();
    for (Batch.Share share : batch.shares()) {
      if (!awake.contains(share.userId())) {
        absent.add(share.userId());
      }
    }
    return absent;
  }

  /** Who has to be read before the batch can be assessed. Its shares know then who is awake. */
  UsersRound toRead(Batch batch) {
    var round = new UsersRound(restoreUsersMax);
    Set<String> toRefresh = new HashSet<>(batch.changed().ofAwake());
    for (Batch.Share share : batch.shares()) {
      String userId = share.userId();
      share.found(awake.find(userId));
      if (share.user() == null) {
        round.restore(userId, Math.min(share.earliestMs(), watched.sinceMs(userId)));
      } else if (!batch.balancesPushed()) {
        toRefresh.add(userId);
      }
    }
    for (String userId : takeDue(batch, restoreUsersMax)) {
      batch.advance(userId);
      if (isToBeRead(batch, userId)) {
        round.restore(userId, watched.sinceMs(userId));
      } else if (!batch.balancesPushed() && awake.contains(userId)) {
        toRefresh.add(userId);
      }
    }
    toRefresh.forEach(userId -> round.refresh(userId, awake.reachMs(userId)));
    round.queries().forEach(query -> batch.restore(query.userId(), query.knownFromMs()));
    return round;
  }

  /**
   * Takes those who are due, by what the batch's clock says.
   *
   * @param toReadMax of those who are not in memory
   */
  Set<String> takeDue(Batch batch, int toReadMax) {
    return watched.takeDue(batch.clockMs(), userId -> isToBeRead(batch, userId), toReadMax);
  }

  /** Whether only its being due has the user read. */
  private boolean isToBeRead(Batch batch, String userId) {
    return !awake.contains(userId) && !batch.isOf(userId);
  }

  /** Wakes those who were read for the batch. */
  void wake(Batch batch, UsersRound.Read read) {
    // They stay watched, without being due, so that a later look reaches back far enough.
    read.unreadable().forEach(batch::leaveOut);
    for (Map.Entry<String, UserHistory> user : read.histories().entrySet()) {
      awake.wake(
          new UserActor.Restore(
              user.getKey(),
              user.getValue(),
              batch.knownFromMs(user.getKey()),
              batch.passedBeforeMs(),
              versionsMax));
    }
  }

  /** All users of the batch are awake. */
  void assess(Batch batch) {
    streamTimeMs = batch.streamTimeMs();
  }

  /**
   * A user who is awake stands so now.
   *
   * @param user where it was found before; else null
   */
  void update(@Nullable Awake user, UserActor.Done done) {
    if (user == null) {
      awake.update(done);
    } else {
      awake.update(user, done);
    }
    boolean isOpen = done.openSinceMs() != Long.MIN_VALUE;
    if (isOpen || done.wakeAtMs() != Long.MAX_VALUE) {
      watched.watch(done.userId(), done.wakeAtMs(), isOpen ? done.openSinceMs() : done.reachMs());
    } else {
      watched.forget(done.userId());
    }
  }

  /** The batch is assessed; whoever was used least recently goes where there are too many. */
  void assessed(int awakeUsersMax, long awakeBytesMax) {
    changedAccounts.looked();
    awake.forgetBeyond(awakeUsersMax, awakeBytesMax);
  }

  /** The batch is given up; what it touched is read again when it, or the next tick, comes. */
  void giveUp(Batch batch) {
    for (String userId : batch.touched()) {
      awake.forget(userId);
      watched.lookAt(userId, batch.earliestMs(userId));
    }
    changedAccounts.putBack(batch.changed());
    streamTimeMs = batch.streamTimeBeforeMs();
  }

  /** Forgets the user until its next transaction. */
  void forget(String userId) {
    awake.forget(userId);
    watched.forget(userId);
  }

  void forgetAll() {
    awake.forgetAll();
    watched.forgetAll();
    changedAccounts.forgetAll();
    recall.forgetAll();
    streamTimeMs = Long.MIN_VALUE;
  }
}
