package io.spendwatch.streams.ledger;

import java.util.Set;

/**
 * The channel by which PostgreSQL announces balance changes. While it is down announcements are
 * lost, so each way up begins with {@link Changes#anyMayHaveChanged()}. For any thread.
 */
public interface BalancePush {

  /** Whom the changes are for. Called on an event loop: must not block. */
  interface Changes {
    /** The accounts of these users changed. */
    void changed(Set<String> userIds);

    /** What was stored of the one user is stored of the other now, account and all. */
    void renamed(String before, String now);

    /** Any account may have changed. */
    void anyMayHaveChanged();
  }

  /** Begins to connect; does not give up until stopped. */
  void start();

  /** Ends it for good. */
  void stop();

  /** Whether changes reach us now. */
  boolean isUp();
}
