package io.spendwatch.ops.cli;

import io.spendwatch.commandline.Usage;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.storage.topics.Preparation;
import io.spendwatch.ops.storage.topics.TopicGrowth;
import io.spendwatch.streams.base.Timekeeper;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Makes or upgrades schema and topics. */
@Command(
    name = "migrate",
    mixinStandardHelpOptions = true,
    description = {
      "Makes or upgrades the database schema, and the topics that are missing.",
      "Doing it again changes nothing; two at once are safe."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {"0:done", "1:it could not be done; one line says why", "2:wrong usage"},
    footerHeading = "%nExample:%n",
    footer = "  spendwatch migrate --partitions 16")
public final class MigrateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--partitions",
      paramLabel = "N",
      description = {
        "Of each topic that is made (default: 8).",
        "Where the transactions topic has fewer, it gets more: nothing is lost, doubled or assessed"
            + " from half a window, and records wait for seconds."
      })
  private Integer partitions;

  @Option(
      names = "--replication-factor",
      paramLabel = "N",
      description = "Of each topic that is made (default: the cluster's).")
  private Integer replicationFactor;

  @Option(
      names = "--wait",
      paramLabel = "DURATION",
      defaultValue = "30s",
      description = "For servers that do not answer yet (default ${DEFAULT-VALUE}).")
  private Duration wait;

  @Option(
      names = "--give-back-roles",
      description = {
        "At the end be a member of none of the roles any more, for a user who migrates and runs no nodes;"
            + " the next migration becomes one again.",
        "Roles that somebody else has granted are named, and stay."
      })
  private boolean giveBackRoles;

  @Override
  public Integer call() {
    OptionalInt askedPartitions = atLeastOne("--partitions", partitions);
    OptionalInt askedCopies = atLeastOne("--replication-factor", replicationFactor);
    PrintWriter out = spec.commandLine().getOut();
    Configuration configuration = Configuration.load();
    Timekeeper time = Timekeeper.real(InstantSource.system());
    var preparation =
        new Preparation(
            spec.commandLine().getErr(), wait, configuration.retention().deadLetters(), time);
    int applied = preparation.schema(configuration.database(), time.instant());
    out.println("schema: " + (applied == 0 ? "up to date" : applied + " migrations applied"));
    List<String> outOfReach = preparation.rolesOutOfReach(configuration.database());
    if (!outOfReach.isEmpty()) {
      out.println(
          String.format(
              Locale.ROOT,
              "roles: %s may not work as %s: migrate as a user who may make roles and GRANT these to it, or leave SPENDWATCH_PG_ROLE, SPENDWATCH_PG_ANALYTICS_ROLE and SPENDWATCH_PARTITIONS_ROLE empty",
              configuration.database().user(),
              String.join(", ", outOfReach)));
    }
    List<String> made = topics(preparation, configuration, askedPartitions, askedCopies);
    out.println("topics: " + (made.isEmpty() ? "all there" : "made " + String.join(", ", made)));
    if (askedPartitions.isPresent()) {
      out.println("partitions: " + askedPartitions.getAsInt() + " in force");
    }
    // Last: all that is before it needs them.
    if (giveBackRoles) {
      List<String> kept = preparation.giveBackRoles(configuration.database());
      out.println(
          "roles: "
              + (kept.isEmpty()
                  ? "given back"
                  : configuration.database().user()
                      + " still may work as "
                      + String.join(", ", kept)
                      + ": somebody else has granted it, or it is a superuser"));
    }
    return 0;
  }

  private List<String> topics(
      Preparation preparation,
      Configuration configuration,
      OptionalInt askedPartitions,
      OptionalInt askedCopies) {
    try {
      return preparation.topics(
          configuration.database(),
          configuration.streams().kafka().clientProperties(),
          configuration.streams().kafka().topics(),
          askedPartitions,
          askedCopies);
    } catch (TopicGrowth.FewerPartitions e) {
      throw new ParameterException(spec.commandLine(), "--partitions: " + e.getMessage(), e);
    }
  }

  private OptionalInt atLeastOne(String option, Integer value) {
    if (value == null) {
      return OptionalInt.empty();
    }
    Usage.requireAtLeastOne(spec, option, value);
    return OptionalInt.of(value);
  }
}
