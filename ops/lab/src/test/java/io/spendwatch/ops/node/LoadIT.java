package io.spendwatch.ops.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.loadgen.cli.LoadGen;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The alerts that a load must lead to, known as it was invented, against those of a node. */
@ExtendWith(Servers.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LoadIT {
  @TempDir private Path directory;
  private TestBed bed;
  private NodeSettings settings;
  private Node node;

  @BeforeAll
  void start(TestBed servers) {
    bed = servers;
    settings = NodeSettings.of(bed);
    node = Node.start(Configuration.load(), InstantSource.system());
  }

  @AfterAll
  void stop() throws Exception {
    settings.close();
    node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  @Test
  void eachAlertIsThereOnceAndNoOtherWhateverTheOrderAndHoweverOftenRecordsCome() throws Exception {
    long alertsBefore = number("SELECT count(*) FROM spendwatch.alerts");
    Path expected = directory.resolve("expected.csv");

    assertThat(
            load(
                bed.topics().alerts(),
                "--ramp=200..1000",
                "--duration=15s",
                "--users=200",
                "--skew=zipf:1.1",
                "--hot=5:0.2",
                "--out-of-order=0.2",
                "--duplicates=0.2",
                "--refunds=0.1",
                "--scenario-rate=10",
                "--seed=1",
                "--expected=" + expected))
        .isZero();

    List<String> rows = Files.readAllLines(expected);
    assertThat(rows.getFirst()).startsWith("type,user_id,transaction_id,event_time");
    assertThat(rows.size() - 1).isGreaterThan(100);
    assertThat(number("SELECT count(*) FROM spendwatch.alerts") - alertsBefore)
        .isEqualTo(rows.size() - 1);
    assertThat(rows).anyMatch(row -> row.endsWith(",true,late-reveal"));
    assertThat(number("SELECT count(*) FROM spendwatch.alerts WHERE late")).isPositive();
  }

  @Test
  void hasStatus1WhereAlertsAreMissing() {
    assertThat(
            load(
                bed.topics().balancesDeadLetters(),
                "--rate=200",
                "--duration=3s",
                "--users=20",
                "--scenarios=spree",
                "--scenario-rate=5"))
        .isEqualTo(1);
  }

  private int load(String alertsTopic, String... options) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "load",
                "--bootstrap-servers=" + bed.bootstrapServers(),
                "--group=" + bed.group(),
                "--transactions-topic=" + bed.topics().transactions(),
                "--balances-topic=" + bed.topics().balances(),
                "--alerts-topic=" + alertsTopic));
    arguments.addAll(List.of(options));
    return LoadGen.run(arguments.toArray(String[]::new));
  }

  private long number(String sql) throws SQLException {
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      assertThat(rows.next()).isTrue();
      return rows.getLong(1);
    }
  }
}
