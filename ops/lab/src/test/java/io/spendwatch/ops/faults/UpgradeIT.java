package io.spendwatch.ops.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.loadgen.cli.LoadGen;
import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.faults.processes.FormerVersion;
import io.spendwatch.ops.faults.processes.NodeProcess;
import io.spendwatch.ops.lab.cli.Lab;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.ops.testing.TestDatabase;
import io.spendwatch.protocol.Topics;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/**
 * A rolling upgrade as {@code docs/operations.md} describes it: nodes of a former version are at
 * work, the schema is migrated under them, then one node after the other is exchanged. Each known
 * alert comes, once, and the audit finds nothing. The longer form, with servers of the former
 * version, too, is {@code scripts/upgrade-drill}.
 */
@ExtendWith(Servers.class)
class UpgradeIT {
  /**
   * Whose nodes there are before; with many migrations between it and now. Another one by {@code
   * -Dspendwatch.upgrade.from}.
   */
  private static final String FORMER = "9d847da46dd5aeb73d95506db835fd676bc895e6";

  private static final Duration LOAD = Duration.ofSeconds(80);
  private static final String ROWS = "SELECT count(*) FROM spendwatch.transactions";

  @Test
  void nodesAreExchangedOneByOneUnderTraffic(TestBed servers, @TempDir Path directory)
      throws Exception {
    String revision = System.getProperty("spendwatch.upgrade.from", FORMER);
    Optional<FormerVersion> compiled =
        FormerVersion.compile(revision, Files.createDirectory(directory.resolve("former")));
    assumeTrue(compiled.isPresent(), "the repository has no " + revision);
    FormerVersion former = compiled.orElseThrow();
    TestBed bed = bed(servers);
    former.run(bed.environment(), "migrate", "--partitions", "4", "--wait", "1m");

    List<NodeProcess> nodes = new ArrayList<>();
    CompletableFuture<Integer> load = new CompletableFuture<>();
    try (NodeSettings settings = NodeSettings.of(bed)) {
      for (String name : List.of("upgraded-1", "upgraded-2")) {
        var node =
            new NodeProcess(
                name, Files.createDirectory(directory.resolve(name)), bed.environment());
        nodes.add(node);
        node.start(former.command("node"));
      }
      nodes.forEach(UpgradeIT::awaitReady);
      Thread.ofPlatform().daemon().start(() -> load.complete(load(bed)));
      await()
          .atMost(NodeProcess.START_LIMIT)
          .until(() -> new TestDatabase(bed.database()).number(ROWS) > 1000);

      assertThat(run("migrate")).containsPattern("schema: \\d+ migrations applied");
      for (NodeProcess node : nodes) {
        node.terminate();
        node.start();
        awaitReady(node);
      }
      assertThat(load.get(5, TimeUnit.MINUTES))
          .as("status of the load, which knows each alert that has to come")
          .isZero();
      settings.set("spendwatch.http.port", Integer.toString(nodes.getFirst().httpPort()));
      assertThat(run("audit")).contains("clean");
      nodes.forEach(NodeProcess::terminate);
    } finally {
      nodes.forEach(NodeProcess::close);
    }
  }

  /** Nothing is in it that a version of today has made. */
  private static TestBed bed(TestBed servers) {
    new TestDatabase(servers.database()).createDatabase("upgrade_it");
    PostgresAddress maintenance = servers.database();
    return new TestBed(
        servers.bootstrapServers(),
        new PostgresAddress(
            maintenance.hosts(),
            "upgrade_it",
            maintenance.parameters(),
            maintenance.user(),
            maintenance.password()),
        new Topics(
            "upgrade_it.transactions",
            "upgrade_it.balances",
            "upgrade_it.alerts",
            "upgrade_it.transactions.dlq",
            "upgrade_it.balances.dlq",
            "upgrade_it.sales.metrics"),
        "upgrade_it");
  }

  private static void awaitReady(NodeProcess node) {
    await("readiness of " + node.name())
        .atMost(NodeProcess.START_LIMIT)
        .until(
            () -> {
              assertThat(node.endedByItself()).as("status of " + node.name()).isEmpty();
              return node.isReady();
            });
  }

  private static int load(TestBed bed) {
    return LoadGen.run(
        "load",
        "--bootstrap-servers=" + bed.bootstrapServers(),
        "--group=" + bed.group(),
        "--transactions-topic=" + bed.topics().transactions(),
        "--balances-topic=" + bed.topics().balances(),
        "--alerts-topic=" + bed.topics().alerts(),
        "--rate=300",
        "--users=500",
        "--scenario-rate=3",
        "--duration=" + LOAD.toSeconds() + "s");
  }

  /** What it says on both outputs. */
  private static String run(String... arguments) {
    ConfigFactory.invalidateCaches();
    var said = new StringWriter();
    var writer = new PrintWriter(said, true);
    CommandLine commandLine = Spendwatch.commandLine(Lab.commands());
    commandLine.setOut(writer);
    commandLine.setErr(writer);
    int status = commandLine.execute(arguments);
    assertThat(status).as("%s", said).isZero();
    return said.toString();
  }
}
