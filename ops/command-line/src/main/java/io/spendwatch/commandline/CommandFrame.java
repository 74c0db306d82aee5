package io.spendwatch.commandline;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.protocol.ForeignText;
import io.spendwatch.protocol.Secrets;
import java.time.Duration;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/**
 * Around every command: exit status 0 when done, 2 for wrong usage, and the command's own (1, where
 * it says nothing) where it could not do its work; the latter two with one line on standard error.
 * Stateless.
 */
public final class CommandFrame {
  private CommandFrame() {}

  /**
   * Puts it around a command line, and the commands that it has by now. Of an {@link
   * OperatorException} the message says all that there is to say; what nobody foresaw is named by
   * its type too.
   *
   * @return the same command line
   */
  public static CommandLine around(CommandLine whole) {
    // It would repeat on its own what it could not read, such as the login of --property.
    CommandLine.tracer().setLevel(CommandLine.TraceLevel.OFF);
    return whole
        .registerConverter(Duration.class, Durations::parse)
        .setParameterExceptionHandler(
            (failure, _) -> {
              CommandLine command = failure.getCommandLine();
              command.getErr().println(line(command, failure.getMessage()) + " (see --help)");
              return CommandLine.ExitCode.USAGE;
            })
        .setExecutionExceptionHandler(
            (failure, command, _) -> {
              String what =
                  failure instanceof OperatorException ? failure.getMessage() : failure.toString();
              command.getErr().println(line(command, what));
              // Not before it is needed: to set logging up takes as long as a short command.
              LoggerFactory.getLogger(CommandFrame.class)
                  .debug("{} failed", command.getCommandName(), failure);
              return command.getCommandSpec().exitCodeOnExecutionException();
            });
  }

  /** What went wrong, in the one line that is said: safe for a terminal, without secrets. */
  public static String line(CommandLine command, String what) {
    return ForeignText.shown(
        Secrets.masked(
            command.getCommandSpec().qualifiedName() + ": " + what.replaceAll("\\s*\\R\\s*", " ")));
  }
}
