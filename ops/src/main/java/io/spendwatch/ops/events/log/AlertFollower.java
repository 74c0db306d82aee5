package io.spendwatch.ops.events.log;

/** Brings alerts into the log. */
public interface AlertFollower {

  /** For whom. Thread-safe. */
  interface Listeners {
    /** Whether there are any. Once it was false, the log is not the follower's any more. */
    boolean areThere();

    /** The log has so many more. */
    void news(int events);

    /** Ends the stream of each of them. */
    void end();
  }

  /** Blocks the calling thread while somebody listens. */
  void follow(EventLog log, Listeners listeners);
}
