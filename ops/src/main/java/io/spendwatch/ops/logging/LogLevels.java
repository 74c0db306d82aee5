package io.spendwatch.ops.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import io.spendwatch.streams.base.PeriodicWork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;
import org.slf4j.LoggerFactory;

/**
 * Loggers' levels as a file says while the node runs: lines {@code LOGGER=LEVEL}, {@code ROOT} for
 * all others; lines that begin with {@code #} say nothing. What is no longer in the file, or the
 * file itself, has the level of before. A file, because whoever may write it may restart the node
 * anyway; levels over HTTP would be for anybody who reaches the port. Thread-safe.
 */
public final class LogLevels {
  private static final org.slf4j.Logger LOG = LoggerFactory.getLogger(LogLevels.class);

  /** More than anybody writes by hand. */
  private static final int BYTES_MAX = 64 * 1024;

  private final Path file;
  private final LoggerContext loggers;

  /** Null where a logger had none of its own. */
  private final Map<String, Level> before = new HashMap<>();

  private Map<String, Level> inForce = Map.of();
  private String read = "";
  private String failure = "";

  LogLevels(Path file, LoggerContext loggers) {
    this.file = file;
    this.loggers = loggers;
  }

  /** Looks at once, and then again and again until cancelled. */
  public static Cancellable start(ActorSystem<?> system, Path file, LogConfig config) {
    var levels = new LogLevels(file, (LoggerContext) LoggerFactory.getILoggerFactory());
    levels.look();
    return PeriodicWork.start(
        system,
        "The look at the log's levels",
        config.interval(),
        config.interval(),
        config.interval(),
        // Reading a file may take as long as it likes.
        () ->
            CompletableFuture.runAsync(
                levels::look, look -> Thread.ofVirtual().name("log-levels").start(look)));
  }

  synchronized void look() {
    try {
      String text = text();
      if (!text.equals(read)) {
        apply(parsed(text));
        read = text;
      }
      failure = "";
    } catch (IOException | IllegalArgumentException e) {
      if (!failure.equals(String.valueOf(e.getMessage()))) {
        failure = String.valueOf(e.getMessage());
        LOG.atWarn()
            .addKeyValue("file", file)
            .addKeyValue("reason", failure)
            .log("The log's levels stay as they are");
      }
    }
  }

  private String text() throws IOException {
    try {
      if (Files.size(file) > BYTES_MAX) {
        throw new IllegalArgumentException("it has more than " + BYTES_MAX + " bytes");
      }
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  private static Map<String, Level> parsed(String text) {
    Map<String, Level> levels = new LinkedHashMap<>();
    for (String line : text.lines().map(String::strip).toList()) {
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      int end = line.indexOf('=');
      Level level = end < 1 ? null : Level.toLevel(line.substring(end + 1).strip(), null);
      if (level == null) {
        throw new IllegalArgumentException(
            "no level: " + line + " (expected: such as io.spendwatch=DEBUG)");
      }
      levels.put(line.substring(0, end).strip(), level);
    }
    return levels;
  }

  private void apply(Map<String, Level> levels) {
    inForce.keySet().stream()
        .filter(name -> !levels.containsKey(name))
        .forEach(name -> loggers.getLogger(name).setLevel(before.remove(name)));
    levels.forEach(
        (name, level) -> {
          Logger logger = loggers.getLogger(name);
          if (!inForce.containsKey(name)) {
            before.put(name, logger.getLevel());
          }
          logger.setLevel(level);
        });
    if (!Objects.equals(levels, inForce)) {
      LOG.atInfo().addKeyValue("levels", levels.isEmpty() ? "as before" : levels).log("Log levels");
    }
    inForce = levels;
  }
}
