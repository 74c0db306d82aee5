package io.spendwatch.ops.faults.processes;

import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * An embedded server that can be killed, frozen and started again, on the same port and data. For
 * one thread.
 *
 * @param <S> the server
 */
public final class FaultyServer<S extends AutoCloseable> implements AutoCloseable {
  private final Path directory;
  private final Supplier<S> starter;
  private S running;

  /**
   * Not started.
   *
   * @param starter starts it on the directory, each time on the same port
   */
  public FaultyServer(Path directory, Supplier<S> starter) {
    this.directory = directory;
    this.starter = starter;
  }

  /** What it has written, all runs together. */
  public Path log() {
    return directory.resolve("log");
  }

  /** Starts it unless it runs; returns when it answers. */
  public void start() {
    if (running != null && processes().root().isPresent()) {
      return;
    }
    stop();
    running = starter.get();
  }

  /** Stops it in order. */
  public void stop() {
    if (running != null) {
      try {
        running.close();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
      running = null;
    }
  }

  /** Kills all of its processes. */
  public void kill() {
    processes().kill();
  }

  /** Stops all of its processes where they are. */
  public void freeze() {
    var _ = processes().stop();
  }

  /** Lets them go on. */
  public void thaw() {
    processes().goOn();
  }

  private GuardedTree processes() {
    return new GuardedTree(directory);
  }

  @Override
  public void close() {
    processes()
        .root()
        .ifPresent(
            _ -> {
              // A frozen one would not stop.
              thaw();
            });
    stop();
  }
}
