package io.spendwatch.ops.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.core.joran.spi.JoranException;
import com.typesafe.config.ConfigFactory;
import io.spendwatch.loadgen.cli.LoadGen;
import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.cli.Lab;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.ops.node.Node;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/** Wrong settings that have a secret in them, in every command that reads them: none repeats it. */
class SecretsIT {
  /** In two words, which what takes a URI or a login apart may tear from each other. */
  private static final String FIRST = "Xk7first";

  private static final String SECOND = "Xk7second";

  /** Before the name of a setting whose value is to be in a file. */
  private static final String IN_A_FILE = "in a file: ";

  private static final List<String> COMMANDS =
      List.of(
          "migrate --wait 0s",
          "status --timeout 1s",
          "alerts --max 1",
          "audit",
          "explain x",
          "explain --user u --at 2024-07-12T00:00:00Z --json",
          "compare DIR --set x",
          "bench --only drain --on-configured-servers");

  /** Others that read them, and may do without what is wrong. */
  private static final List<String> FURTHER =
      List.of(
          "print-config",
          "print-config --changed --json",
          "doctor",
          "doctor --json",
          "query top-spenders",
          "rollups",
          "dead-letters list",
          "user u",
          "top");

  private static final String LOGIN =
      "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"anna\" password=";

  private final Map<String, String> set = new HashMap<>();
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private final PrintStream out = System.out;
  private final PrintStream err = System.err;
  private final Logger log = (Logger) LoggerFactory.getLogger("io.spendwatch");
  @TempDir private Path directory;

  /** As users have it. */
  @BeforeAll
  static void logAsInProduction() throws JoranException {
    configureLog("/logback.xml");
  }

  @AfterAll
  static void logAsInTests() throws JoranException {
    configureLog("/logback-test.xml");
  }

  private static void configureLog(String resource) throws JoranException {
    var context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    var configurator = new JoranConfigurator();
    configurator.setContext(context);
    configurator.doConfigure(SecretsIT.class.getResource(resource));
  }

  @BeforeEach
  void listen() {
    String closed = "127.0.0.1:" + Ports.free();
    set("spendwatch.kafka.bootstrap-servers", closed);
    set("spendwatch.kafka.properties.default.api.timeout.ms", "500");
    set("spendwatch.kafka.properties.request.timeout.ms", "400");
    set("spendwatch.postgres.uri", "postgresql://anna@" + closed + "/none");
    set("spendwatch.http.port", Integer.toString(Ports.free()));
    log.setLevel(Level.DEBUG);
    var all = new PrintStream(said, true, StandardCharsets.UTF_8);
    System.setOut(all);
    System.setErr(all);
  }

  @AfterEach
  void forget() {
    System.setOut(out);
    System.setErr(err);
    log.setLevel(Level.INFO);
    set.keySet().forEach(System::clearProperty);
    // Else they would be part of every configuration that a later test makes.
    ConfigFactory.invalidateCaches();
  }

