package io.spendwatch.loadgen.cli;

import io.spendwatch.commandline.Usage;
import io.spendwatch.loadgen.pace.Rate;
import io.spendwatch.loadgen.pace.Schedule;
import io.spendwatch.loadgen.workload.Scenario;
import io.spendwatch.loadgen.workload.Workload;
import io.spendwatch.loadgen.workload.WorkloadSettings;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** The options of a load that say what to send and when, and the {@link Workload} they make. */
final class LoadOptions {

  @ArgGroup private Pacing pacing = new Pacing();

  /** The default rate without one of them. */
  static final class Pacing {
    @Option(
        names = "--rate",
        paramLabel = "N[/s]",
        description = "Records a second (default 100/s).")
    private Rate rate;

    @Option(
        names = "--ramp",
        paramLabel = "FROM..TO",
        description = "Instead: a rate that grows or falls evenly over the duration.")
    private Ramp ramp;
  }

  @Option(
      names = "--duration",
      paramLabel = "DURATION",
      defaultValue = "1m",
      description = "Default ${DEFAULT-VALUE}.")
  private Duration duration;

  @Option(
      names = "--users",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Background users, who never breach (default ${DEFAULT-VALUE}).")
  private int users;

  @Option(
      names = "--skew",
      paramLabel = "uniform|zipf:S",
      defaultValue = "uniform",
      description = "How often each of them spends: alike, or by Zipf's law (default uniform).")
  private Skew skew;

  @Option(
      names = "--hot",
      paramLabel = "N:SHARE",
      defaultValue = "0:0",
      description = "So many of them have this share of the background (default none).")
  private Hot hot;

  @Option(
      names = "--out-of-order",
      paramLabel = "SHARE",
      defaultValue = "0.01",
      description = "Of the background, older than when they are sent (default ${DEFAULT-VALUE}).")
  private double outOfOrder;

  @Option(
      names = "--spread",
      paramLabel = "DURATION",
      defaultValue = "2s",
      description = "How much older at most (default ${DEFAULT-VALUE}).")
  private Duration spread;

  @Option(
      names = "--duplicates",
      paramLabel = "SHARE",
      defaultValue = "0.01",
      description = "Of all records, copies of a recent one (default ${DEFAULT-VALUE}).")
  private double duplicates;

  @Option(
      names = "--refunds",
      paramLabel = "SHARE",
      defaultValue = "0.05",
      description = "Of the background (default ${DEFAULT-VALUE}).")
  private double refunds;

  @Option(
      names = "--scenarios",
      paramLabel = "NAME,...",
      defaultValue = "all",
      description =
          "Courses of spend with a known answer, in turn: drip, spree, at-limit, one-over,"
              + " refund-before-limit, late-reveal; or all, or none (default ${DEFAULT-VALUE}).")
  private Kinds scenarios;

  @Option(
      names = "--scenario-rate",
      paramLabel = "N[/s]",
      defaultValue = "1/s",
      description = "How many of them begin a second (default ${DEFAULT-VALUE}).")
  private Rate scenarioRate;

  @Option(
      names = "--currency",
      defaultValue = "USD",
      description = "Currency of all amounts (default ${DEFAULT-VALUE}).")
  private String currency;

  @Option(names = "--seed", paramLabel = "N", description = "Default: another one each time.")
  Long seed;

  /** A rate that goes from one value to another. */
  record Ramp(Rate from, Rate to) {
    static Ramp parse(String text) {
      int dots = text.indexOf("..");
      if (dots < 0) {
        throw new TypeConversionException(text + " (expected: two rates such as 100..5000)");
      }
      return new Ramp(Rate.parse(text.substring(0, dots)), Rate.parse(text.substring(dots + 2)));
    }
  }

  /** Zipf's exponent; 0 for uniform. */
  record Skew(double exponent) {
    static Skew parse(String text) {
      if (text.equals("uniform")) {
        return new Skew(0);
      }
      try {
        if (text.startsWith("zipf:")) {
          double exponent = Double.parseDouble(text.substring("zipf:".length()));
          if (exponent > 0) {
            return new Skew(exponent);
          }
        }
      } catch (NumberFormatException e) {
        // Said below.
      }
      throw new TypeConversionException(text + " (expected: uniform, or zipf:1.1 or the like)");
    }

    @Override
    public String toString() {
      return exponent == 0 ? "uniform" : "zipf:" + number(exponent);
    }
  }

  /** The first so many users have this share of the records. */
  record Hot(int users, double share) {
    static Hot parse(String text) {
      String[] parts = text.split(":", -1);
      try {
        if (parts.length == 2) {
          return new Hot(Integer.parseInt(parts[0]), Double.parseDouble(parts[1]));
        }
      } catch (NumberFormatException e) {
        // Said below.
      }
      throw new TypeConversionException(text + " (expected: users and their share, as 10:0.3)");
    }

    @Override
    public String toString() {
      return users + ":" + number(share);
    }
  }

  /** Scenarios by their labels. */
  record Kinds(List<Scenario> scenarios) {
    static Kinds parse(String text) {
      return switch (text) {
        case "all" -> new Kinds(List.of(Scenario.values()));
        case "none" -> new Kinds(List.of());
        default ->
            new Kinds(Arrays.stream(text.split(",", -1)).distinct().map(Kinds::one).toList());
      };
    }

    private static Scenario one(String label) {
      for (Scenario scenario : Scenario.values()) {
        if (scenario.label().equals(label)) {
          return scenario;
        }
      }
      throw new TypeConversionException(
          label
              + " (expected: all, none, or some of "
              + Arrays.stream(Scenario.values())
                  .map(Scenario::label)
                  .collect(Collectors.joining(","))
              + ")");
    }

    @Override
    public String toString() {
      return scenarios.isEmpty()
          ? "none"
          : scenarios.stream().map(Scenario::label).collect(Collectors.joining(","));
    }
  }

  /** When each record is due. */
  Schedule schedule() {
    Ramp ramp = pacing.ramp;
    if (ramp == null) {
      Rate rate = pacing.rate == null ? new Rate(100) : pacing.rate;
      ramp = new Ramp(rate, rate);
    }
    return new Schedule(ramp.from(), ramp.to(), duration);
  }

  /**
   * What to send.
   *
   * @throws ParameterException for what cannot be
   */
  WorkloadSettings settings(CommandSpec spec, String run, long chosenSeed) {
    Schedule schedule = schedule();
    double mostScenarios =
        Math.min(schedule.from().perSecond(), schedule.to().perSecond())
            / WorkloadSettings.Scenarios.RECORDS_MAX;
    Usage.require(
        spec,
        scenarios.scenarios().isEmpty() || scenarioRate.perSecond() <= mostScenarios,
        "--scenario-rate",
        scenarioRate,
        "at most a "
            + WorkloadSettings.Scenarios.RECORDS_MAX
            + "th of the rate, "
            + number(mostScenarios)
            + "; or --scenarios none");
    try {
      return new WorkloadSettings(
          run,
          chosenSeed,
          currency,
          new WorkloadSettings.Users(users, skew.exponent(), hot.users(), hot.share()),
          new WorkloadSettings.Disorder(outOfOrder, spread.toMillis()),
          duplicates,
          refunds,
          new WorkloadSettings.Scenarios(scenarios.scenarios(), scenarioRate.perSecond()));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  /** All of them but the seed, as they are given. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s --duration %s --users %d --skew %s --hot %s --out-of-order %s --spread %s"
            + " --duplicates %s --refunds %s --scenarios %s --scenario-rate %s --currency %s",
        schedule(),
        duration,
        users,
        skew,
        hot,
        number(outOfOrder),
        spread,
        number(duplicates),
        number(refunds),
        scenarios,
        scenarioRate,
        currency);
  }

  private static String number(double number) {
    return BigDecimal.valueOf(number).stripTrailingZeros().toPlainString();
  }
}
