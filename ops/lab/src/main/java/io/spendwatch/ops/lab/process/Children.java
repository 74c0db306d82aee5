package io.spendwatch.ops.lab.process;

import io.spendwatch.errors.OperatorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Starts other Spendwatch commands as a user would, through the launcher. */
public final class Children {
  private final Path launcher;
  private final Path directory;

  /**
   * @param home the project's root
   * @param directory under which each child has one of its own
   * @throws OperatorException if there is no launcher
   */
  public Children(Path home, Path directory) {
    this.launcher = home.resolve("spendwatch").toAbsolutePath();
    this.directory = directory;
    if (!Files.isExecutable(launcher)) {
      throw new OperatorException(
          "other commands are started by ./spendwatch, which is not at " + launcher);
    }
  }

  /** In a directory by the command's name. */
  public GuardedProcess start(Map<String, String> environment, List<String> arguments) {
    return start(arguments.getFirst(), environment, arguments);
  }

  /**
   * Starts one.
   *
   * @param name of its directory, which no other one that runs may have
   */
  public GuardedProcess start(
      String name, Map<String, String> environment, List<String> arguments) {
    Map<String, String> all = new TreeMap<>(environment);
    all.put("SPENDWATCH_NO_BUILD", "1");
    return GuardedProcess.start(
        new GuardedProcess.Command(
            "`spendwatch " + arguments.getFirst() + "`",
            directory.resolve(name),
            GuardedProcess.StopSignal.TERM,
            all,
            List.of(),
            concat(launcher.toString(), arguments)));
  }

  private static List<String> concat(String first, List<String> rest) {
    return java.util.stream.Stream.concat(java.util.stream.Stream.of(first), rest.stream())
        .toList();
  }
}
