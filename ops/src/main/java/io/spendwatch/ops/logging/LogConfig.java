package io.spendwatch.ops.logging;

import ch.qos.logback.classic.LoggerContext;
import com.typesafe.config.Config;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.streams.base.ConfigSection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What can be changed of the log while a node runs: {@code spendwatch.log}.
 *
 * @param levelsFile that has loggers' levels
 * @param interval how often it is looked at
 */
public record LogConfig(Optional<Path> levelsFile, Duration interval) {
  private static final String PATH = "spendwatch.log";

  public LogConfig {
    ConfigSection.checkPositive(PATH + ".interval", interval);
  }

  /** Reads {@code spendwatch.log}. */
  public static LogConfig from(Config root) {
    ConfigSection section = ConfigSection.of(root, PATH);
    String file = section.string("levels-file");
    var config =
        new LogConfig(
            file.isBlank() ? Optional.empty() : Optional.of(Path.of(file)),
            section.duration("interval"));
    section.rejectUnknown();
    return config;
  }

  /**
   * A node that writes no log because of a slip in a variable would be missed when it is needed.
   *
   * @throws OperatorException if nothing takes what is logged
   */
  public static void checkFormat() {
    var context = (LoggerContext) LoggerFactory.getILoggerFactory();
    if (!context.getLogger(Logger.ROOT_LOGGER_NAME).iteratorForAppenders().hasNext()) {
      throw new OperatorException(
          "SPENDWATCH_LOG_FORMAT: "
              + System.getenv("SPENDWATCH_LOG_FORMAT")
              + " (expected: text or json)");
    }
  }
}
