package io.spendwatch.ops.lab.sandbox.database;

import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/** A database server that is a child process of ours. Thread-safe. */
public sealed interface DatabaseServer extends AutoCloseable permits MariaDbServer, PostgresServer {
  /** The port that it listens on, on the loopback interface. */
  int port();

  /** The server, and what it has started. */
  Stream<ProcessHandle> processes();

  /** Completes with a line for people when the server has ended, for whatever reason. */
  CompletableFuture<String> ended();

  /** Kills the server as {@code kill -9} does; a start on its directory finds its data again. */
  void kill();

  /** Stops the server and waits until it has stopped. */
  @Override
  void close();
}
