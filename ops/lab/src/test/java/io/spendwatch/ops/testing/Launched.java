package io.spendwatch.ops.testing;

import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A command that a test runs as a user would: {@code ./spendwatch}, in a process group of its own,
 * so that it can be killed as a terminal's job is.
 */
public final class Launched implements AutoCloseable {
  /** Of a JVM that is gone in minutes: its second compiler would take a third of its work. */
  public static final String BRIEF_JVM = "-XX:TieredStopAtLevel=1";

  /** Before what a test asks for; those that it starts have them, too. */
  private static final String JAVA_OPTIONS = BRIEF_JVM + " -Dspendwatch.sandbox.brief=true ";

  private final Process process;
  private final List<String> out = new CopyOnWriteArrayList<>();
  private final List<String> err = new CopyOnWriteArrayList<>();
  private final List<Thread> readers;

  private Launched(Process process) {
    this.process = process;
    this.readers =
        List.of(
            collect(process.inputReader(StandardCharsets.UTF_8), out),
            collect(process.errorReader(StandardCharsets.UTF_8), err));
  }

  /** The launcher of the project that is being tested. */
  public static Path launcher() {
    return Path.of("..", "..", "spendwatch").toAbsolutePath().normalize();
  }

  public static Launched start(String... arguments) {
    return start(Map.of(), arguments);
  }

  /** Needs the packaged modules, as integration tests have them. */
  public static Launched start(Map<String, String> environment, String... arguments) {
    // Who runs the build in the background has us ignore SIGINT, and our children with us.
    List<String> line =
        new ArrayList<>(List.of("setsid", "env", "--default-signal=INT", launcher().toString()));
    line.addAll(List.of(arguments));
    return start(environment, line);
  }

  /** Any command line that begins with {@code setsid}. */
  public static Launched start(Map<String, String> environment, List<String> line) {
    var builder = new ProcessBuilder(line);
    Map<String, String> all = new HashMap<>(environment);
    // The build runs already: it runs us.
    all.put("SPENDWATCH_NO_BUILD", "1");
    all.merge("SPENDWATCH_JAVA_OPTS", JAVA_OPTIONS, (own, ours) -> ours + own);
    builder.environment().putAll(all);
    try {
      return new Launched(builder.start());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  public List<String> out() {
    return List.copyOf(out);
  }

  public List<String> err() {
    return List.copyOf(err);
  }

  /** Waits for a line on standard output; fails the test at once if the process ends before. */
  public String awaitLine(Predicate<String> wanted, Duration atMost) {
    await("a line of " + process.info().commandLine().orElse("?"))
        .atMost(atMost)
        .pollInterval(Duration.ofMillis(50))
        .failFast(
            () -> {
              if (!process.isAlive() && readersDone() && out.stream().noneMatch(wanted)) {
                throw new AssertionError("it has ended: " + out + " " + err);
              }
            })
        .until(() -> out.stream().anyMatch(wanted));
    return out.stream().filter(wanted).findFirst().orElseThrow();
  }

  /** Waits for the end; answers with the exit status, 128 + n after signal n. */
  public int awaitEnd(Duration atMost) {
    await("the end of the process").atMost(atMost).until(() -> !process.isAlive() && readersDone());
    return process.exitValue();
  }

  /** All processes that it has started, and theirs. */
  public List<ProcessHandle> descendants() {
    return process.descendants().toList();
  }

  /** To the process, as {@code kill -SIGNAL} does. */
  public void signal(String signal) {
    kill(signal, Long.toString(process.pid()));
  }

  /** To its process group, as the terminal does. */
  public void signalGroup(String signal) {
    kill(signal, "-" + process.pid());
  }

  private static void kill(String signal, String target) {
    try {
      int status =
          new ProcessBuilder("kill", "-s", signal, "--", target).inheritIO().start().waitFor();
      if (status != 0) {
        throw new IllegalStateException("kill: " + status);
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private boolean readersDone() {
    return readers.stream().noneMatch(Thread::isAlive);
  }

  private static Thread collect(BufferedReader reader, List<String> lines) {
    return Thread.startVirtualThread(
        () -> {
          try (reader;
              Stream<String> read = reader.lines()) {
            read.forEach(lines::add);
          } catch (IOException e) {
            lines.add(e.toString());
          }
        });
  }

  /** Ends it the way a user would, and by force where that does not help. */
  @Override
  public void close() {
    List<ProcessHandle> all = descendants();
    process.destroy();
    try {
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        all.forEach(ProcessHandle::destroyForcibly);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
