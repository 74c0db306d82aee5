package io.spendwatch.ops.bench;

import com.typesafe.config.Config;
import io.spendwatch.ops.servers.DataDirectory;
import io.spendwatch.ops.servers.EmbeddedServers;
import io.spendwatch.ops.servers.PostgresServer;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What benchmarks run on: clean servers of their own, which start when the first one asks for them
 * and are gone with their data at the end. For one thread.
 */
public final class Bench implements AutoCloseable {
  private final Path home;
  private final Config settings;
  private final Instant now;
  private final PrintWriter progress;
  private final DataDirectory directory = DataDirectory.temporary();

  /** In the order in which they were opened; closed in the other one. */
  private final Deque<Runnable> opened = new ArrayDeque<>();

  private PostgresServer postgres;
  private Installation installation;
  private Runnable stopServers = () -> {};
  private int serversStarted;

  /**
   * @param home the project's root
   * @param settings resolved; where servers are, is not read from them
   * @param now for everything that happens on an installation
   * @param progress for people
   */
  public Bench(Path home, Config settings, Instant now, PrintWriter progress) {
    this.home = home;
    this.settings = settings;
    this.now = now;
    this.progress = progress;
  }

  /** The parts of a node that decide, on PostgreSQL alone; the same one each time. */
  Installation installation() {
    if (installation == null) {
      postgres = PostgresServer.start(directory.postgres(), 0);
      opened.push(postgres::close);
      installation = open("spendwatch");
    }
    return installation;
  }

  /** The same on a new database of that name of the same server. */
  Installation installation(String database) {
    installation().execute("CREATE DATABASE " + database);
    return open(database);
  }

  private Installation open(String database) {
    Installation opening = Installation.open(postgres.uri(database), settings, now);
    opened.push(opening::close);
    return opening;
  }

  /** Kafka and PostgreSQL, empty and used by nobody else; those of an earlier call are stopped. */
  EmbeddedServers servers() {
    stopServers.run();
    DataDirectory own = DataDirectory.take(directory.root().resolve("servers-" + ++serversStarted));
    stopServers = own::close;
    EmbeddedServers servers = EmbeddedServers.start(own, 0, 0);
    stopServers =
        () -> {
          servers.close();
          own.close();
        };
    return servers;
  }

  /** Such servers to measure on; to be closed by whoever asks. */
  Site site() {
    return Site.of(servers(), progress);
  }

  Instant now() {
    return now;
  }

  Path home() {
    return home;
  }

  /** For files of the processes that a benchmark starts. */
  Path root() {
    return directory.root();
  }

  Config settings() {
    return settings;
  }

  PrintWriter progress() {
    return progress;
  }

  /** Says what is going on. */
  void say(String what) {
    progress.println(what);
    progress.flush();
  }

  @Override
  public void close() {
    try (directory) {
      stopServers.run();
      while (!opened.isEmpty()) {
        opened.pop().run();
      }
    }
  }
}
