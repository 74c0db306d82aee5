package io.spendwatch.commandline;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.protocol.Secrets;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

class CommandFrameTest {
  private final StringWriter err = new StringWriter();

  @Command(name = "whole", subcommands = Ask.class)
  private static final class Whole {}

  @Command(name = "ask", exitCodeOnExecutionException = 7)
  private static final class Ask implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Option(names = "--wait")
    private Duration wait = Duration.ZERO;

    @Option(names = "--foreseen")
    private String foreseen;

    @Option(names = "--unforeseen")
    private String unforeseen;

    @Override
    public Integer call() {
      Usage.require(spec, wait.toMillis() < 1_000, "--wait", wait, "less than a second");
      if (foreseen != null) {
        throw new OperatorException(foreseen);
      }
      if (unforeseen != null) {
        throw new IllegalStateException(unforeseen);
      }
      return 0;
    }
  }

  @Test
  void saysNothingWhereAllIsDone() {
    assertThat(run("ask", "--wait", "500ms")).isZero();
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void wrongUsageIsStatus2AndPointsToTheHelp() {
    assertThat(run("ask", "--wait", "soon")).isEqualTo(2);
    assertThat(err.toString().lines())
        .singleElement()
        .asString()
        .startsWith("whole ask: ")
        .contains("--wait", "soon (expected: a duration such as")
        .endsWith(" (see --help)");
  }

  @Test
  void aValueThatTheCommandRefusesIsWrongUsage() {
    assertThat(run("ask", "--wait", "1s")).isEqualTo(2);
    assertThat(err.toString().lines())
        .containsExactly("whole ask: --wait: PT1S (expected: less than a second) (see --help)");
  }

  @Test
  void whatWasForeseenIsItsMessageAndTheCommandsOwnStatus() {
    assertThat(run("ask", "--foreseen", "nobody\n   listens")).isEqualTo(7);
    assertThat(err.toString().lines()).containsExactly("whole ask: nobody listens");
  }

  @Test
  void whatNobodyForesawIsNamedByItsType() {
    assertThat(run("ask", "--unforeseen", "odd")).isEqualTo(7);
    assertThat(err.toString().lines())
        .containsExactly("whole ask: java.lang.IllegalStateException: odd");
  }

  @Test
  void neitherSecretsNorControlCharactersReachTheTerminal() {
    Secrets.keep("hush-hush");
    assertThat(run("ask", "--foreseen", "hush-hush is wrong \u001b[31m")).isEqualTo(7);
    assertThat(err.toString()).doesNotContain("hush").doesNotContain("\u001b").contains("is wrong");
  }

  private int run(String... arguments) {
    CommandLine whole = CommandFrame.around(new CommandLine(new Whole()));
    return whole.setErr(new PrintWriter(err, true)).execute(arguments);
  }
}
