package io.spendwatch.ops.lab.bench.site;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import io.spendwatch.actors.partition.PartitionActors;
import io.spendwatch.actors.partition.PartitionDependencies;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.ledger.Ledger;
import io.spendwatch.streams.ledger.PgAccounts;
import io.spendwatch.streams.ledger.PgHistory;
import io.spendwatch.streams.ledger.UnreadableRows;
import io.spendwatch.streams.pipeline.StreamsConfig;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * The parts of a node that decide, on an empty database of their own, with the settings that a node
 * has. For one thread.
 */
public final class Installation implements AutoCloseable {
  /** Of which the partitions are; as many as topics have unless somebody says otherwise. */
  public static final int PARTITIONS = 8;

  private final PostgresAddress address;
  private final Config settings;
  private final Database database;
  private final Database writes;
  private final int writesMax;
  private final ActorSystem<Void> system;
  private final Instant now;

  private Installation(PostgresAddress address, Config settings, Instant now) {
    this.address = address;
    this.settings = settings;
    this.now = now;
    StreamsConfig streams = StreamsConfig.from(settings);
    this.database = Database.open(streams.postgres());
    this.writes = Database.open(streams.writes());
    this.writesMax = streams.writes().poolSize();
    this.system =
        ActorSystem.create(
            Behaviors.empty(),
            "bench",
            ConfigFactory.parseString("pekko { actor.provider = local, loglevel = WARNING }")
                .withFallback(settings));
  }

  /**
   * Begins.
   *
   * @param settings resolved; which database, is not read from them
   * @param now for everything that happens
   */
  public static Installation open(Namespace namespace, Config settings, Instant now) {
    return new Installation(
        namespace.address(),
        settings.withValue(
            "spendwatch.postgres.uri", ConfigValueFactory.fromAnyRef(namespace.uri())),
        now);
  }

  public Instant now() {
    return now;
  }

  ActorSystem<?> system() {
    return system;
  }

  public Database database() {
    return database;
  }

  /** As a node's, of its own. */
  public Ledger ledger() {
    int writeRowsMax = settings.getInt("spendwatch.pipeline.write-rows-max");
    return new Ledger(
        database,
        writes,
        writesMax,
        writeRowsMax,
        new UnreadableRows(),
        Timekeeper.real(InstantSource.system()));
  }

  /** A node's partition actors, none of them started. */
  public PartitionActors actors(int awakeUsersMax) {
    var unreadable = new UnreadableRows();
    return new PartitionActors(
        system,
        new PartitionDependencies(
            "transactions",
            awakeUsersMax,
            Long.MAX_VALUE,
            settings.getInt("spendwatch.actors.restore-users-max"),
            settings.getInt("spendwatch.actors.changed-accounts-max"),
            settings.getInt("spendwatch.actors.watched-users-max"),
            settings.getInt("spendwatch.actors.window-queries-max"),
            settings.getInt("spendwatch.actors.balance-versions-max"),
            settings.getDuration("spendwatch.actors.clear-grace").toMillis(),
            new PgAccounts(database, unreadable),
            new PgHistory(database, unreadable)));
  }

  /** Runs statements, one after the other. */
  public void execute(String... statements) {
    Site.execute(address, statements);
  }

  /** A session beside those of the parts; the caller closes it. */
  public Connection connect() throws SQLException {
    return address.connect("spendwatch-bench");
  }

  /** Has the server write down what is only in memory yet, where we may. */
  public void writeDown() {
    Site.execute(
        address,
        """
        DO $$ BEGIN
          IF pg_has_role('pg_checkpoint', 'USAGE') THEN
            CHECKPOINT;
          END IF;
        END $$
        """);
  }

  @Override
  public void close() {
    system.terminate();
    try {
      var _ = database.close().toCompletableFuture().get(10, TimeUnit.SECONDS);
      var _ = writes.close().toCompletableFuture().get(10, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new OperatorException("the connections do not close: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    }
  }
}
