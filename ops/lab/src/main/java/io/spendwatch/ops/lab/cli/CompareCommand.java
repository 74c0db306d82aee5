package io.spendwatch.ops.lab.cli;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.acceptance.Comparison;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Holds what a finished run left against a data set's known answers. */
@Command(
    name = "compare",
    mixinStandardHelpOptions = true,
    description = {
      "Compares the tables and the alert topic of a finished run with a set's known answers:",
      "SET.reference.csv.gz and, where there is one, SET.alerts.csv.gz."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {"0:equal", "1:something differs or could not be read", "2:wrong usage"},
    footerHeading = "%nExample:%n",
    footer = "  spendwatch compare shared/data --set hard")
public final class CompareCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DIRECTORY", description = "Of the data set.")
  private Path directory;

  @Option(
      names = "--set",
      paramLabel = "NAME",
      required = true,
      description = "The first part of the set's file names.")
  private String set;

  @Option(
      names = "--balances",
      description =
          "The set's later balances were replayed too: compare with SET.reference_asof.csv.gz.")
  private boolean withBalances;

  @Override
  public Integer call() {
    Configuration configuration = Configuration.load();
    try (Connection connection = configuration.database().connect("spendwatch-compare")) {
      Comparison comparison =
          Comparison.run(
              directory,
              set,
              withBalances,
              connection,
              configuration.streams().kafka().clientProperties(),
              configuration.streams().kafka().topics(),
              configuration.streams().kafka().partitioner());
      spec.commandLine().getOut().println(set + ": " + comparison.report());
      return comparison.isEqual() ? 0 : 1;
    } catch (IOException e) {
      throw new OperatorException(e.getMessage(), e);
    } catch (SQLException e) {
      throw new OperatorException(configuration.database() + ": " + e.getMessage(), e);
    }
  }
}
