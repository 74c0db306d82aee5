package io.spendwatch.ops.lab;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Nothing of the jars that this build has made says when, where or by whom. That two builds are the
 * same bytes, the image included, {@code scripts/two-builds} shows, which takes two of them.
 */
class ShippedJarsIT {
  private static final Path ROOT = Path.of("..", "..").toAbsolutePath().normalize();

  private static LocalDateTime builtAt;
  private static List<String> modules;
  private static List<Path> jars;

  @BeforeAll
  static void findJars() throws IOException {
    String pom = Files.readString(ROOT.resolve("pom.xml"));
    builtAt =
        LocalDateTime.ofInstant(
            Instant.parse(found("<project.build.outputTimestamp>(.+?)<", pom).getFirst()),
            ZoneOffset.UTC);
    modules = found("<module>(.+?)<", pom);
    jars = new ArrayList<>();
    // Of those that come later there may be jars of another build.
    for (String module : modules.subList(0, modules.indexOf("ops/lab") + 1)) {
      try (Stream<Path> files = Files.list(ROOT.resolve(module).resolve("target"))) {
        jars.addAll(
            files.filter(file -> file.getFileName().toString().matches("spend.*\\.jar")).toList());
      }
    }
    assertThat(jars).hasSizeGreaterThanOrEqualTo(7);
  }

  @Test
  void allEntriesHaveTheOneTimeOfTheBuildAndTheOrderOfTheirNames() throws IOException {
    for (Path path : jars) {
      try (var jar = new JarFile(path.toFile())) {
        assertThat(jar.stream())
            .as(path.toString())
            .allSatisfy(entry -> assertThat(entry.getTimeLocal()).isEqualTo(builtAt));
        // Maven's own come first.
        assertThat(
                jar.stream()
                    .filter(entry -> !entry.isDirectory())
                    .map(ZipEntry::getName)
                    .filter(name -> !name.startsWith("META-INF/")))
            .as(path.toString())
            .isSorted()
            .isNotEmpty();
      }
    }
  }

  @Test
  void manifestsSayWhatItWasMadeWithAndNotByWhom() throws IOException {
    for (Path path : jars) {
      try (var jar = new JarFile(path.toFile())) {
        assertThat(jar.getManifest().getMainAttributes().keySet())
            .as(path.toString())
            .containsExactlyInAnyOrder(
                Attributes.Name.MANIFEST_VERSION,
                new Attributes.Name("Created-By"),
                new Attributes.Name("Java-Version"),
                new Attributes.Name("Build-Jdk-Spec"),
                new Attributes.Name("Build-Tool-Jdk-Spec"));
      }
    }
  }

  @Test
  void nothingNamesTheDirectoryOfTheBuild() throws IOException {
    List<String> places = modules.stream().map(module -> ROOT + "/" + module + "/").toList();
    for (Path path : jars) {
      try (var jar = new JarFile(path.toFile())) {
        for (var entry : jar.stream().toList()) {
          String content = new String(jar.getInputStream(entry).readAllBytes(), UTF_8);
          assertThat(places.stream().filter(content::contains)).as(path + ": " + entry).isEmpty();
        }
      }
    }
  }

  private static List<String> found(String pattern, String text) {
    return Pattern.compile(pattern).matcher(text).results().map(each -> each.group(1)).toList();
  }
}
