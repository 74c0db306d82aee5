package io.spendwatch.ops.lab.cli;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Closes what a command has started, last first, whichever way it ends: normally, by a failure, by
 * Ctrl-C or SIGTERM. Thread-safe; each thing is closed once.
 */
final class OnExit implements AutoCloseable {
  private final Deque<AutoCloseable> started = new ArrayDeque<>();
  private final Thread hook = new Thread(this::exit, "close-on-exit");
  private volatile boolean exiting;

  OnExit() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  synchronized void add(AutoCloseable something) {
    started.push(something);
  }

  /** Whether the process has been told to end: what stops from now on does so because of that. */
  boolean exiting() {
    return exiting;
  }

  @Override
  public void close() {
    closeAll();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // On the way out already: the hook runs, and finds nothing left to close.
    }
  }

  private void exit() {
    exiting = true;
    closeAll();
  }

  private synchronized void closeAll() {
    while (!started.isEmpty()) {
      try {
        started.pop().close();
      } catch (Exception e) {
        System.err.println("spendwatch: " + e.getMessage());
      }
    }
  }
}
