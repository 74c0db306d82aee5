package io.spendwatch.streams.simulation.scheduler;

import java.time.Duration;
import java.util.Random;

/** How badly the connections behave: probabilities of what can happen to one request. */
public final class Weather {
  /** What happens to a request. */
  public enum Fate {
    /** Served, answered. */
    FINE,
    /** Never arrives. */
    LOST,
    /** Served; the answer never arrives. */
    ANSWER_LOST,
    /** Served after the client has given up. */
    SERVED_LATE,
    /** The server says no, for now; nothing happened. */
    REFUSED
  }

  private final Scheduler scheduler;
  private final double bad;
  private final double slow;
  private boolean calm;

  public Weather(Scheduler scheduler, Random random) {
    this.scheduler = scheduler;
    double[] levels = {0, 0.01, 0.05, 0.15};
    this.bad = levels[random.nextInt(levels.length)];
    this.slow = levels[random.nextInt(levels.length)];
  }

  /** From now on all is well. */
  public void calmDown() {
    calm = true;
  }

  public Fate fate(String what) {
    if (calm || !scheduler.chance(bad)) {
      return Fate.FINE;
    }
    Fate fate = Fate.values()[1 + scheduler.random().nextInt(4)];
    scheduler.trace().happened(what + " " + fate);
    return fate;
  }

  /** One way, nanoseconds. */
  public long latencyNanos() {
    return !calm && scheduler.chance(slow)
        ? scheduler.some(Duration.ofMillis(50), Duration.ofSeconds(2))
        : scheduler.some(Duration.ofMillis(0), Duration.ofMillis(6));
  }
}
