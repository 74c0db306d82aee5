package io.spendwatch.streams.capture;

import java.util.HashMap;
import java.util.Map;

/**
 * Since when a balance holds: when its change was committed, made to grow strictly with the log for
 * each user. Databases tell that in milliseconds, some in seconds, and their clocks are put back;
 * two balances of a user at one instant would be one point in time, of which the later wins, and a
 * balance that comes back to what it was within it would pass for a repetition.
 *
 * <p>A function of the log alone, as long as its {@link #state} is kept with the place in the log:
 * a replay gives the same instants. So that the state stays small, so many users at most share an
 * instant: of a snapshot, in which all balances have one, each thousandth user is a millisecond
 * later. For one thread.
 */
public final class BalanceClock {
  /** Users in a state: some 30 bytes each, in a message that Kafka takes by default. */
  static final int USERS_MAX = 1000;

  private long nowMs;

  /** Of each user with a balance that holds from now, or is later than that: since when. */
  private final Map<String, Long> latestMs;

  /**
   * All that it knows.
   *
   * @param nowMs the latest commit, or later than that where too many share its instant;
   *     milliseconds since the epoch
   * @param latestMs since when the last balance of a user holds, where that is not before it; at
   *     most a thousand
   */
  public record State(long nowMs, Map<String, Long> latestMs) {
    /** Before the first balance. */
    public static final State INITIAL = new State(0, Map.of());

    public State {
      latestMs = Map.copyOf(latestMs);
    }
  }

  public BalanceClock(State state) {
    nowMs = state.nowMs();
    latestMs = new HashMap<>(state.latestMs());
  }

  /** Since when the user's next balance in the log holds, milliseconds since the epoch. */
  long asOfMs(String userId, long commitMs) {
    if (commitMs > nowMs) {
      moveTo(commitMs);
    }
    while (latestMs.size() >= USERS_MAX && !latestMs.containsKey(userId)) {
      moveTo(nowMs + 1);
    }
    return latestMs.merge(userId, nowMs, (before, now) -> Math.max(before + 1, now));
  }

  private void moveTo(long ms) {
    nowMs = ms;
    latestMs.values().removeIf(latest -> latest < nowMs);
  }

  public State state() {
    return new State(nowMs, latestMs);
  }
}
