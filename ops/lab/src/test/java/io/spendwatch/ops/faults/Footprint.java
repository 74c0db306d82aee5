package io.spendwatch.ops.faults;

import io.spendwatch.ops.faults.processes.NodeProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What one life of a node holds on to.
 *
 * @param pid of the process
 * @param connections to PostgreSQL, as PostgreSQL counts them
 * @param producers threads of Kafka producers
 * @param threads in all
 * @param files open files and sockets; 0 where the operating system does not tell
 * @param heapKb in use after a full collection
 */
record Footprint(
    long pid, long connections, long producers, long threads, long files, long heapKb) {
  private static final Pattern USED = Pattern.compile("total \\d+K, used (\\d+)K");
  private static final long ANSWER_SECONDS = 30;

  static Footprint of(NodeProcess node, FaultBed bed) {
    long pid = node.root().orElseThrow().pid();
    String threads = jcmd(pid, "Thread.print");
    jcmd(pid, "GC.run");
    return new Footprint(
        pid,
        bed.connectionsOf(node),
        threads.lines().filter(line -> line.startsWith("\"kafka-producer-network")).count(),
        threads.lines().filter(line -> line.startsWith("\"")).count(),
        files(pid),
        heapKb(pid));
  }

  /** Heap in use now, without a collection before. */
  static long heapKb(long pid) {
    return USED.matcher(jcmd(pid, "GC.heap_info"))
        .results()
        .mapToLong(used -> Long.parseLong(used.group(1)))
        .sum();
  }

  /** Resident memory; 0 where the operating system does not tell. */
  static long residentKb(long pid) {
    Path status = Path.of("/proc", Long.toString(pid), "status");
    if (!Files.exists(status)) {
      return 0;
    }
    try (Stream<String> lines = Files.lines(status)) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .map(Pattern.compile("\\d+")::matcher)
          .filter(Matcher::find)
          .mapToLong(found -> Long.parseLong(found.group()))
          .sum();
    } catch (IOException e) {
      return 0;
    }
  }

  /** The answer of the JDK's own diagnostic command. */
  static String jcmd(long pid, String command) {
    String program = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    try {
      Process process =
          new ProcessBuilder(program, Long.toString(pid), command)
              .redirectErrorStream(true)
              .start();
      // A frozen process does not answer.
      var _ =
          process
              .onExit()
              .orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS)
              .exceptionally(_ -> process.destroyForcibly());
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Open files and sockets; 0 where the operating system does not tell. */
  static long files(long pid) {
    Path all = Path.of("/proc", Long.toString(pid), "fd");
    if (!Files.isDirectory(all)) {
      return 0;
    }
    try (Stream<Path> files = Files.list(all)) {
      return files.count();
    } catch (IOException e) {
      return 0;
    }
  }
}
