package io.spendwatch.ops.node;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import io.spendwatch.errors.OperatorException;
import java.util.Locale;

/** A setting that is a size, {@code 300 MiB}, or a part of what there is, {@code 40 %}. */
final class MemoryShare {
  private MemoryShare() {}

  /**
   * What it comes to.
   *
   * @param setting its name
   * @param ofBytes what there is
   * @throws OperatorException if it is neither, or nothing, or more than there is
   */
  static long bytes(String setting, String value, long ofBytes) {
    try {
      long bytes =
          value.endsWith("%")
              ? (long) (ofBytes * Double.parseDouble(value.substring(0, value.length() - 1)) / 100)
              : ConfigFactory.empty()
                  .withValue("size", ConfigValueFactory.fromAnyRef(value))
                  .getBytes("size");
      if (bytes > 0 && bytes <= ofBytes) {
        return bytes;
      }
    } catch (NumberFormatException | ConfigException e) {
      throw wrong(setting, value, ofBytes, e);
    }
    throw wrong(setting, value, ofBytes, null);
  }

  private static OperatorException wrong(
      String setting, String value, long ofBytes, Throwable cause) {
    return new OperatorException(
        String.format(
            Locale.ROOT,
            "configuration: %s: %s (expected: a size such as 300 MiB or a part such as 40 %% of the heap's %d MiB)",
            setting,
            value,
            ofBytes >> 20),
        cause);
  }
}
