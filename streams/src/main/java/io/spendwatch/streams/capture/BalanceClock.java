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
 * a replay gives the same instants. For one thread.
 */
public final class BalanceClock {
  private long nowMs;

  /** Of each user with a balance that holds from now, or is later than that: since when. */
  private final Map<String, Long> latestMs;

  /**
   * All that it knows.
   *
   * @param nowMs the latest commit, milliseconds since the epoch
   * @param latestMs since when the last balance of a user holds, where that is not before it
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
      nowMs = commitMs;
      latestMs.values().removeIf(ms -> ms < nowMs);
    }
    return latestMs.merge(userId, nowMs, (before, now) -> Math.max(before + 1, now));
  }

  /** How many users {@link #state} names. */
  public int users() {
    return latestMs.size();
  }

  public State state() {
    return new State(nowMs, latestMs);
  }
}
