package io.spendwatch.loadgen.cli;

import io.spendwatch.commandline.Usage;
import io.spendwatch.loadgen.dataset.DataSet;
import io.spendwatch.loadgen.dataset.Replay;
import io.spendwatch.loadgen.kafka.KafkaCluster;
import io.spendwatch.loadgen.kafka.KafkaOptions;
import io.spendwatch.loadgen.kafka.KafkaSink;
import io.spendwatch.loadgen.pace.Pace;
import io.spendwatch.loadgen.pace.Progress;
import io.spendwatch.loadgen.pace.Rate;
import io.spendwatch.loadgen.pace.Ticker;
import io.spendwatch.loadgen.pace.Waiting;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Replays a recorded or generated data set. */
@Command(
    name = "replay",
    description = {
      "Produces a CSV data set to Kafka: first all balances, then, once a node has applied them,"
          + " the transactions in file order.",
      "The same files give the same records: replaying them again changes nothing."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {"0:done", "1:it could not be done; one line says why", "2:wrong usage"},
    footerHeading = "%nExample:%n",
    footer = "  spendwatch replay hard.transactions.csv.gz --accounts hard.accounts.csv.gz")
final class ReplayCommand implements Callable<Integer> {

  /** Beyond it a day takes less than a clock tick. */
  private static final double SPEEDUP_MAX = 1e12;

  @Spec private CommandSpec spec;

  @Mixin HelpOption help;

  @Mixin private KafkaOptions kafka;

  @Parameters(
      paramLabel = "FILE",
      description = "Transactions, CSV, gzip or plain: " + DataSet.TRANSACTIONS_HEADER + ".")
  private Path transactions;

  @Option(
      names = "--accounts",
      required = true,
      paramLabel = "FILE",
      description = "Accounts, CSV: " + DataSet.ACCOUNTS_HEADER + "; assigned_balance is sent.")
  private Path accounts;

  @Option(
      names = "--balances",
      paramLabel = "FILE",
      description =
          "Later balances, CSV: "
              + DataSet.BALANCES_HEADER
              + "; all of them are sent before the transactions, after the accounts, which then begin"
              + " with opening_balance. Nodes must read them before the topic is compacted.")
  private Path balances;

  @Option(
      names = "--currency",
      defaultValue = "USD",
      description = "Currency of all amounts (default ${DEFAULT-VALUE}).")
  private String currency;

  @Option(
      names = "--until-processed",
      description = "End only once the nodes have processed all of it.")
  private boolean untilProcessed;

  @ArgGroup private Pacing pacing = new Pacing();

  /** As fast as possible without one of them. */
  static final class Pacing {
    @Option(
        names = "--rate",
        paramLabel = "N[/s]",
        description = "So many records a second; as fast as possible without.")
    private Rate rate;

    @Option(
        names = "--speedup",
        paramLabel = "FACTOR",
        description = "Keep the gaps between event times, divided by FACTOR.")
    private Double speedup;
  }

  @Override
  public Integer call() {
    Usage.requireCurrency(spec, "--currency", currency);
    Usage.require(
        spec,
        pacing.speedup == null || (pacing.speedup > 0 && pacing.speedup < SPEEDUP_MAX),
        "--speedup",
        pacing.speedup,
        "more than 0");
    var replay =
        new Replay(
            transactions,
            accounts,
            balances,
            currency,
            kafka.transactionsTopic,
            kafka.balancesTopic);
    Replay.Survey survey = replay.survey();
    long startNanos;
    double seconds;
    double processedSeconds = 0;
    PrintStream err = System.err;
    try (KafkaCluster cluster = KafkaCluster.connect(kafka, new Waiting(err, Ticker.SYSTEM));
        KafkaSink sink = cluster.newSink()) {
      replay.sendAccounts(sink, survey.accountsAsOfMs());
      replay.sendBalances(sink);
      sink.flush();
      cluster.awaitApplied(sink.ends());
      startNanos = System.nanoTime();
      try (Progress progress = Progress.of("replay", survey.transactions(), err)) {
        replay.sendTransactions(sink, pace(), progress);
        sink.flush();
      }
      seconds = (System.nanoTime() - startNanos) / 1e9;
      if (untilProcessed) {
        cluster.awaitApplied(sink.ends());
        processedSeconds = (System.nanoTime() - startNanos) / 1e9;
      }
    }
    spec.commandLine()
        .getOut()
        .printf(
            Locale.ROOT,
            "replayed %s: %,d accounts, %,d transactions (%,d purchases, %,d refunds) of %,d users"
                + "%s in %.1f s, %,.0f/s%n",
            transactions.getFileName(),
            survey.accounts(),
            survey.transactions(),
            survey.purchases(),
            survey.refunds(),
            survey.users(),
            balances == null
                ? ""
                : String.format(Locale.ROOT, ", %,d later balances", survey.balances()),
            seconds,
            survey.transactions() / seconds);
    if (untilProcessed) {
      spec.commandLine()
          .getOut()
          .printf(
              Locale.ROOT,
              "processed after %.1f s, %,.0f/s%n",
              processedSeconds,
              survey.transactions() / processedSeconds);
    }
    return 0;
  }

  private Pace pace() {
    if (pacing.rate != null) {
      return Pace.perSecond(pacing.rate.perSecond(), Ticker.SYSTEM);
    }
    return pacing.speedup == null ? Pace.unlimited() : Pace.speedup(pacing.speedup, Ticker.SYSTEM);
  }
}
