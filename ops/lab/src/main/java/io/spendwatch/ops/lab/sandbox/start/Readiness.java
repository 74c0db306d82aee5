package io.spendwatch.ops.lab.sandbox.start;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.lab.process.GuardedProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** What a server needs before it can be used: its files made, and an answer. Blocks. */
public final class Readiness {
  private static final long PAUSE_MS = 100;

  private Readiness() {}

  /** What a server that is up answers without an error. */
  @FunctionalInterface
  public interface Question {
    void ask() throws SQLException, IOException;
  }

  /**
   * Asks until there is an answer.
   *
   * @param server for people, as in "PostgreSQL"
   * @throws OperatorException if it ends, or has not answered in time
   */
  public static void await(GuardedProcess process, String server, int port, Question question) {
    StartLimit limit = StartLimit.begin();
    while (true) {
      if (!process.isRunning()) {
        throw new OperatorException(process.lastWords());
      }
      try {
        question.ask();
        return;
      } catch (SQLException | IOException e) {
        if (limit.isOver()) {
          throw limit.exceeded(
              server + " does not answer on " + Ports.LOOPBACK + ":" + port, e.getMessage());
        }
      }
      pause(process, server);
    }
  }

  /**
   * Runs a program that makes a data directory, to its end.
   *
   * @param program for people, as in "initdb"
   * @param input what it reads; null for nothing
   * @param log where its output goes
   * @throws OperatorException if it fails, or has not ended in time
   */
  public static void make(String program, List<String> command, Path input, Path log)
      throws IOException {
    var builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    if (input != null) {
      builder.redirectInput(input.toFile());
    }
    Process process = builder.start();
    try {
      StartLimit limit = StartLimit.begin();
      if (!process.waitFor(limit.timeout().toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        throw limit.exceeded(program + " has not ended", "see " + log);
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted while a data directory was made", e);
    }
    if (process.exitValue() != 0) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "%s has failed (exit status %d); see %s",
              program,
              process.exitValue(),
              log));
    }
  }

  private static void pause(GuardedProcess process, String server) {
    try {
      process.exit().get(PAUSE_MS, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      // It still runs: ask again.
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted while waiting for " + server, e);
    }
  }
}
