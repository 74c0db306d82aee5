package io.spendwatch.ops;

import io.spendwatch.commandline.CommandFrame;
import io.spendwatch.ops.cli.CompletionCommand;
import io.spendwatch.ops.cli.DoctorCommand;
import io.spendwatch.ops.cli.EraseCommand;
import io.spendwatch.ops.cli.MigrateCommand;
import io.spendwatch.ops.cli.NodeCommand;
import io.spendwatch.ops.cli.PrintConfigCommand;
import io.spendwatch.ops.cli.RewindCommand;
import io.spendwatch.ops.cli.RollupsCommand;
import io.spendwatch.ops.cli.deadletters.DeadLettersCommand;
import io.spendwatch.ops.cli.live.AlertsCommand;
import io.spendwatch.ops.cli.live.CheckCommand;
import io.spendwatch.ops.cli.live.StatusCommand;
import io.spendwatch.ops.cli.live.TopCommand;
import io.spendwatch.ops.cli.live.UserCommand;
import io.spendwatch.ops.cli.stored.AuditCommand;
import io.spendwatch.ops.cli.stored.ExplainCommand;
import io.spendwatch.ops.cli.stored.QueryCommand;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The command line. Exit status: 0 when done; 2 for wrong usage; 1 where the command could not do
 * its work (2 for those whose 1 means that something is wrong in what they look at); the latter two
 * with one line on standard error. A command that runs until it is told to end answers Ctrl-C with
 * 130 and SIGTERM with 143, once everything is stopped; a node with 0, once it has left its cluster
 * in order.
 */
@Command(
    name = "spendwatch",
    mixinStandardHelpOptions = true,
    version = "spendwatch " + Build.VERSION,
    synopsisSubcommandLabel = "COMMAND",
    description = "Raises an alert the moment a user's rolling 24 h spend exceeds the balance.",
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:done",
      "1:it could not be done; one line says why",
      "2:wrong usage; or not done, where 1 means that something was found"
    },
    footerHeading = "%nTraffic:%n",
    footer = {
      "  replay    Produces a CSV data set: accounts first, then transactions.",
      "  load      Produces invented spend that happens now, at a given rate.",
      "  generate  Writes a data set, and the answers that must come out for it.",
      "  shop      Sells and takes back, in the tables of a business database.",
      "",
      "From a business database:",
      "  capture   Follows its log, and sends what its tables say of spend and balances.",
      "",
      "For old days:",
      "  archive   Copies closed days to a directory or a bucket, and brings them back.",
      "",
      "Each command has --help. Settings come from SPENDWATCH_... environment variables; sandbox"
          + " prints those that the others need; print-config shows where each comes from.",
      "",
      "Example:",
      "  spendwatch demo"
    })
public final class Spendwatch implements Runnable {
  /** Of a node, wherever it runs, in the order of the help. */
  public static final Map<String, Class<?>> COMMANDS = commands();

  @Spec private CommandSpec spec;

  private Spendwatch() {}

  public static void main(String[] args) {
    // What libraries write, SQL among it, has the digits that its readers expect, whatever the
    // user's language.
    Locale.setDefault(Locale.ROOT);
    System.exit(run(COMMANDS, args));
  }

  /**
   * Runs what the arguments say, as the process would, and answers its exit status.
   *
   * @param commands that there are, by name
   */
  public static int run(Map<String, Class<?>> commands, String... args) {
    return commandLine(named(commands, args)).execute(args);
  }

  private static Map<String, Class<?>> commands() {
    Map<String, Class<?>> commands = new LinkedHashMap<>();
    commands.put("migrate", MigrateCommand.class);
    commands.put("node", NodeCommand.class);
    commands.put("status", StatusCommand.class);
    commands.put("audit", AuditCommand.class);
    commands.put("alerts", AlertsCommand.class);
    commands.put("explain", ExplainCommand.class);
    commands.put("doctor", DoctorCommand.class);
    commands.put("print-config", PrintConfigCommand.class);
    commands.put("completion", CompletionCommand.class);
    commands.put("user", UserCommand.class);
    commands.put("top", TopCommand.class);
    commands.put("check", CheckCommand.class);
    commands.put("dead-letters", DeadLettersCommand.class);
    commands.put("query", QueryCommand.class);
    commands.put("rollups", RollupsCommand.class);
    commands.put("rewind", RewindCommand.class);
    commands.put("erase", EraseCommand.class);
    return Collections.unmodifiableMap(commands);
  }

  /** What of it these arguments need: to make all of it costs more than a short command does. */
  private static Map<String, Class<?>> named(Map<String, Class<?>> commands, String[] args) {
    Class<?> named = args.length == 0 ? null : commands.get(args[0]);
    // Which has to know all the others.
    if (named == CompletionCommand.class) {
      return commands;
    }
    if (named != null) {
      return Map.of(args[0], named);
    }
    boolean isVersion = args.length == 1 && (args[0].equals("--version") || args[0].equals("-V"));
    return isVersion ? Map.of() : commands;
  }

  /** The command line with these, not run yet. */
  public static CommandLine commandLine(Map<String, Class<?>> commands) {
    CommandLine whole = new CommandLine(new Spendwatch());
    commands.forEach(whole::addSubcommand);
    return CommandFrame.around(whole);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "which command?");
  }
}
