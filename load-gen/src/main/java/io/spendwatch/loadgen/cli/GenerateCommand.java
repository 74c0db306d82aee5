package io.spendwatch.loadgen.cli;

import io.spendwatch.commandline.Usage;
import io.spendwatch.loadgen.dataset.DataSet;
import io.spendwatch.loadgen.dataset.DataSet.Answers;
import io.spendwatch.loadgen.workload.SpendHistory;
import io.spendwatch.loadgen.workload.TpcdsHistory;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Writes data sets with known answers. */
@Command(
    name = "generate",
    subcommands = {GenerateCommand.Tpcds.class, GenerateCommand.Spend.class},
    description = {
      "Writes a data set for replay, and the answers that the rule must give for it:",
      "SET.transactions.csv.gz, SET.accounts.csv.gz, SET.reference.csv.gz (the exposure of each"
          + " transaction) and SET.alerts.csv.gz."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {"0:done", "1:it could not be done; one line says why", "2:wrong usage"},
    footerHeading = "%nExample:%n",
    footer = "  spendwatch generate tpcds --scale 0.1 --out data")
final class GenerateCommand implements Runnable {

  @Spec private CommandSpec spec;

  @Mixin HelpOption help;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "generate what? (expected: tpcds or spend)");
  }

  /** Where to write. */
  static final class Output {
    @Option(
        names = "--out",
        required = true,
        paramLabel = "DIR",
        description = "Folder for the files; made if needed.")
    private Path folder;

    @Option(names = "--set", paramLabel = "NAME", description = "Name of the set.")
    private String set;

    private void write(
        CommandSpec spec,
        String defaultSet,
        String currency,
        List<DataSet.Account> accounts,
        List<Transaction> transactions,
        boolean withAlerts) {
      String name = set == null ? defaultSet : set;
      Answers answers = DataSet.write(folder, name, currency, accounts, transactions, withAlerts);
      long refunds = transactions.stream().filter(t -> t.kind() == TransactionKind.REFUND).count();
      spec.commandLine()
          .getOut()
          .printf(
              Locale.ROOT,
              "generated %s: %,d accounts, %,d transactions (%,d refunds), %,d breaching%s%n",
              folder.resolve(name),
              accounts.size(),
              transactions.size(),
              refunds,
              answers.breaches(),
              withAlerts
                  ? String.format(Locale.ROOT, ", %,d RAISED alerts", answers.raised())
                  : "");
    }
  }

  @Command(
      name = "tpcds",
      description =
          "TPC-DS store sales and returns: a purchase per ticket, a refund per returned item.",
      exitCodeListHeading = "%nExit status:%n",
      exitCodeList = {"0:done", "1:it could not be done; one line says why", "2:wrong usage"},
      footerHeading = "%nExample:%n",
      footer = "  spendwatch generate tpcds --scale 0.1 --out data")
  static final class Tpcds implements Callable<Integer> {
    private static final double SCALE_MAX = 100;

    @Spec private CommandSpec spec;

    @Mixin HelpOption help;
    @Mixin private Output output;

    @Option(
        names = "--scale",
        defaultValue = "1",
        paramLabel = "S",
        description =
            "TPC-DS scale factor (default ${DEFAULT-VALUE}: half a million transactions, held in"
                + " memory).")
    private double scale;

    @Option(
        names = "--seed",
        defaultValue = "1",
        paramLabel = "N",
        description =
            "Chooses the customers with a tight balance (default ${DEFAULT-VALUE}); the sales are"
                + " always the same.")
    private long seed;

    @Override
    public Integer call() {
      Usage.require(
          spec, scale > 0 && scale <= SCALE_MAX, "--scale", scale, "more than 0, at most 100");
      TpcdsHistory history = TpcdsHistory.generate(scale, seed);
      output.write(
          spec, "tpcds", TpcdsHistory.CURRENCY, history.accounts(), history.transactions(), true);
      return 0;
    }
  }

  @Command(
      name = "spend",
      description = {
        "Random spend with the traps of a sliding window: ties, entries exactly 24 h apart, refunds,"
            + " busy users, users without an account.",
        "With --disorder the alerts are not known (they depend on what had arrived when) and"
            + " SET.alerts.csv.gz is not written."
      },
      exitCodeListHeading = "%nExit status:%n",
      exitCodeList = {"0:done", "1:it could not be done; one line says why", "2:wrong usage"},
      footerHeading = "%nExample:%n",
      footer = "  spendwatch generate spend --users 100 --out data")
  static final class Spend implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Mixin HelpOption help;
    @Mixin private Output output;

    @Option(names = "--users", defaultValue = "1000", description = "Default ${DEFAULT-VALUE}.")
    private int users;

    @Option(
        names = "--transactions",
        defaultValue = "20000",
        description = "Default ${DEFAULT-VALUE}.")
    private int transactions;

    @Option(
        names = "--span",
        defaultValue = "5d",
        paramLabel = "DURATION",
        description = "Event time from first to last (default ${DEFAULT-VALUE}).")
    private Duration span;

    @Option(
        names = "--refunds",
        defaultValue = "0.15",
        paramLabel = "SHARE",
        description = "Share of refunds (default ${DEFAULT-VALUE}).")
    private double refunds;

    @Option(
        names = "--disorder",
        defaultValue = "0",
        paramLabel = "SHARE",
        description = "Share that arrives late (default ${DEFAULT-VALUE}).")
    private double disorder;

    @Option(
        names = "--disorder-max",
        defaultValue = "1h",
        paramLabel = "DURATION",
        description = "How late at most, in event time (default ${DEFAULT-VALUE}).")
    private Duration disorderMax;

    @Option(
        names = "--duplicates",
        defaultValue = "0",
        paramLabel = "SHARE",
        description = "Share that arrives twice (default ${DEFAULT-VALUE}).")
    private double duplicates;

    @Option(
        names = "--seed",
        defaultValue = "1",
        paramLabel = "N",
        description = "The same seed gives the same files (default ${DEFAULT-VALUE}).")
    private long seed;

    @Override
    public Integer call() {
      Usage.requireAtLeastOne(spec, "--users", users);
      Usage.requireAtLeastOne(spec, "--transactions", transactions);
      Usage.requireShare(spec, "--refunds", refunds);
      Usage.requireShare(spec, "--disorder", disorder);
      Usage.requireShare(spec, "--duplicates", duplicates);
      SpendHistory history =
          SpendHistory.generate(
              new SpendHistory.Settings(
                  users, transactions, span, refunds, disorder, disorderMax, duplicates, seed));
      output.write(
          spec,
          "spend",
          SpendHistory.CURRENCY,
          history.accounts(),
          history.arrivals(),
          disorder == 0);
      return 0;
    }
  }
}
