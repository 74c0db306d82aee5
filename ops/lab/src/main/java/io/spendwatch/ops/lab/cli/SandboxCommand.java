package io.spendwatch.ops.lab.cli;

import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.errors.OperatorException;
import io.spendwatch.ops.lab.sandbox.DataDirectory;
import io.spendwatch.ops.lab.sandbox.EmbeddedServers;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.storage.topics.Preparation;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.base.Timekeeper;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Embedded Kafka and PostgreSQL in the foreground. */
@Command(
    name = "sandbox",
    mixinStandardHelpOptions = true,
    description = {
      "Runs an embedded Kafka and PostgreSQL, with schema and topics made, until Ctrl-C.",
      "Prints one SPENDWATCH_...=value line per setting that the other commands need from their"
          + " environment, then READY. They find the servers in a shell that has done",
      "  set -a; source <(./spendwatch sandbox ... | sed '/READY/q'); set +a"
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "1:a server does not start, or has stopped",
      "2:wrong usage",
      "130:it has ended on Ctrl-C"
    },
    footerHeading = "%nExample:%n",
    footer = "  spendwatch sandbox --partitions 16")
public final class SandboxCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--kafka-port",
      paramLabel = "PORT",
      defaultValue = "0",
      description = "Default: any free one.")
  private int kafkaPort;

  @Option(
      names = "--pg-port",
      paramLabel = "PORT",
      defaultValue = "0",
      description = "Default: any free one.")
  private int postgresPort;

  @Option(
      names = "--data-dir",
      paramLabel = "DIR",
      description =
          "Keeps what is written from one run to the next (default: .spendwatch/sandbox).")
  private Path dataDir;

  @Option(
      names = "--partitions",
      paramLabel = "N",
      description = "Of each topic, the first time (default: 8).")
  private Integer partitions;

  @Override
  public Integer call() {
    checkPort("--kafka-port", kafkaPort);
    checkPort("--pg-port", postgresPort);
    if (partitions != null && partitions < 1) {
      throw new ParameterException(
          spec.commandLine(), "--partitions: " + partitions + " (expected: at least 1)");
    }
    var ending = new OnExit();
    try (ending) {
      DataDirectory directory =
          DataDirectory.take(dataDir != null ? dataDir : Home.data().resolve("sandbox"));
      ending.add(directory);
      EmbeddedServers servers = EmbeddedServers.start(directory, kafkaPort, postgresPort);
      ending.add(servers);
      prepare(servers);
      announce(servers.environment());
      String ended = servers.ended().join();
      if (ending.exiting()) {
        return 0;
      }
      throw new OperatorException(ended);
    }
  }

  private void prepare(EmbeddedServers servers) {
    var preparation =
        new Preparation(
            spec.commandLine().getErr(),
            Configuration.readStartTimeout(),
            Timekeeper.real(InstantSource.system()));
    PostgresAddress database = PostgresAddress.parse(servers.postgres().uri(), "", "");
    int _ = preparation.schema(database, InstantSource.system().instant());
    var _ =
        preparation.topics(
            database,
            Map.of("bootstrap.servers", servers.bootstrapServers()),
            Topics.DEFAULT,
            partitions == null ? OptionalInt.empty() : OptionalInt.of(partitions),
            OptionalInt.of(1));
  }

  private void announce(Map<String, String> environment) {
    PrintWriter out = spec.commandLine().getOut();
    environment.forEach((name, value) -> out.println(name + "=" + value));
    out.println("READY");
    out.flush();
  }

  private void checkPort(String option, int port) {
    if (port < 0 || port > 65_535) {
      throw new ParameterException(
          spec.commandLine(), option + ": " + port + " (expected: 0..65535)");
    }
  }
}