  static Stream<Arguments> wrongSettings() {
    return Stream.of(
        uri("mysql://anna:" + FIRST + "@db/x"),
        uri("postgresql//anna:" + FIRST + "@db/x"),
        uri("postgresql://anna:" + FIRST + "@" + SECOND + "@db/x"),
        uri("postgresql://anna:" + FIRST + "/" + SECOND + "@db/x"),
        uri("postgresql://anna:" + FIRST + "%zz" + SECOND + "@db/x"),
        uri("postgresql://anna:" + FIRST + "%@db/x"),
        uri("postgresql://anna:" + FIRST + "@db:port/x"),
        uri("postgresql://anna:" + FIRST + "@db:99999/x"),
        uri("postgresql://anna:" + FIRST + "@db1,db2/x"),
        uri("postgresql://anna:" + FIRST + " " + SECOND + "@db /x"),
        uri("postgresql://anna@db/x?password=" + FIRST + "&" + SECOND),
        uri("postgresql://anna@db/x?password=" + FIRST + "&sslmode=" + SECOND),
        uri("postgresql://anna@db/x?passwort=" + FIRST),
        uri("postgresql://anna:" + FIRST + "@127.0.0.1:1/x?sslmode=verify-full"),
        uri("host=db user=anna password=" + FIRST),
        uri("jdbc:postgresql://db/x?user=anna&password=" + FIRST),
        uri("postgresql://anna:" + FIRST + "@127.0.0.1:1/x"),
        settings("spendwatch.postgres.password-file", FIRST),
        settings("spendwatch.postgres.password-file", "/nowhere/" + FIRST + "\0"),
        settings("spendwatch.postgres-analytics.password-file", FIRST),
        settings("spendwatch.partitions.postgres.password-file", FIRST),
        settings("spendwatch.postgres.password." + FIRST, "x"),
        settings("spendwatch.http.token", FIRST),
        settings("spendwatch.http.token-file", FIRST),
        settings("spendwatch.http.token-file", "/nowhere/" + FIRST + "\0"),
        settings("spendwatch.kafka.property-files.sasl.jaas.config", FIRST),
        settings(
            "spendwatch.kafka.property-files.ssl.keystore.password", "/nowhere/" + FIRST + "\0"),
        loginInAFile(LOGIN + "\"" + FIRST + "\""),
        loginInAFile(LOGIN + FIRST + " " + SECOND + ";"),
        loginInAFile(FIRST),
        login(LOGIN + "\"" + FIRST + "\""),
        login(LOGIN + FIRST + " " + SECOND + ";"),
        login(LOGIN + "\"" + FIRST + " " + SECOND + "\" oops;"),
        login(LOGIN + "\"" + FIRST + ";"),
        login(FIRST),
        login("PlainLoginModule required password=\"" + FIRST + "\";"),
        login("org.apache.kafka.common.security.plain.PlainLoginModule " + FIRST + " required;"),
        login(LOGIN + "\"" + FIRST + "\";"),
        kafka(
            "SSL",
            Map.of(
                "ssl.keystore.type", "PEM",
                "ssl.keystore.key", FIRST,
                "ssl.keystore.certificate.chain", "none")),
        kafka("SSL", Map.of("ssl.keystore.location", "/nowhere", "ssl.keystore.password", FIRST)),
        kafka(
            "SASL_SSL",
            Map.of(
                "sasl.mechanism",
                "SCRAM-SHA-512",
                "sasl.jaas.config",
                "org.apache.kafka.common.security.scram.ScramLoginModule required username=anna password="
                    + FIRST)));
  }

  @ParameterizedTest
  @MethodSource("wrongSettings")
  void noCommandRepeatsASecret(Map<String, String> wrong) {
    wrong.forEach(this::set);
    for (String command : COMMANDS) {
      run(command);
      assertThat(said.toString(StandardCharsets.UTF_8))
          .as(command)
          .doesNotContain(FIRST, SECOND)
          .contains("spendwatch " + command.split(" ", -1)[0] + ": ");
      said.reset();
    }
  }

  static Stream<Arguments> settingsBesideThoseOfKafka() {
    return wrongSettings().filter(arguments -> !isOfKafka(arguments));
  }

  @ParameterizedTest
  @MethodSource("settingsBesideThoseOfKafka")
  void norDoesOneThatMayDoWithoutIt(Map<String, String> wrong) {
    wrong.forEach(this::set);
    for (String command : FURTHER) {
      run(command);
      assertThat(said.toString(StandardCharsets.UTF_8))
          .as(command)
          .isNotBlank()
          .doesNotContain(FIRST, SECOND);
      said.reset();
    }
  }

  static Stream<Arguments> settingsThatANodeStartsWith() {
    return wrongSettings().skip(wrongSettings().count() - 3);
  }

