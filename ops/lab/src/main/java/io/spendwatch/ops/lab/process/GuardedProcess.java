package io.spendwatch.ops.lab.process;

import io.spendwatch.errors.OperatorException;
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
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * A child process, most often a server, that never outlives us.
 *
 * <p>Between us and it stands a watchdog, a small shell script in a session of its own that reads
 * our end of a pipe. The pipe closes however we end, {@code kill -9} of our whole process group
 * included; the watchdog then stops the child. The terminal's Ctrl-C reaches neither of them, so
 * that we can finish first.
 *
 * <p>Thread-safe. {@link #close()} blocks until the child has stopped, for a bounded time.
 */
public final class GuardedProcess implements AutoCloseable {

  /** How a child is told to stop. */
  public enum StopSignal {
    INT,
    TERM
  }

  /**
   * What to run.
   *
   * @param name for people, as in "Kafka"
   * @param directory where its log and the watchdog's files go; by it, a later start knows a child
   *     of a killed run that is still stopping
   * @param stopSignal how it is told to stop
   * @param environment beside ours
   * @param wrapper a command that it is run under, such as {@code unshare -U}; may be empty
   * @param line the command itself
   */
  public record Command(
      String name,
      Path directory,
      StopSignal stopSignal,
      Map<String, String> environment,
      List<String> wrapper,
      List<String> line) {}

  /** After this the watchdog kills a child that does not stop. */
  private static final Duration STOP_GRACE = Duration.ofSeconds(15);

  private static final int LOG_READ_BYTES_MAX = 1 << 20;

  private static final String WATCHDOG = loadWatchdog();

  private final String name;
  private final Path log;

  /** Where this run begins in the log, bytes. */
  private final long logStart;

  private final Process watchdog;

  private GuardedProcess(String name, Path log, long logStart, Process watchdog) {
    this.name = name;
    this.log = log;
    this.logStart = logStart;
    this.watchdog = watchdog;
  }

  /**
   * Starts a child whose output goes to the file {@code log} in its directory.
   *
   * @throws OperatorException if it cannot be started, or one of a former run does not end
   */
  public static GuardedProcess start(Command command) {
    Path directory = command.directory();
    Path log = directory.resolve("log");
    Path script = directory.resolve("watchdog.sh");
    try {
      Files.createDirectories(directory);
      awaitEndOfFormerRun(command);
      Files.writeString(script, WATCHDOG);
      var builder =
          new ProcessBuilder(guardedLine(command, script))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
      builder.environment().putAll(command.environment());
      long logStart = Files.exists(log) ? Files.size(log) : 0;
      return new GuardedProcess(command.name(), log, logStart, builder.start());
    } catch (IOException e) {
      throw new OperatorException(command.name() + " cannot be started: " + e.getMessage(), e);
    }
  }

  /** Whether it runs, as far as the operating system knows. */
  public boolean isRunning() {
    return watchdog.isAlive();
  }

  /** Completes with the exit status when it has ended, for whatever reason. */
  public CompletableFuture<Integer> exit() {
    return watchdog.onExit().thenApply(Process::exitValue);
  }

  /** The child, and what it has started, as far as they run. */
  public Stream<ProcessHandle> processes() {
    return watchdog.descendants();
  }

  /** Where its output is. */
  public Path log() {
    return log;
  }

  /** What it has written in this run, as far as that is not very much. */
  public String output() {
    try (InputStream in = Files.newInputStream(log)) {
      in.skipNBytes(logStart);
      return new String(in.readNBytes(LOG_READ_BYTES_MAX), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }

  /** A line for people about a child that ended by itself, with its own last words. */
  public String lastWords() {
    String status = watchdog.isAlive() ? "" : " (exit status " + watchdog.exitValue() + ")";
    String said =
        output()
            .lines()
            .filter(line -> line.contains("FATAL") || line.contains("ERROR"))
            .reduce((_, later) -> later)
            .map(line -> ": " + line.strip())
            .orElse("");
    return name + " has stopped" + status + said + "; its log: " + log;
  }

  /** Kills it without a word, as {@code kill -9}, with all that it has started. */
  public void kill() {
    watchdog.descendants().forEach(ProcessHandle::destroyForcibly);
    close();
  }

  /**
   * Tells it to end, and waits until it has: for longer than {@link #close} does.
   *
   * @throws OperatorException if it does not within that time
   */
  public void leave(Duration atMost) {
    watchdog.descendants().forEach(ProcessHandle::destroy);
    try {
      var _ = exit().get(atMost.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new OperatorException(name + " does not end within " + atMost + "; its log: " + log, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted while waiting for " + name, e);
    }
  }

  /** Stops it and waits until it has stopped; does nothing the second time. */
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

  private static List<String> guardedLine(Command command, Path script) {
    String signal = command.stopSignal().name();
    List<String> line = new ArrayList<>();
    if (Executables.find("setsid").isPresent()) {
      line.add("setsid");
    } else {
      // A shell with job control puts the watchdog in a process group of its own, which is as good.
      line.addAll(List.of("bash", "-c", "trap '' HUP INT; set -m; \"$@\" <&0 & wait $!", "bash"));
    }
    line.addAll(List.of("bash", script.toString(), pidFile(command.directory()).toString()));
    line.addAll(List.of(signal, Long.toString(STOP_GRACE.toSeconds())));
    line.addAll(command.wrapper());
    if (supportsParentDeathSignal(command.wrapper())) {
      // Where the kernel can, it stops the child too when somebody kills the watchdog.
      line.addAll(List.of("setpriv", "--pdeathsig", signal));
    }
    line.addAll(command.line());
    return line;
  }

  /** A run that was killed leaves its watchdog behind for as long as the child takes to stop. */
  private static void awaitEndOfFormerRun(Command command) throws IOException {
    Optional<ProcessHandle> former = formerWatchdog(command.directory());
    if (former.isEmpty()) {
      return;
    }
    try {
      var _ = former.get().onExit().get(STOP_GRACE.toSeconds() + 5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted while waiting for " + command.name(), e);
    } catch (ExecutionException | TimeoutException e) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "%s of a former run on %s is still running (process %d)",
              command.name(),
              command.directory(),
              former.get().pid()),
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
    try (InputStream in = GuardedProcess.class.getResourceAsStream("watchdog.sh")) {
      if (in == null) {
        throw new IllegalStateException("watchdog.sh is missing beside " + GuardedProcess.class);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
