package io.spendwatch.ops.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.protocol.ForeignText;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** Exit statuses and the one line that says why. */
class CommandLineTest {
  private static final List<String> SETTINGS =
      List.of(
          "spendwatch.kafka.bootstrap-servers",
          "spendwatch.postgres.uri",
          "spendwatch.http.port",
          "spendwatch.pipeline.batch-rows-max",
          "spendwatch.kafka.properties.default.api.timeout.ms",
          "spendwatch.kafka.properties.request.timeout.ms");

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private int closedPort;

  @BeforeEach
  void pointAtServersThatAreNotThere() {
    closedPort = Ports.free();
    System.setProperty("spendwatch.kafka.bootstrap-servers", "127.0.0.1:" + closedPort);
    System.setProperty(
        "spendwatch.postgres.uri", "postgresql://nobody@127.0.0.1:" + closedPort + "/none");
    System.setProperty("spendwatch.http.port", Integer.toString(closedPort));
  }

  @AfterEach
  void forget() {
    SETTINGS.forEach(System::clearProperty);
  }

  static Stream<String> commands() {
    return Lab.commands().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("commands")
  void eachCommandExplainsItself(String command) {
    assertThat(run(command, "--help")).isZero();
    assertThat(out.toString())
        .startsWith("Usage: spendwatch " + command)
        .contains("Exit status:", "Example:\n  ")
        .satisfies(help -> assertThat(help.lines()).allMatch(line -> line.length() <= 80))
        .satisfies(CommandLineTest::hasNoControlCharacters);
    assertThat(err.toString()).isEmpty();
  }

  private static void hasNoControlCharacters(String text) {
    assertThat(text.lines())
        .allSatisfy(line -> assertThat(line.codePoints()).noneMatch(ForeignText::isUnsafe));
  }

  @Test
  void listsTheTrafficCommandsToo() {
    assertThat(run("--help")).isZero();
    assertThat(out.toString())
        .contains("demo", "sandbox", "migrate", "node", "status", "alerts")
        .contains("replay", "load", "generate", "shop");
  }

  @ParameterizedTest
  @MethodSource("commands")
  void aWrongOptionIsWrongUsage(String command) {
    assertThat(run(command, "--no-such-option")).isEqualTo(2);
    assertOneLine("spendwatch " + command + ": ", "(see --help)");
  }

  @ParameterizedTest
  @CsvSource({
    "sandbox --kafka-port 65536, --kafka-port: 65536",
    "sandbox --pg-port -1, --pg-port: -1",
    "sandbox --partitions 0, --partitions: 0",
    "sandbox --business oracle, expected: mariadb or postgres",
    "sandbox --business mariadb --business-port 65536, --business-port: 65536",
    "migrate --partitions 0, --partitions: 0",
    "migrate --replication-factor 0, --replication-factor: 0",
    "migrate --wait 30, 30 (expected: a duration",
    "migrate --wait soon, soon (expected: a duration",
    "alerts --max 0, --max: 0",
    "bench --only nothing, --only: nothing",
    "bench --rates 0, 0 (expected: at least 1)",
    "explain, what?",
    "explain --user u, what?",
    "explain x --rows 0, --rows: 0",
    "explain x --at soon, --at: soon (expected: such as",
    "status --url nowhere, --url: nowhere",
    "status --timeout 0s, --timeout: PT0S",
    "status --watch=0s, --watch: PT0S",
    "alerts --since yesterday, --since: yesterday (expected: such as",
    "alerts --since 1h --from-beginning, expected: one of them",
    "alerts --type raised, --type",
    "completion fish, fish (expected: bash or zsh)",
    "demo --scale 0, --scale: 0",
    "demo --nodes 0, --nodes: 0",
    "demo --duration 0s, --duration: PT0S",
    "nonsense, nonsense"
  })
  void aWrongValueIsWrongUsage(String line, String said) {
    assertThat(run(line.split(" "))).isEqualTo(2);
    assertOneLine("spendwatch", said);
  }

  @Test
  void noCommandIsWrongUsage() {
    assertThat(run()).isEqualTo(2);
    assertOneLine("spendwatch: ", "which command?");
  }

  @Test
  void migrateNamesTheServerThatIsNotThere() {
    assertThat(run("migrate", "--wait", "0s")).isEqualTo(1);
    assertOneLine("spendwatch migrate: ", "PostgreSQL at 127.0.0.1:" + closedPort + "/none");
  }

  @Test
  void alertsNamesTheServerThatIsNotThere() {
    System.setProperty("spendwatch.kafka.properties.request.timeout.ms", "300");
    System.setProperty("spendwatch.kafka.properties.default.api.timeout.ms", "300");
    assertThat(run("alerts")).isEqualTo(1);
    assertOneLine("spendwatch alerts: ", "Kafka at 127.0.0.1:" + closedPort);
  }

  @Test
  void aServerWhoseNameIsUnknownIsNamed() {
    System.setProperty("spendwatch.kafka.bootstrap-servers", "no-such-host.invalid:9092");
    assertThat(run("alerts")).isEqualTo(1);
    assertOneLine("spendwatch alerts: ", "Kafka at no-such-host.invalid:9092");
  }

  @Test
  void statusNamesTheNodeThatIsNotThere() {
    assertThat(run("status")).isEqualTo(1);
    assertOneLine("spendwatch status: ", "http://127.0.0.1:" + closedPort, "nobody listens");
  }

  /** The system takes the connection; the node that should answer does not come to it. */
  @Test
  void statusTellsASlowNodeFromNone() throws IOException {
    try (var listening = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      System.setProperty("spendwatch.http.port", Integer.toString(listening.getLocalPort()));
      assertThat(run("status", "--timeout", "300ms")).isEqualTo(1);
      assertOneLine("spendwatch status: ", "is slow", "300 ms (--timeout)");
    }
  }

  @Test
  void bashTakesTheCompletion() throws IOException, InterruptedException {
    assertThat(run("completion", "bash")).isZero();
    Process bash =
        new ProcessBuilder("bash", "-c", "source /dev/stdin && complete -p spendwatch")
            .redirectErrorStream(true)
            .start();
    try (Writer script = bash.outputWriter()) {
      script.write(out.toString());
    }
    String said = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(bash.waitFor()).as(said).isZero();
    assertThat(out.toString()).contains("print-config", "--from-beginning");
  }

  @Test
  void printConfigSaysWhereEachSettingComesFrom() {
    assertThat(run("print-config")).isZero();
    assertThat(out.toString().lines())
        .contains("spendwatch.http.port = \"" + closedPort + "\"  # -Dspendwatch.http.port")
        .anyMatch(
            line ->
                line.matches(
                    "spendwatch\\.audit\\.interval = \"1 m\"  # default, spendwatch\\.conf:\\d+"))
        .anyMatch(
            line -> line.startsWith("spendwatch.node-id = ") && line.endsWith("# this machine"));
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void doctorSaysWhatItCouldNotLookAt() {
    System.setProperty("spendwatch.kafka.properties.default.api.timeout.ms", "500");
    System.setProperty("spendwatch.kafka.properties.request.timeout.ms", "400");
    assertThat(run("doctor")).isEqualTo(2);
    assertThat(out.toString())
        .startsWith("Not well: 2 could not be looked at (of 8 checks)")
        .contains("not looked  kafka: 127.0.0.1:" + closedPort, "not looked  postgresql: ")
        .satisfies(text -> assertThat(text.lines()).allMatch(line -> line.length() <= 80));
  }

  @Test
  void aWrongSettingIsNamed() {
    System.setProperty("spendwatch.pipeline.batch-rows-max", "0");
    assertThat(run("node")).isEqualTo(1);
    assertOneLine("spendwatch node: ", "batch-rows-max: 0 (expected");
  }

  private int run(String... arguments) {
    CommandLine commandLine = Spendwatch.commandLine(Lab.commands());
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    return commandLine.execute(arguments);
  }

  private void assertOneLine(String start, String... parts) {
    assertThat(err.toString().lines()).singleElement().asString().startsWith(start).contains(parts);
    assertThat(out.toString()).isEmpty();
  }
}
