package io.spendwatch.loadgen;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Options that are a share of something. */
final class Shares {
  private Shares() {}

  /** A wrong share is wrong usage. */
  static void require(CommandSpec spec, String option, double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new ParameterException(
          spec.commandLine(), option + ": " + share + " (expected: a share, 0 to 1)");
    }
  }
}
