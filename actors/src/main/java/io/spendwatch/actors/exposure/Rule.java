package io.spendwatch.actors.exposure;

import io.spendwatch.protocol.Alert;
import java.time.Duration;

/**
 * What is held against the account balance. Whatever depends on the length of the window, or names
 * the rule, has it from here.
 *
 * @param id stable; names it in alerts and in what is stored
 * @param version grows when the rule answers otherwise for the same transactions and balances
 * @param window over which spend is summed, up to and with the instant that is looked at
 */
public record Rule(String id, int version, Duration window) {
  /** The one rule there is: spend over 24 h. */
  public static final Rule EXPOSURE_24H = new Rule("exposure-24h", 1, Duration.ofHours(24));

  /** Length of the window, milliseconds. */
  public long windowMs() {
    return window.toMillis();
  }

  /** As an alert has it. */
  public Alert.AppliedRule applied() {
    return new Alert.AppliedRule(id, version, windowMs());
  }
}
