package io.spendwatch.ops.testing;

import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.storage.schema.Schema;
import io.spendwatch.ops.storage.topics.TopicSetup;
import io.spendwatch.streams.base.Timekeeper;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives a test class its {@link TestBed} on real servers.
 *
 * <pre>{@code
 * @ExtendWith(Servers.class)
 * class SomethingIT {
 *   @Test
 *   void doesSo(TestBed bed) { ... }
 * }
 * }</pre>
 *
 * The servers start with the first class that asks and run until its JVM ends: containers where a
 * Docker engine answers, the embedded servers where none does; {@code
 * -Dspendwatch.test.servers=embedded|containers} decides otherwise. The class's database goes with
 * the class.
 */
public final class Servers implements ParameterResolver, AfterAllCallback {
  private static final Namespace NAMESPACE = Namespace.create(Servers.class);
  private static final AtomicInteger BEDS = new AtomicInteger();

  /** A database that is migrated, and that nobody is connected to. */
  private static final String TEMPLATE = "spendwatch_template";

  // Not in a store of JUnit's: where the build runs JVMs side by side, each class is an execution
  // of
  // its own, and what its root holds is closed after it.
  private static @Nullable RunningServers running;

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == TestBed.class;
  }

  @Override
  public TestBed resolveParameter(ParameterContext parameter, ExtensionContext context) {
    RunningServers servers = running();
    Class<?> testClass = context.getRequiredTestClass();
    return context
        .getRoot()
        .getStore(NAMESPACE)
        .getOrComputeIfAbsent(testClass, _ -> prepare(servers, testClass), TestBed.class);
  }

  /** So that the server does not look after a hundred databases that nobody needs. */
  @Override
  public void afterAll(ExtensionContext context) throws SQLException {
    TestBed bed =
        context.getRoot().getStore(NAMESPACE).remove(context.getRequiredTestClass(), TestBed.class);
    if (bed != null) {
      try (Connection connection = running().maintenanceDatabase().connect("spendwatch-tests");
          Statement statement = connection.createStatement()) {
        statement.execute("DROP DATABASE " + bed.database().database() + " WITH (FORCE)");
      }
    }
  }

  private static synchronized RunningServers running() {
    RunningServers servers = running;
    if (servers == null) {
      servers = start();
      Runtime.getRuntime().addShutdownHook(new Thread(servers::close, "test-servers"));
      running = servers;
    }
    return servers;
  }

  private static RunningServers start() {
    boolean containers =
        switch (System.getProperty("spendwatch.test.servers", "auto")) {
          case "auto" -> ContainerServers.possible();
          case "containers" -> true;
          case "embedded" -> false;
          case String other ->
              throw new IllegalArgumentException(
                  "spendwatch.test.servers: "
                      + other
                      + " (expected: auto, containers or embedded)");
        };
    RunningServers servers = containers ? ContainerServers.start() : EmbeddedTestServers.start();
    System.out.println("Integration tests run against " + servers.description());
    makeTemplate(servers.maintenanceDatabase());
    return servers;
  }

  /** All migrations take longer than a copy of what they come to. */
  private static void makeTemplate(PostgresAddress maintenance) {
    try (Connection connection = maintenance.connect("spendwatch-tests");
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + TEMPLATE);
      int _ = new Schema(database(maintenance, TEMPLATE)).migrate(Instant.now());
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static PostgresAddress database(PostgresAddress maintenance, String name) {
    return new PostgresAddress(
        maintenance.hosts(),
        name,
        maintenance.parameters(),
        maintenance.user(),
        maintenance.password());
  }

  private static TestBed prepare(RunningServers servers, Class<?> testClass) {
    String name = testClass.getSimpleName().toLowerCase(Locale.ROOT) + "_" + BEDS.incrementAndGet();
    PostgresAddress maintenance = servers.maintenanceDatabase();
    PostgresAddress database = database(maintenance, name);
    var bed =
        new TestBed(
            servers.bootstrapServers(), database, TestBed.topics(name + "."), "spendwatch-" + name);
    try (Connection connection = maintenance.connect("spendwatch-tests");
        Statement statement = connection.createStatement();
        Admin admin = bed.admin()) {
      statement.execute("CREATE DATABASE " + name + " TEMPLATE " + TEMPLATE);
      // Who may do what in a database is not copied with it.
      int applied = new Schema(database).migrate(Instant.now());
      if (applied != 0) {
        throw new IllegalStateException("the template of " + name + " was not migrated");
      }
      var made =
          new TopicSetup(admin, bed.topics(), Timekeeper.real(InstantSource.system()))
              .create(OptionalInt.of(TestBed.PARTITIONS), OptionalInt.of(1));
      if (made.size() != 6) {
        throw new IllegalStateException("topics of " + name + " were there before");
      }
      return bed;
    } catch (SQLException | ExecutionException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
