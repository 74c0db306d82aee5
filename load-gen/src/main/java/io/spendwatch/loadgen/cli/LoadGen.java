package io.spendwatch.loadgen.cli;

import io.spendwatch.loadgen.CommandFailed;
import io.spendwatch.loadgen.pace.Rate;
import io.spendwatch.protocol.ForeignText;
import io.spendwatch.protocol.Secrets;
import java.time.Duration;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The traffic commands: replay, generate, load, shop. Exit status 0 when done, 2 for wrong usage, 1
 * where the command could not do its work; the latter two with one line on standard error. A load
 * that could not do its work has status 2 as well: 1 says that its answers are wrong.
 */
@Command(
    name = "spendwatch",
    subcommands = {
      ReplayCommand.class,
      GenerateCommand.class,
      LoadCommand.class,
      ShopCommand.class
    },
    description = "Traffic for spendwatch: recorded, generated, live.")
public final class LoadGen implements Runnable {

  private static final String LOG_CONFIG = "logback.configurationFile";

  @Spec private CommandSpec spec;

  @Mixin HelpOption help;

  private LoadGen() {}

  public static void main(String[] args) {
    // Whatever the user's language: what libraries write is read by programs too.
    Locale.setDefault(Locale.ROOT);
    if (System.getProperty(LOG_CONFIG) == null) {
      // Ours by its name: beside a node's jars there is another logback.xml on the class path.
      System.setProperty(LOG_CONFIG, "load-gen-logback.xml");
    }
    System.exit(run(args));
  }

  /** Runs a command within this JVM and answers with its exit status. */
  public static int run(String... args) {
    return commandLine().execute(args);
  }

  static CommandLine commandLine() {
    // It would repeat what it could not read, such as the login of --property.
    CommandLine.tracer().setLevel(CommandLine.TraceLevel.OFF);
    return new CommandLine(new LoadGen())
        .registerConverter(Duration.class, Durations::parse)
        .registerConverter(Rate.class, Rate::parse)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .registerConverter(LoadOptions.Ramp.class, LoadOptions.Ramp::parse)
        .registerConverter(LoadOptions.Skew.class, LoadOptions.Skew::parse)
        .registerConverter(LoadOptions.Hot.class, LoadOptions.Hot::parse)
        .registerConverter(LoadOptions.Kinds.class, LoadOptions.Kinds::parse)
        .setParameterExceptionHandler(
            (failure, _) -> {
              CommandLine command = failure.getCommandLine();
              command.getErr().println(line(command, failure) + " (see --help)");
              return CommandLine.ExitCode.USAGE;
            })
        .setExecutionExceptionHandler(
            (failure, command, _) -> {
              command.getErr().println(line(command, failure));
              return command.getCommandSpec().exitCodeOnExecutionException();
            });
  }

  /** What went wrong, in one line; what nobody foresaw is named by its type too. */
  private static String line(CommandLine command, Exception failure) {
    boolean foreseen = failure instanceof CommandFailed || failure instanceof ParameterException;
    String what = foreseen ? failure.getMessage() : failure.toString();
    return ForeignText.shown(
        Secrets.masked(
            command.getCommandSpec().qualifiedName() + ": " + what.replaceAll("\\s*\\R\\s*", " ")));
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "which command? (expected: replay, generate, load or shop)");
  }
}