  /** Which starts all the same, and says what it waits for. */
  @ParameterizedTest
  @MethodSource("settingsThatANodeStartsWith")
  void norDoesANode(Map<String, String> wrong) throws Exception {
    wrong.forEach(this::set);
    Node node = Node.start(Configuration.load(), InstantSource.system());
    try {
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () ->
                  node.status().node().waitingFor().stream()
                      .anyMatch(what -> what.startsWith("Kafka")));
      System.out.println(Json.write(node.status()));
    } finally {
      node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
    String all = said.toString(StandardCharsets.UTF_8);
    assertThat(all).contains("Started").doesNotContain(FIRST, SECOND);
    // Of the log, of a stack trace in it, or of the status.
    assertThat(all.lines()).allMatch(line -> line.matches("(time=|\t|\\{).*"));
  }

  static Stream<Arguments> settingsOfKafka() {
    return wrongSettings().filter(SecretsIT::isOfKafka);
  }

  private static boolean isOfKafka(Arguments arguments) {
    return ((Map<?, ?>) arguments.get()[0])
        .keySet().stream().anyMatch(key -> key.toString().contains("kafka"));
  }

  @ParameterizedTest
  @MethodSource("settingsOfKafka")
  void norDoesTraffic(Map<String, String> wrong) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "load",
                "--rate=20",
                "--scenarios=none",
                "--duration=1s",
                "--connect-timeout=100ms",
                "--property=request.timeout.ms=3000",
                "--property=default.api.timeout.ms=3000"));
    arguments.add("--bootstrap-servers=" + set.get("spendwatch.kafka.bootstrap-servers"));
    wrong.forEach(
        (key, value) -> {
          String file = IN_A_FILE + "spendwatch.kafka.property-files.";
          if (key.startsWith("spendwatch.kafka.properties.")) {
            arguments.add(
                "--property="
                    + key.substring("spendwatch.kafka.properties.".length())
                    + "="
                    + value);
          } else if (key.startsWith("spendwatch.kafka.property-files.")) {
            arguments.add(
                "--property-file="
                    + key.substring("spendwatch.kafka.property-files.".length())
                    + "="
                    + value);
          } else if (key.startsWith(file)) {
            arguments.add("--property-file=" + key.substring(file.length()) + "=" + write(value));
          }
        });
    int _ = LoadGen.run(arguments.toArray(String[]::new));
    assertThat(said.toString(StandardCharsets.UTF_8)).doesNotContain(FIRST, SECOND);
  }

  private void run(String line) {
    CommandLine commandLine = Spendwatch.commandLine(Lab.commands());
    commandLine.setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
    commandLine.setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
    int _ = commandLine.execute(line.replace("DIR", directory.toString()).split(" ", -1));
  }

  private void set(String key, String value) {
    if (key.startsWith(IN_A_FILE)) {
      set(key.substring(IN_A_FILE.length()), write(value).toString());
      return;
    }
    set.put(key, value);
    System.setProperty(key, value);
  }

  private Path write(String secret) {
    try {
      return Files.writeString(directory.resolve("secret"), secret + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Arguments uri(String uri) {
    return settings("spendwatch.postgres.uri", uri);
  }

  private static Arguments login(String jaas) {
    return kafka("SASL_PLAINTEXT", Map.of("sasl.mechanism", "PLAIN", "sasl.jaas.config", jaas));
  }

  private static Arguments loginInAFile(String jaas) {
    return Arguments.of(
        Map.of(
            "spendwatch.kafka.properties.security.protocol",
            "SASL_PLAINTEXT",
            "spendwatch.kafka.properties.sasl.mechanism",
            "PLAIN",
            // Written down for each test: the directory is not there yet.
            IN_A_FILE + "spendwatch.kafka.property-files.sasl.jaas.config",
            jaas));
  }

  private static Arguments kafka(String protocol, Map<String, String> properties) {
    Map<String, String> all = new HashMap<>();
    properties.forEach((key, value) -> all.put("spendwatch.kafka.properties." + key, value));
    all.put("spendwatch.kafka.properties.security.protocol", protocol);
    return Arguments.of(all);
  }

  private static Arguments settings(String key, String value) {
    return Arguments.of(Collections.singletonMap(key, value));
  }
}
