package io.spendwatch.actors.exposure;

import io.spendwatch.actors.ports.AccountBalance;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The versions of one user's balance that are in memory, in their order: by {@code asOfMs}, equal
 * ones by number. Nearly always a single one. Not thread-safe: one actor owns it.
 */
final class BalanceVersions {

  private static final AccountBalance[] NONE = {};

  private AccountBalance[] versions = NONE;

  /** The highest number that is known: what comes with a higher one is new. */
  private long lastNumber;

  /** Whether there may be versions before the first one here. */
  private boolean isTrimmed;

  /**
   * @param lastNumber highest number of a version that was evaluated before; 0 for none
   */
  BalanceVersions(long lastNumber) {
    this.lastNumber = lastNumber;
  }

  /** A copy. The array is replaced where it changes, never written to, so both may have it. */
  BalanceVersions copy() {
    var copy = new BalanceVersions(lastNumber);
    copy.versions = versions;
    copy.isTrimmed = isTrimmed;
    return copy;
  }

  /** The highest number that is known; 0 for none. */
  long lastNumber() {
    return lastNumber;
  }

  boolean isEmpty() {
    return versions.length == 0;
  }

  /** Whether the version in force for this event time, and all after it, are in memory. */
  boolean covers(long eventTimeMs) {
    return !isTrimmed || versions[0].asOfMs() < eventTimeMs;
  }

  /**
   * The version in force for an event time: the last one before it; before all of them, the first.
   * Null where there is none. O(log n).
   */
  @Nullable AccountBalance inForce(long eventTimeMs) {
    return versions.length == 0 ? null : versions[Math.max(0, firstFrom(eventTimeMs) - 1)];
  }

  /** When the next version from this instant on begins; {@link Long#MAX_VALUE} for none. */
  long nextMs(long fromMs) {
    int next = firstFrom(fromMs);
    return next == versions.length ? Long.MAX_VALUE : versions[next].asOfMs();
  }

  /** When the last version before this instant began; {@link Long#MIN_VALUE} for none. */
  long lastBefore(long instantMs) {
    int last = firstFrom(instantMs) - 1;
    return last < 0 ? Long.MIN_VALUE : versions[last].asOfMs();
  }

  /** Index of the first version that begins at or after this instant; {@link #size} for none. */
  int firstFrom(long instantMs) {
    if (versions.length == 0 || versions[versions.length - 1].asOfMs() < instantMs) {
      return versions.length;
    }
    int from = 0;
    int to = versions.length;
    while (from < to) {
      int middle = (from + to) >>> 1;
      if (versions[middle].asOfMs() < instantMs) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return from;
  }

  int size() {
    return versions.length;
  }

  AccountBalance get(int index) {
    return versions[index];
  }

  /**
   * What has come.
   *
   * @param first the first of the new versions; null where one that had closed the account is taken
   *     back
   * @param fromMs from which instant on another version is in force than was known; {@link
   *     Long#MIN_VALUE} where it is that of all instants before too
   */
  record News(@Nullable AccountBalance first, long fromMs) {}

  /**
   * Takes over what was read.
   *
   * @param read all from the instant on, in order, with the version before it
   * @return the earliest change; null where nothing is new
   */
  @Nullable News learn(List<AccountBalance> read, long fromMs) {
    if (read.isEmpty()) {
      return null;
    }
    News news = null;
    long highest = lastNumber;
    for (int i = 0; i < read.size() && news == null; i++) {
      AccountBalance version = read.get(i);
      if (version.version() > lastNumber) {
        news = new News(version, i == 0 ? Long.MIN_VALUE : version.asOfMs());
      }
    }
    for (AccountBalance version : read) {
      highest = Math.max(highest, version.version());
    }
    long takenBackMs = takenBackMs(read);
    if (takenBackMs != Long.MAX_VALUE && (news == null || takenBackMs < news.fromMs)) {
      news = new News(null, takenBackMs);
    }
    if (news != null || versions.length != read.size()) {
      versions = read.toArray(NONE);
    }
    isTrimmed = versions[0].asOfMs() < fromMs;
    lastNumber = highest;
    return news;
  }

  /**
   * Keeps the newest of them only, and what is in force from an instant on.
   *
   * @param neededFromMs the instant
   */
  void trim(int versionsMax, long neededFromMs) {
    int first = Math.min(versions.length - versionsMax, firstFrom(neededFromMs) - 1);
    if (first > 0) {
      versions = Arrays.copyOfRange(versions, first, versions.length);
      isTrimmed = true;
    }
  }

  /** Leaves out what was over before this instant. */
  void forgetBefore(long instantMs) {
    trim(1, instantMs);
  }

  private long takenBackMs(List<AccountBalance> read) {
    for (AccountBalance version : versions) {
      if (version.closed()
          && version.asOfMs() > read.getFirst().asOfMs()
          && !read.contains(version)) {
        return version.asOfMs();
      }
    }
    return Long.MAX_VALUE;
  }
}
