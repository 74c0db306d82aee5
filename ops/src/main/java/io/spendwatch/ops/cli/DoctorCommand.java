package io.spendwatch.ops.cli;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.doctor.Diagnosis;
import io.spendwatch.ops.doctor.Doctor;
import io.spendwatch.ops.terminal.Terminal;
import io.spendwatch.protocol.ForeignText;
import java.time.InstantSource;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Says what is wrong with an installation. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    exitCodeOnExecutionException = 2,
    description = {
      "Looks at settings, Kafka, PostgreSQL and nodes, and says what is wrong with this installation"
          + " and how to mend it. It only reads.",
      "The clocks of brokers are not compared: Kafka does not tell its time."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:nothing to mend",
      "1:something was found",
      "2:nothing was found, and something could not be looked at"
    },
    footerHeading = "%nExample:%n",
    footer = "  spendwatch doctor --json | jq '.checks[] | select(.verdict != \"OK\")'")
public final class DoctorCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--json",
      description = "Print {well, checks: [{name, lookedAt, verdict, advice}]}.")
  private boolean json;

  @Override
  public Integer call() {
    try {
      Diagnosis diagnosis = new Doctor(System.getenv(), InstantSource.system()).look();
      spec.commandLine()
          .getOut()
          .println(
              json
                  ? ForeignText.inJson(Json.write(diagnosis))
                  : diagnosis.text(Terminal.ofStandardOutput()));
      return diagnosis.exitStatus();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    }
  }
}
