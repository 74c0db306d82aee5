package io.spendwatch.loadgen;

import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Produces invented traffic at a steady rate. */
@Command(
    name = "load",
    description = {
      "Produces invented spend that happens now, at a given rate whatever the receiver does (open"
          + " loop). The users are new with each run; first come their accounts.",
      "Prints its seed first, and in the end how many users have exceeded their balance: each of"
          + " them must have been raised, and nobody else."
    })
final class LoadCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin HelpOption help;

  @Mixin private KafkaOptions kafka;

  @Option(
      names = "--rate",
      paramLabel = "N[/s]",
      defaultValue = "100/s",
      description = "Transactions a second (default ${DEFAULT-VALUE}).")
  private Rate rate;

  @Option(names = "--users", defaultValue = "1000", description = "Default ${DEFAULT-VALUE}.")
  private int users;

  @Option(
      names = "--duration",
      paramLabel = "DURATION",
      defaultValue = "1m",
      description = "Default ${DEFAULT-VALUE}.")
  private Duration duration;

  @Option(
      names = "--overspend",
      paramLabel = "SHARE",
      defaultValue = "0.01",
      description = "Share of the users who will overspend (default ${DEFAULT-VALUE}).")
  private double overspend;

  @Option(
      names = "--refunds",
      paramLabel = "SHARE",
      defaultValue = "0.05",
      description = "Share of refunds (default ${DEFAULT-VALUE}).")
  private double refunds;

  @Option(
      names = "--currency",
      defaultValue = "USD",
      description = "Currency of all amounts (default ${DEFAULT-VALUE}).")
  private String currency;

  @Option(names = "--seed", paramLabel = "N", description = "Default: another one each time.")
  private Long seed;

  @Override
  public Integer call() {
    Usage.requireAtLeastOne(spec, "--users", users);
    Usage.requireCurrency(spec, "--currency", currency);
    Usage.requireShare(spec, "--overspend", overspend);
    Usage.requireShare(spec, "--refunds", refunds);
    InstantSource clock = InstantSource.system();
    long chosenSeed = seed == null ? ThreadLocalRandom.current().nextInt(1_000_000) : seed;
    long total = Math.max(1, Math.round(rate.perSecond() * duration.toMillis() / 1e3));
    String run = "live-" + Long.toString(clock.millis(), Character.MAX_RADIX);
    var settings = new LiveTraffic.Settings(run, users, overspend, refunds, currency, chosenSeed);
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        Locale.ROOT,
        "seed %d: %,d transactions of %,d users (%s-u…), of whom %,d are to overspend%n",
        chosenSeed,
        total,
        users,
        run,
        settings.overspenders());
    out.flush();

    var traffic = new LiveTraffic(settings);
    double seconds;
    PrintStream err = System.err;
    try (KafkaCluster cluster = KafkaCluster.connect(kafka, err);
        KafkaSink sink = cluster.newSink()) {
      for (Balance account : traffic.accounts(clock.millis())) {
        sink.send(kafka.balancesTopic, account.userId(), BalanceCodec.encode(account));
      }
      sink.flush();
      cluster.awaitApplied(sink.ends());
      long startNanos = System.nanoTime();
      try (Progress progress = Progress.of("load", total, err)) {
        Pace pace = Pace.perSecond(rate.perSecond(), Pace.Ticker.SYSTEM);
        while (traffic.transactions() < total) {
          pace.awaitTurn(0);
          Transaction transaction = traffic.next(clock.millis());
          sink.send(
              kafka.transactionsTopic, transaction.userId(), TransactionCodec.encode(transaction));
          progress.step();
        }
        sink.flush();
      }
      seconds = (System.nanoTime() - startNanos) / 1e9;
    }
    out.printf(
        Locale.ROOT,
        "loaded: %,d transactions (%,d refunds) in %.1f s, %,.0f/s; %,d users overspent%n",
        traffic.transactions(),
        traffic.refunds(),
        seconds,
        traffic.transactions() / seconds,
        traffic.overspent());
    return 0;
  }
}
