package io.spendwatch.loadgen.cli;

import io.spendwatch.commandline.CommandFrame;
import io.spendwatch.loadgen.pace.Rate;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The traffic commands: replay, generate, load, shop. Exit status as {@link CommandFrame} says. A
 * load that could not do its work has status 2, too: 1 says that its answers are wrong.
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
    return CommandFrame.around(new CommandLine(new LoadGen()))
        .registerConverter(Rate.class, Rate::parse)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .registerConverter(LoadOptions.Ramp.class, LoadOptions.Ramp::parse)
        .registerConverter(LoadOptions.Skew.class, LoadOptions.Skew::parse)
        .registerConverter(LoadOptions.Hot.class, LoadOptions.Hot::parse)
        .registerConverter(LoadOptions.Kinds.class, LoadOptions.Kinds::parse);
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "which command? (expected: replay, generate, load or shop)");
  }
}
