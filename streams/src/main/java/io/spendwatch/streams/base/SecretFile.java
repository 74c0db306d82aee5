package io.spendwatch.streams.base;

import io.spendwatch.protocol.Secrets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.slf4j.LoggerFactory;

/**
 * A secret that stands in a file: read again whenever it is asked for, so that one that was
 * exchanged is taken. Where the file cannot be read any more, what was in it holds, and the log
 * says so. What was read is masked from then on. Blocks; thread-safe.
 */
public final class SecretFile implements Supplier<String> {
  private final String setting;
  private final String file;
  private volatile String last;

  /**
   * Reads it once.
   *
   * @param setting that names the file, for people
   * @throws IllegalArgumentException naming the setting whose file cannot be read
   */
  public SecretFile(String setting, String file) {
    this.setting = setting;
    this.file = file;
    this.last = contents(setting, file);
  }

  /** Without the line's end. */
  @Override
  public String get() {
    try {
      last = contents(setting, file);
    } catch (IllegalArgumentException e) {
      // Not before it is needed: to set logging up takes a part of a short command's time.
      LoggerFactory.getLogger(SecretFile.class)
          .atWarn()
          .addKeyValue("setting", setting)
          .log("The file cannot be read any more; what was in it holds");
    }
    return last;
  }

  /** Once, and for a file that need not be there later. */
  static String contents(String setting, String file) {
    try {
      String secret = Files.readString(Path.of(file)).stripTrailing();
      Secrets.keep(secret);
      return secret;
    } catch (IOException | InvalidPathException e) {
      // Who puts the secret itself there must not find it in a log.
      throw new IllegalArgumentException(setting + " names no file that can be read as UTF-8");
    }
  }
}
