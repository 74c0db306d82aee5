package io.spendwatch.ops.lab.cli;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.bench.Rehearsal;
import io.spendwatch.ops.lab.bench.turns.Bench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Makes nodes start in half the time. */
@Command(
    name = "rehearse",
    mixinStandardHelpOptions = true,
    description = {
      "Runs a node through its work once, on embedded servers that are gone afterwards, and keeps"
          + " what its JVM has learned: nodes of this checkout then start in about half the time."
          + " The sandbox's brokers start with the classes of one, likewise."
          + " To be done again after each build; a file that does not fit any more is left alone."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {"0:done", "1:it could not run", "2:wrong usage"},
    footerHeading = "%nExample:%n",
    footer = "  spendwatch rehearse && spendwatch node")
public final class RehearseCommand implements Callable<Integer> {
  private static final long SEED = 42;

  @Spec private CommandSpec spec;

  @Option(
      names = "--to",
      paramLabel = "FILE",
      description = "What nodes are to start with (target/node.aot, where the launcher looks).")
  private Path to;

  @Option(
      names = "--users",
      paramLabel = "N",
      defaultValue = "20000",
      description = "Whose transactions it decides on (${DEFAULT-VALUE}).")
  private int users;

  @Option(
      names = "--transactions",
      paramLabel = "N",
      defaultValue = "500000",
      description = "How many (${DEFAULT-VALUE}).")
  private int transactions;

  @Override
  public Integer call() {
    if (users < 1 || transactions < 1) {
      throw new ParameterException(spec.commandLine(), "--users, --transactions: at least 1");
    }
    Path file = (to == null ? Home.root().resolve("target").resolve("node.aot") : to);
    try (Bench bench =
        new Bench(
            Home.root(),
            Configuration.load(),
            false,
            Instant.now().truncatedTo(ChronoUnit.SECONDS),
            spec.commandLine().getErr())) {
      // One that is there would be used.
      boolean _ = Files.deleteIfExists(file);
      new Rehearsal(bench, users, transactions, SEED).run(file.toAbsolutePath());
      spec.commandLine()
          .getOut()
          .println(
              String.format(
                  Locale.ROOT, "%s, %,d MiB: nodes start with it", file, Files.size(file) >> 20));
    } catch (IOException e) {
      throw new OperatorException(file + ": " + e.getMessage(), e);
    }
    return 0;
  }
}
