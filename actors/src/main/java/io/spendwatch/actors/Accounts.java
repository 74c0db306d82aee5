package io.spendwatch.actors;

import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** Port: account balances. */
public interface Accounts {
  /**
   * Reads the balances now in force, all in one round trip. A user without an account is absent
   * from the answer, as is one whose account cannot be read. Completes on any thread; a failure is
   * transient (the caller's batch is tried again).
   */
  CompletionStage<Map<String, AccountBalance>> balances(Collection<String> userIds);
}
