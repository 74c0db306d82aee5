package io.spendwatch.ops.faults.processes;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The processes that a watchdog of ours guards: a server or node, and what it has started. For
 * signals that {@code GuardedProcess} has no use for.
 *
 * @param directory that the guarded process was given
 */
record GuardedTree(Path directory) {

  /** The process itself, once the shell that starts it has become it. */
  Optional<ProcessHandle> root() {
    String script = directory.toAbsolutePath().resolve("watchdog.sh").toString();
    return ProcessHandle.current()
        .descendants()
        .filter(process -> contains(process, script))
        .flatMap(ProcessHandle::children)
        .filter(GuardedTree::isProgram)
        .findFirst();
  }

  /** As {@code kill -9} of all of them at once. */
  void kill() {
    // Stopped first, so that none has children that we have not seen.
    List<ProcessHandle> all = stop();
    send("KILL", all);
    all.forEach(process -> process.onExit().join());
  }

  /** Stops them where they are, parents first. */
  List<ProcessHandle> stop() {
    ProcessHandle root = root().orElseThrow();
    send("STOP", List.of(root));
    List<ProcessHandle> all = new ArrayList<>(List.of(root));
    root.descendants().forEach(all::add);
    send("STOP", all);
    return all;
  }

  /** Lets them go on. */
  void goOn() {
    ProcessHandle root = root().orElseThrow();
    send("CONT", Stream.concat(root.descendants(), Stream.of(root)).toList());
  }

  private static boolean contains(ProcessHandle process, String argument) {
    return process.info().commandLine().orElse("").contains(argument);
  }

  private static boolean isProgram(ProcessHandle process) {
    String command = process.info().command().orElse("");
    return command.endsWith("/java") || command.endsWith("/postgres");
  }

  private static void send(String signal, List<ProcessHandle> processes) {
    List<String> line = new ArrayList<>(List.of("kill", "-s", signal, "--"));
    processes.forEach(process -> line.add(Long.toString(process.pid())));
    try {
      // A status other than 0: one of them has ended meanwhile.
      int _ =
          new ProcessBuilder(line)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
