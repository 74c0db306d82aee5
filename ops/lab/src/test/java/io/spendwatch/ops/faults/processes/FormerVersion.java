package io.spendwatch.ops.faults.processes;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.lab.process.Executables;
import io.spendwatch.ops.testing.Launched;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A version of before, compiled from what the repository has of it, with the libraries of today:
 * the commands of a node that an upgrade finds. Blocks; immutable.
 */
public final class FormerVersion {
  /** What a node is made of, in the order in which settings hold. */
  private static final List<String> MODULES =
      List.of("protocol", "actors", "streams", "ops/command-line", "ops");

  private static final String MAIN = "io.spendwatch.ops.Spendwatch";
  private static final Path PROJECT = Launched.launcher().getParent();

  /** Names of our own jars begin so. */
  private static final String OURS = "spendwatch-";

  private static final long LIMIT_MINUTES = 10;

  private final Path sources;
  private final Path classes;
  private final Path log;

  private FormerVersion(Path directory) {
    this.sources = directory.resolve("sources");
    this.classes = directory.resolve("classes");
    this.log = directory.resolve("log");
  }

  /**
   * Compiles it.
   *
   * @param directory that is there, and empty
   * @return empty where it is not to be had: no git, or a repository without its past
   */
  public static Optional<FormerVersion> compile(String revision, Path directory) throws Exception {
    String here = PROJECT.toString();
    if (Executables.find("git").isEmpty()
        || Executables.find("tar").isEmpty()
        || !Executables.succeeds(
            List.of("git", "-C", here, "cat-file", "-e", revision + "^{commit}"))) {
      return Optional.empty();
    }
    var former = new FormerVersion(directory);
    Files.createDirectories(former.sources);
    Files.createDirectories(former.classes);
    Path packed = directory.resolve("sources.tar");
    List<String> archive =
        new ArrayList<>(
            List.of("git", "-C", here, "archive", "--format=tar", "-o", packed.toString()));
    archive.add(revision);
    MODULES.forEach(module -> archive.add(module + "/src/main"));
    former.run(Map.of(), archive);
    former.run(Map.of(), List.of("tar", "-xf", packed.toString(), "-C", former.sources.toString()));
    former.compile();
    return Optional.of(former);
  }

  private void compile() throws Exception {
    Path files = sources.resolve("files");
    try (Stream<Path> all = Files.walk(sources)) {
      Files.write(
          files, all.map(Path::toString).filter(file -> file.endsWith(".java")).sorted().toList());
    }
    run(
        Map.of(),
        List.of(
            java("javac"),
            "-nowarn",
            "-proc:none",
            "-parameters",
            "-encoding",
            "UTF-8",
            "-d",
            classes.toString(),
            "-cp",
            libraries(),
            "@" + files));
  }

  private static String java(String program) {
    return Path.of(System.getProperty("java.home"), "bin", program).toString();
  }

  /** Those of whoever runs this, but for ours. */
  private static String libraries() {
    String all =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return Arrays.stream(all.split(File.pathSeparator, -1))
        .filter(each -> each.endsWith(".jar"))
        .filter(each -> !Path.of(each).getFileName().toString().startsWith(OURS))
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** How a command of it is run. */
  public List<String> command(String... arguments) {
    List<String> path = new ArrayList<>();
    MODULES
        .reversed()
        .forEach(module -> path.add(sources.resolve(module + "/src/main/resources").toString()));
    path.add(classes.toString());
    path.add(libraries());
    List<String> line =
        new ArrayList<>(
            List.of(
                java("java"),
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-Xmx512m",
                Launched.BRIEF_JVM,
                "-cp",
                String.join(File.pathSeparator, path),
                MAIN));
    line.addAll(List.of(arguments));
    return line;
  }

  /** Runs a command of it to its end, which has to be a good one. */
  public void run(Map<String, String> environment, String... arguments) throws Exception {
    run(environment, command(arguments));
  }

  private void run(Map<String, String> environment, List<String> line)
      throws IOException, InterruptedException {
    var builder = new ProcessBuilder(line).redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().putAll(environment);
    Process process = builder.start();
    if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new AssertionError("not within " + LIMIT_MINUTES + " minutes: " + line.getFirst());
    }
    assertThat(process.exitValue()).as("%s", Files.readString(log)).isZero();
  }
}
