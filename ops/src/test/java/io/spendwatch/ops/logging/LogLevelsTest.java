package io.spendwatch.ops.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogLevelsTest {
  private final LoggerContext loggers = new LoggerContext();
  @TempDir private Path directory;
  private Path file;
  private LogLevels levels;

  @BeforeEach
  void begin() {
    file = directory.resolve("levels");
    levels = new LogLevels(file, loggers);
    loggers.getLogger("ROOT").setLevel(Level.WARN);
    loggers.getLogger("io.spendwatch").setLevel(Level.INFO);
  }

  @Test
  void areThoseOfTheFileWhileTheyAreInIt() throws IOException {
    levels.look();
    assertThat(level("io.spendwatch.streams")).isEqualTo(Level.INFO);
    Files.writeString(file, "# why\nio.spendwatch = DEBUG\n\nROOT=error\nio.spendwatch.ops=TRACE");
    levels.look();
    assertThat(level("io.spendwatch.streams")).isEqualTo(Level.DEBUG);
    assertThat(level("io.spendwatch.ops.node")).isEqualTo(Level.TRACE);
    assertThat(level("org.apache")).isEqualTo(Level.ERROR);
    Files.writeString(file, "io.spendwatch=TRACE");
    levels.look();
    assertThat(level("io.spendwatch.ops.node")).isEqualTo(Level.TRACE);
    assertThat(loggers.getLogger("io.spendwatch.ops").getLevel()).isNull();
    assertThat(level("org.apache")).isEqualTo(Level.WARN);
    Files.delete(file);
    levels.look();
    assertThat(level("io.spendwatch.ops.node")).isEqualTo(Level.INFO);
  }

  @Test
  void stayWhereTheFileCannotBeRead() throws IOException {
    Files.writeString(file, "io.spendwatch=DEBUG");
    levels.look();
    for (String wrong :
        new String[] {"io.spendwatch=LOUD", "io.spendwatch", "=INFO", "x".repeat(70_000)}) {
      Files.writeString(file, wrong);
      levels.look();
      assertThat(level("io.spendwatch")).isEqualTo(Level.DEBUG);
    }
    Files.writeString(file, "io.spendwatch=TRACE");
    levels.look();
    assertThat(level("io.spendwatch")).isEqualTo(Level.TRACE);
  }

  private Level level(String logger) {
    return loggers.getLogger(logger).getEffectiveLevel();
  }
}
