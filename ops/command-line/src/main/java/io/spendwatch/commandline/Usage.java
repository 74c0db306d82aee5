package io.spendwatch.commandline;

import io.spendwatch.protocol.Money;
import java.time.Duration;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/**
 * Checks of option values: what fails one is wrong usage, a {@link ParameterException}. Stateless.
 */
public final class Usage {
  private Usage() {}

  /** Between nothing and all. */
  public static void requireShare(CommandSpec spec, String option, double share) {
    require(spec, share >= 0 && share <= 1, option, share, "a share, 0 to 1");
  }

  public static void requireAtLeastOne(CommandSpec spec, String option, long number) {
    require(spec, number >= 1, option, number, "at least 1");
  }

  public static void requirePositive(CommandSpec spec, String option, Duration duration) {
    require(spec, duration.isPositive(), option, duration, "more than nothing");
  }

  public static void requireCurrency(CommandSpec spec, String option, String currency) {
    require(spec, Money.isCurrency(currency), option, currency, "an ISO 4217 code");
  }

  /**
   * Ends the command unless that holds.
   *
   * @param expected what would do, for people
   */
  public static void require(
      CommandSpec spec, boolean good, String option, Object value, String expected) {
    if (!good) {
      throw new ParameterException(
          spec.commandLine(), option + ": " + value + " (expected: " + expected + ")");
    }
  }
}
