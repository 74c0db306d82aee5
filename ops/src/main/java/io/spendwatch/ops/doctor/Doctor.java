package io.spendwatch.ops.doctor;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.cluster.RegisteredNode;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.config.EnvironmentVariables;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Looks at all of an installation: settings, Kafka, PostgreSQL, nodes. It changes nothing anywhere.
 * Blocks; for one thread.
 *
 * <p>Not looked at are the clocks of the brokers: Kafka has no question that they answer with their
 * time.
 */
public final class Doctor {
  private final Map<String, String> environment;
  private final InstantSource clock;

  /**
   * Looks at nothing yet.
   *
   * @param environment of the process, whose variables are settings
   */
  public Doctor(Map<String, String> environment, InstantSource clock) {
    this.environment = environment;
    this.clock = clock;
  }

  /** Looks at everything that can be reached. */
  public Diagnosis look() throws InterruptedException {
    List<Check> checks = new ArrayList<>();
    Configuration configuration;
    try {
      configuration = Configuration.load();
      checks.add(settings(environment));
    } catch (OperatorException e) {
      checks.add(
          Check.problem(
              "settings",
              e.getMessage(),
              "mend it first (`spendwatch print-config` shows where each setting comes from)"));
      checks.add(
          Check.couldNotLook("servers", "the settings do not say where they are", "see above"));
      return Diagnosis.of(checks);
    }
    checks.addAll(look(configuration));
    return Diagnosis.of(checks);
  }

  private List<Check> look(Configuration configuration) throws InterruptedException {
    var kafka = new KafkaChecks(configuration.streams().kafka());
    List<Check> checks = new ArrayList<>(new DoorChecks(configuration).look());
    checks.addAll(kafka.look());
    try {
      List<RegisteredNode> nodes = nodes(configuration);
      checks.addAll(
          new PostgresChecks(configuration, clock).look(kafka.transactions(), nodes.size()));
      checks.addAll(new NodeChecks(configuration, clock).look(nodes));
    } catch (OperatorException e) {
      checks.add(Check.problem("postgresql", e.getMessage(), "set SPENDWATCH_PG_URI"));
    }
    return checks;
  }

  /** None where the database cannot be asked: its own checks say why. */
  private static List<RegisteredNode> nodes(Configuration configuration) {
    try (Connection connection = configuration.database().connect("spendwatch-doctor")) {
      return RegisteredNode.all(connection, configuration.cluster().registration().expiry());
    } catch (SQLException e) {
      return List.of();
    }
  }

  static Check settings(Map<String, String> environment) {
    Map<String, String> unknown = new TreeMap<>(EnvironmentVariables.unknown(environment));
    if (unknown.isEmpty()) {
      return Check.ok("settings", "all are known");
    }
    List<String> named = new ArrayList<>();
    unknown.forEach(
        (name, meant) ->
            named.add(name + (meant.isEmpty() ? "" : " (did you mean " + meant + "?)")));
    return Check.warning(
        "settings",
        "no setting: " + String.join(", ", named),
        "correct or unset the variables: they have no effect");
  }
}
