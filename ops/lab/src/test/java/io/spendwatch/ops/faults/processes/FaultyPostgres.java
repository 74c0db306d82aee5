package io.spendwatch.ops.faults.processes;

import io.spendwatch.ops.faults.links.DeadLink;
import io.spendwatch.ops.lab.sandbox.database.PostgresServer;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Optional;

/** A real PostgreSQL that can fail as a whole, and a link to it that can go dead. */
public final class FaultyPostgres implements AutoCloseable {
  /** Small, so that its connections can all be held and its disk be filled. */
  private static final Map<String, String> SETTINGS =
      Map.of("max_connections", "60", "shared_buffers", "64MB", "max_wal_size", "128MB");

  private final int port = Ports.free();
  private final DeadLink link = new DeadLink(port);
  private final FaultyServer<PostgresServer> server;
  private final Optional<SmallDisk> disk;

  private FaultyPostgres(Path directory, Optional<SmallDisk> disk) {
    this.disk = disk;
    server = new FaultyServer<>(directory, () -> PostgresServer.start(directory, port, SETTINGS));
  }

  /**
   * Starts it.
   *
   * @param disk that the directory lies on, where that can be filled
   */
  public static FaultyPostgres start(Path directory, Optional<SmallDisk> disk) {
    FaultyPostgres postgres = new FaultyPostgres(directory, disk);
    postgres.link.open();
    postgres.server.start();
    return postgres;
  }

  public FaultyServer<PostgresServer> server() {
    return server;
  }

  public DeadLink link() {
    return link;
  }

  public Optional<SmallDisk> disk() {
    return disk;
  }

  /** The database that is always there. */
  public PostgresAddress address() {
    return PostgresAddress.parse(
        "postgresql://spendwatch@%s:%d/spendwatch".formatted(Ports.LOOPBACK, port), "", "");
  }

  /** The same URI, by way of the link. */
  public String linked(String uri) {
    return uri.replace(":" + port + "/", ":" + link.port() + "/");
  }

  /** A connection as superuser; the caller closes it. */
  public Connection connect() throws SQLException {
    return address().connect("spendwatch-faults");
  }

  /** Runs statements as superuser, one by one. */
  public void execute(String... statements) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(String.join("; ", statements), e);
    }
  }

  @Override
  public void close() {
    link.close();
    server.close();
  }
}
