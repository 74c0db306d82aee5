package io.spendwatch.streams.ledger;

import io.spendwatch.actors.exposure.ExposureWindow;
import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.streams.database.SqlText;
import java.time.Duration;

/**
 * Statements that know the rule. What stands for its window in their texts is put in when they are
 * loaded, so that they are constants like all others. Stateless.
 *
 * <pre>
 *   {window}       its length, an interval
 *   {two_windows}  how far back from a user's latest transaction anything matters
 *   {window_text}  its length, within a literal
 * </pre>
 */
public final class RuleText {
  private static final String WINDOW = text(Rule.EXPOSURE_24H.window());
  private static final String TWO_WINDOWS = text(Duration.ofMillis(ExposureWindow.RETENTION_MS));

  private RuleText() {}

  /** As {@link SqlText#load}. */
  public static String load(Class<?> beside, String name) {
    return SqlText.load(beside, name)
        .replace("{window}", "interval '" + WINDOW + "'")
        .replace("{two_windows}", "interval '" + TWO_WINDOWS + "'")
        .replace("{window_text}", WINDOW);
  }

  /** Never days: those of an interval are not always 24 h long. */
  private static String text(Duration length) {
    return length.toMillis() % 3_600_000 == 0
        ? length.toHours() + " hours"
        : length.toMillis() + " ms";
  }
}
