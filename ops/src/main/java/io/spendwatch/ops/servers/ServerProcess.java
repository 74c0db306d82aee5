package io.spendwatch.ops.servers;

import io.spendwatch.ops.OperatorException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A server that runs as a child process and never outlives us.
 *
 * <p>Between us and the server stands a watchdog, a small shell script in a session of its own that
 * reads our end of a pipe. The pipe closes however we end, {@code kill -9} of our whole process
 * group included; the watchdog then stops the server. The terminal's Ctrl-C reaches neither of
 * them, so whoever uses the server can finish first.
 *
 * <p>Thread-safe. {@link #close()} blocks until the server has stopped, for a bounded time.
 */
final class ServerProcess implements AutoCloseable {

  /** How a server is told to stop. */
  enum StopSignal {
    INT,
    TERM
  }

  /** After this the watchdog kills a server that does not stop. */
  private static final Duration STOP_GRACE = Duration.ofSeconds(15);

  private static final int LOG_READ_BYTES_MAX = 1 << 20;

  private static final String WATCHDOG = loadWatchdog();

  private final String name;
  private final Path log;

  /** Where this run begins in the log, bytes. */
  private final long logStart;

  private final Process watchdog;

  private ServerProcess(String name, Path log, long logStart, Process watchdog) {
    this.name = name;
    this.log = log;
    this.logStart = logStart;
    this.watchdog = watchdog;
  }

  /**
   * Starts a server.
   *
   * @param name for people, as in "Kafka"
   * @param directory where the log and the watchdog's files go
   * @param environment for the server, beside ours
   * @param wrapper a command that the server is run under, such as {@code unshare -U}; may be empty
   * @throws OperatorException if it cannot be started
   */
  static ServerProcess start(
      String name,
      Path directory,
      StopSignal signal,
      Map<String, String> environment,
      List<String> wrapper,
      List<String> command) {
    Path log = directory.resolve("server.log");
    List<String> line = new ArrayList<>();
    if (Executables.find("setsid").isPresent()) {
      line.add("setsid");
    } else {
      // A shell with job control puts the watchdog in a process group of its own, which is as good.
      line.addAll(List.of("bash", "-c", "trap '' HUP INT; set -m; \"$@\" <&0 & wait $!", "bash"));
    }
    Path script = directory.resolve("watchdog.sh");
    line.addAll(List.of("bash", script.toString(), pidFile(directory).toString()));
    line.add(signal.name());
    line.add(Long.toString(STOP_GRACE.toSeconds()));
    line.addAll(wrapper);
    if (supportsParentDeathSignal(wrapper)) {
      // Where the kernel can, it stops the server too when somebody kills the watchdog.
      line.addAll(List.of("setpriv", "--pdeathsig", signal.name()));
    }
    line.addAll(command);
    try {
      Files.createDirectories(directory);
      awaitEndOfFormerRun(name, directory);
      Files.writeString(script, WATCHDOG);
      var builder =
          new ProcessBuilder(line)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
      builder.environment().putAll(environment);
      long logStart = Files.exists(log) ? Files.size(log) : 0;
      return new ServerProcess(name, log, logStart, builder.start());
    } catch (IOException e) {
      throw new OperatorException(name + " cannot be started: " + e.getMessage(), e);
    }
  }

  /** For people. */
  String name() {
    return name;
  }

  /** Whether the server runs, as far as the operating system knows. */
  boolean isRunning() {
    return watchdog.isAlive();
  }

  /** Completes with the exit status when the server has ended, for whatever reason. */
  CompletableFuture<Integer> exit() {
    return watchdog.onExit().thenApply(Process::exitValue);
  }

  /** A line for people about a server that ended by itself, with its own last words. */
  String lastWords() {
    String status = watchdog.isAlive() ? "" : " (exit status " + watchdog.exitValue() + ")";
    String said = lastComplaint().map(line -> ": " + line).orElse("");
    return name + " has stopped" + status + said + "; its log: " + log;
  }

  private Optional<String> lastComplaint() {
    try (InputStream in = Files.newInputStream(log)) {
      in.skipNBytes(logStart);
      return new String(in.readNBytes(LOG_READ_BYTES_MAX), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> line.contains("FATAL") || line.contains("ERROR"))
          .reduce((_, later) -> later)
          .map(String::strip);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Stops the server and waits until it has stopped; does nothing the second time. */
  @Override
  public void close() {
    try {
      watchdog.getOutputStream().close();
    } catch (IOException e) {
      // The watchdog is gone already, which is what we want.
    }
    boolean interrupted = false;
    while (true) {
      try {
        if (!watchdog.waitFor(STOP_GRACE.toSeconds() + 10, TimeUnit.SECONDS)) {
          watchdog.descendants().forEach(ProcessHandle::destroyForcibly);
          watchdog.destroyForcibly();
        }
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** A run that was killed leaves its watchdog behind for as long as the server takes to stop. */
  private static void awaitEndOfFormerRun(String name, Path directory) throws IOException {
    Optional<ProcessHandle> former = formerWatchdog(directory);
    if (former.isEmpty()) {
      return;
    }
    try {
      former.get().onExit().get(STOP_GRACE.toSeconds() + 5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted while waiting for " + name + " to stop", e);
    } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
      throw new OperatorException(
          "%s of a former run on %s is still running (process %d)"
              .formatted(name, directory, former.get().pid()),
          e);
    }
  }

  private static Optional<ProcessHandle> formerWatchdog(Path directory) throws IOException {
    Path file = pidFile(directory);
    try {
      long pid = Long.parseLong(Files.readString(file).strip());
      // The number may have gone to another process since.
      return ProcessHandle.of(pid)
          .filter(p -> p.info().commandLine().orElse("").contains(file.toString()));
    } catch (NoSuchFileException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static Path pidFile(Path directory) {
    return directory.resolve("watchdog.pid");
  }

  private static boolean supportsParentDeathSignal(List<String> wrapper) {
    List<String> probe = new ArrayList<>(wrapper);
    probe.addAll(List.of("setpriv", "--pdeathsig", "TERM", "true"));
    return Executables.find("setpriv").isPresent() && Executables.succeeds(probe);
  }

  private static String loadWatchdog() {
    try (InputStream in = ServerProcess.class.getResourceAsStream("watchdog.sh")) {
      if (in == null) {
        throw new IllegalStateException("watchdog.sh is missing beside " + ServerProcess.class);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
