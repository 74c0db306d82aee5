package io.spendwatch.loadgen.cli;

import io.spendwatch.protocol.Money;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Checks of option values; what fails one is wrong usage. */
final class Usage {
  private Usage() {}

  static void requireShare(CommandSpec spec, String option, double share) {
    require(spec, share >= 0 && share <= 1, option, share, "a share, 0 to 1");
  }

  static void requireAtLeastOne(CommandSpec spec, String option, int number) {
    require(spec, number >= 1, option, number, "at least 1");
  }

  static void requireCurrency(CommandSpec spec, String option, String currency) {
    require(spec, Money.isCurrency(currency), option, currency, "an ISO 4217 code");
  }

  static void require(
      CommandSpec spec, boolean good, String option, Object value, String expected) {
    if (!good) {
      throw new ParameterException(
          spec.commandLine(), option + ": " + value + " (expected: " + expected + ")");
    }
  }
}
