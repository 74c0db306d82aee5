package io.spendwatch.loadgen.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class LoadGenTest {
  /** Servers that are not there, and are given up at once. */
  private static final String NOBODY =
      "--bootstrap-servers 127.0.0.1:1 --connect-timeout 0s --property request.timeout.ms=200"
          + " --property default.api.timeout.ms=200";

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "bogus",
        "replay",
        "replay x",
        "replay x --accounts y --nope",
        "replay x --accounts y --rate 0",
        "replay x --accounts y --rate NaN",
        "replay x --accounts y --speedup 0",
        "replay x --accounts y --rate 1 --speedup 2",
        "replay x --accounts y --currency usd",
        "replay x --accounts y --wait-timeout soon",
        "generate",
        "generate tpcds --out x --scale 0",
        "generate spend --out x --users 0",
        "generate spend --out x --refunds 1.5",
        "load --users 0",
        "load --users many",
        "load --out-of-order -1",
        "load --out-of-order 0.1 --spread 0s",
        "load --duplicates 1",
        "load --refunds NaN",
        "load --skew zipf",
        "load --skew zipf:NaN",
        "load --hot 10",
        "load --hot 1000:0.5",
        "load --ramp 100",
        "load --rate 100 --ramp 100..200",
        "load --scenarios drip,nope",
        "load --rate 100 --scenario-rate 6",
        "load --ramp 100..5000 --scenario-rate 6",
        "load --currency usd",
        "load --property novalue",
        "shop",
        "shop --uri oracle://shop@127.0.0.1/shop",
        "shop --uri mysql://127.0.0.1/shop",
        "shop --uri mysql://shop@127.0.0.1",
        "shop --uri mysql://shop@127.0.0.1/shop --return-probability 1.5",
        "shop --uri mysql://shop@127.0.0.1/shop --sales-interval 0s",
        "shop --uri mysql://shop@127.0.0.1/shop --rate 5 --sales-interval 1s",
        "shop --uri mysql://shop@127.0.0.1/shop --users 0",
        "shop --uri mysql://shop@127.0.0.1/shop --workers 0",
        "shop --uri mysql://shop@127.0.0.1/shop --history -1",
        "shop --uri mysql://shop@127.0.0.1/shop --tables customers",
      })
  void answersWrongUsageWithOneLineAndStatus2(String line) {
    Run run = run(line);

    assertThat(run.status).isEqualTo(2);
    assertThat(run.err.lines()).hasSize(1).first().asString().startsWith("spendwatch");
    assertThat(run.err).doesNotContain("java.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "replay --help",
        "generate --help",
        "generate tpcds -h",
        "load --help",
        "shop --help"
      })
  void helpsWithStatus0(String line) {
    Run run = run(line);

    assertThat(run.status).isZero();
    assertThat(run.out).startsWith("Usage: spendwatch");
  }

  @Test
  void namesTheServerThatDoesNotAnswer() {
    Run run = run("load " + NOBODY + " --seed 5");

    assertThat(run.status).isEqualTo(2);
    assertThat(run.out)
        .startsWith("seed 5: --rate 100 --duration PT1M --users 1000 --skew uniform --hot 0:0")
        .contains("(6,000 records, run live-");
    assertThat(run.err.lines()).hasSize(1);
    assertThat(run.err).contains("127.0.0.1:1");
  }

  @Test
  void canBeRepeatedWithWhatItsFirstLineSays() {
    String options =
        "--ramp 200..4000 --duration PT1M30S --users 77 --skew zipf:1.1 --hot 7:0.25"
            + " --out-of-order 0.02 --spread PT3S --duplicates 0.03 --refunds 0.04"
            + " --scenarios drip,late-reveal --scenario-rate 2.5 --currency EUR";
    Run run = run("load " + NOBODY + " --seed 5 " + options);

    assertThat(run.out).startsWith("seed 5: " + options + " (189,000 records, run live-");
  }

  @Test
  void namesTheFileThatIsNotThere() {
    Run run = run("replay " + folder + "/no.csv --accounts " + folder + "/no2.csv");

    assertThat(run.status).isEqualTo(1);
    assertThat(run.err.lines())
        .containsExactly("spendwatch replay: " + folder + "/no.csv: no such file");
  }

  @Test
  void generatesAndSaysWhat() {
    Run run =
        run("generate spend --users 10 --transactions 100 --set s --out " + folder.resolve("x"));

    assertThat(run.status).isZero();
    assertThat(run.out).contains("100 transactions", "RAISED alerts");
    assertThat(folder.resolve("x/s.alerts.csv.gz")).exists();
  }

  private record Run(int status, String out, String err) {}

  private static Run run(String line) {
    var out = new StringWriter();
    var err = new StringWriter();
    CommandLine command =
        LoadGen.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    int status = command.execute(line.isEmpty() ? new String[0] : line.split(" ", -1));
    return new Run(status, out.toString(), err.toString());
  }
}
