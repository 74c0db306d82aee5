package io.spendwatch.ops.archive;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.Spendwatch;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** Exit statuses and the one line that says why. */
class ArchiveCommandLineTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @AfterEach
  void forget() {
    System.clearProperty("spendwatch.archive.uri");
    System.clearProperty("spendwatch.postgres.uri");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "archive",
        "archive run",
        "archive load",
        "archive list",
        "archive show",
        "archive verify",
        "archive restore"
      })
  void eachCommandExplainsItself(String command) {
    assertThat(run((command + " --help").split(" "))).isZero();
    assertThat(out.toString())
        .startsWith("Usage: spendwatch " + command)
        .contains("Exit status:", "Example:\n  ")
        .satisfies(help -> assertThat(help.lines()).allMatch(line -> line.length() <= 80));
  }

  @ParameterizedTest
  @CsvSource({
    "archive, which?",
    "archive show, DAY",
    "archive restore yesterday, DAY: yesterday (expected: a day",
    "archive verify 2026-02-30, DAY: 2026-02-30 (expected",
    "archive run --no-such-option, --no-such-option"
  })
  void aWrongUsageIsNamed(String line, String said) {
    System.setProperty("spendwatch.archive.uri", "file:///nowhere");
    System.setProperty("spendwatch.postgres.uri", "postgresql://nobody@127.0.0.1:1/none");
    assertThat(run(line.split(" "))).isEqualTo(2);
    assertThat(err.toString().lines()).singleElement().asString().contains(said);
  }

  @Test
  void withoutAnArchiveItSaysWhatIsMissing() {
    System.setProperty("spendwatch.postgres.uri", "postgresql://nobody@127.0.0.1:1/none");
    assertThat(run("archive", "run")).isEqualTo(1);
    assertThat(err.toString()).contains("SPENDWATCH_ARCHIVE_URI says where it is to be");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/var/archive",
        "file://host/archive",
        "s3://Bad_Bucket",
        "s3://b/p?x=1",
        "ftp://x/y"
      })
  void anAddressThatIsNoneIsNamed(String uri) {
    System.setProperty("spendwatch.archive.uri", uri);
    assertThat(run("archive", "list")).isEqualTo(1);
    assertThat(err.toString().lines())
        .singleElement()
        .asString()
        .contains("spendwatch.archive.uri", "expected: file:///DIRECTORY or s3://BUCKET/PREFIX");
  }

  private int run(String... arguments) {
    CommandLine commandLine = Spendwatch.commandLine(ArchiveCommand.commands());
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    return commandLine.execute(arguments);
  }
}
