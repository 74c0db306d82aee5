import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The formatting gate: {@code check ROOT} fails on a Java file that google-java-format would write
 * otherwise, {@code fix ROOT} writes it so. The build runs it; see the root pom.
 */
final class Format {
  private Format() {}

  public static void main(String[] args) throws Exception {
    boolean fix =
        switch (args[0]) {
          case "fix" -> true;
          case "check" -> false;
          default ->
              throw new IllegalArgumentException(
                  "format.mode: " + args[0] + " (expected: check or fix)");
        };
    Path root = Path.of(args[1]);
    var formatter = new Formatter(JavaFormatterOptions.defaultOptions());
    List<Path> unformatted = new ArrayList<>();
    for (Path file : javaFiles(root)) {
      String source = Files.readString(file);
      String formatted =
          formatter.formatSource(
              RemoveUnusedImports.removeUnusedImports(
                  ImportOrderer.reorderImports(source, JavaFormatterOptions.Style.GOOGLE)));
      if (!formatted.equals(source)) {
        unformatted.add(root.relativize(file));
        if (fix) {
          Files.writeString(file, formatted);
        }
      }
    }
    if (!fix && !unformatted.isEmpty()) {
      unformatted.forEach(file -> System.err.println("not formatted: " + file));
      System.err.println("To format: mvn validate -N -Dformat.mode=fix");
      System.exit(1);
    }
  }

  private static List<Path> javaFiles(Path root) throws Exception {
    List<Path> files = new ArrayList<>();
    for (String module : List.of("protocol", "actors", "streams", "load-gen", "ops", "scripts")) {
      try (Stream<Path> walk = Files.walk(root.resolve(module))) {
        walk.filter(f -> f.toString().endsWith(".java") && !f.toString().contains("/target/"))
            .sorted()
            .forEach(files::add);
      }
    }
    return files;
  }
}
