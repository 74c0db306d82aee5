package io.spendwatch.ops.lab.cli;

import io.spendwatch.commandline.Usage;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.loadgen.shop.ShopTables;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.sandbox.EmbeddedServers;
import io.spendwatch.ops.lab.sandbox.ObjectStore;
import io.spendwatch.ops.lab.sandbox.OperatorToken;
import io.spendwatch.ops.lab.sandbox.Secured;
import io.spendwatch.ops.lab.sandbox.database.BusinessServer;
import io.spendwatch.ops.lab.sandbox.database.BusinessServer.Engine;
import io.spendwatch.ops.lab.sandbox.database.PostgresServer;
import io.spendwatch.ops.lab.sandbox.database.SampleShop;
import io.spendwatch.ops.lab.sandbox.start.DataDirectory;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.storage.topics.Preparation;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.base.Timekeeper;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Embedded servers in the foreground: Kafka and PostgreSQL, and what is asked for beside them. */
@Command(
    name = "sandbox",
    mixinStandardHelpOptions = true,
    description = {
      "Runs an embedded Kafka and PostgreSQL, with schema and topics made, until Ctrl-C.",
      "With --replica there is a physical replica of that PostgreSQL beside them, which may be killed and is"
          + " made anew where it cannot follow on.",
      "With --business there is another database beside them, with the tables of a sample shop, whose"
          + " application is `spendwatch shop`.",
      "With --object-store there is a store that speaks S3 beside them, for the archive.",
      "With --token there is an operator's token: nodes with these settings answer nobody without it, and"
          + " commands show it. The dashboard has it from the address",
      "  http://127.0.0.1:8080/#token=$(cat \"$SPENDWATCH_HTTP_TOKEN_FILE\")",
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

  @Option(
      names = "--replica",
      description =
          "Starts a streaming replica of the PostgreSQL, too (SPENDWATCH_PG_REPLICA_URI).")
  private boolean replica;

  @Option(
      names = "--replica-port",
      paramLabel = "PORT",
      defaultValue = "0",
      description = "Default: any free one.")
  private int replicaPort;

  @Option(
      names = "--business",
      paramLabel = "mariadb|postgres",
      converter = EngineConverter.class,
      description = "Starts a business database, too, as a server of its own.")
  private Engine business;

  @Option(
      names = "--business-port",
      paramLabel = "PORT",
      defaultValue = "0",
      description = "Default: any free one.")
  private int businessPort;

  @Option(
      names = "--object-store",
      description =
          "Starts an object store, too, with a bucket for the archive (SPENDWATCH_ARCHIVE_URI,"
              + " SPENDWATCH_ARCHIVE_ENDPOINT, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY).")
  private boolean objectStore;

  @Option(
      names = "--secure",
      description =
          "Kafka and PostgreSQL let in nobody without TLS and a password. Keys and passwords are made"
              + " once, below the data directory; the settings name their files.")
  private boolean secure;

  @Option(
      names = "--token",
      description =
          "Makes a token once, below the data directory (SPENDWATCH_HTTP_ACCESS_FILE,"
              + " SPENDWATCH_HTTP_TOKEN_FILE).")
  private boolean token;

  @Override
  public Integer call() {
    checkPort("--kafka-port", kafkaPort);
    checkPort("--pg-port", postgresPort);
    checkPort("--business-port", businessPort);
    checkPort("--replica-port", replicaPort);
    if (partitions != null) {
      Usage.requireAtLeastOne(spec, "--partitions", partitions);
    }
    var ending = new OnExit();
    try (ending) {
      DataDirectory directory =
          DataDirectory.take(
              dataDir != null
                  ? dataDir
                  // What was begun with open doors has no first user.
                  : Home.data().resolve(secure ? "sandbox-secure" : "sandbox"));
      ending.add(directory);
      EmbeddedServers servers =
          EmbeddedServers.start(
              directory,
              kafkaPort,
              postgresPort,
              secure
                  ? Optional.of(Secured.in(directory.root().resolve("secure")))
                  : Optional.empty());
      ending.add(servers);
      prepare(servers);
      Map<String, String> environment = new LinkedHashMap<>(servers.environment());
      CompletableFuture<String> anyEnd = servers.ended();
      if (replica) {
        PostgresServer beside =
            PostgresServer.startReplica(directory.replica(), servers.postgres(), replicaPort);
        ending.add(beside);
        environment.put("SPENDWATCH_PG_REPLICA_URI", beside.uri());
        tellOfEnd(beside, ending);
      }
      if (business != null) {
        BusinessServer beside = BusinessServer.start(business, directory, businessPort);
        ending.add(beside);
        SampleShop.fill(beside, ShopTables.USERS);
        environment.putAll(beside.environment());
        anyEnd = anyEnd.applyToEither(beside.server().ended(), Function.identity());
      }
      if (objectStore) {
        ObjectStore beside = ObjectStore.start(Home.objectStore(), directory.objectStore());
        ending.add(beside);
        environment.putAll(beside.environment());
        anyEnd = anyEnd.applyToEither(beside.ended(), Function.identity());
      }
      if (token) {
        environment.putAll(OperatorToken.in(directory.http()).environment());
      }
      announce(environment);
      String ended = anyEnd.join();
      if (ending.exiting()) {
        return 0;
      }
      throw new OperatorException(ended);
    }
  }

  /** The others go on without it, which somebody may want to see. */
  private void tellOfEnd(PostgresServer beside, OnExit ending) {
    var _ =
        beside
            .ended()
            .thenAccept(
                how -> {
                  if (!ending.exiting()) {
                    PrintWriter err = spec.commandLine().getErr();
                    err.println("spendwatch: " + how);
                    err.flush();
                  }
                });
  }

  private void prepare(EmbeddedServers servers) {
    var preparation =
        new Preparation(
            spec.commandLine().getErr(),
            Configuration.readStartTimeout(),
            Timekeeper.real(InstantSource.system()));
    PostgresAddress database =
        PostgresAddress.parse(servers.postgresUri(), "", servers.postgresPassword());
    int _ = preparation.schema(database, InstantSource.system().instant());
    var _ =
        preparation.topics(
            database,
            servers.kafkaOfMigration(),
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
    Usage.require(spec, port >= 0 && port <= 65_535, option, port, "0..65535");
  }
}
