package io.spendwatch.streams.capture;

import static io.spendwatch.streams.base.ConfigSection.check;

import java.util.Locale;

/** What is done about a row of the past that is changed, or deleted. */
enum OnChange {
  /** A transaction that makes up for it. */
  CORRECT,
  /** That transaction as a dead letter: somebody looks at it and puts it back, or does not. */
  DEAD_LETTER,
  /** Nothing, as where old rows are cleared away. */
  IGNORE;

  /**
   * As the setting names it.
   *
   * @throws IllegalArgumentException for another word
   */
  static OnChange named(String key, String word) {
    for (OnChange each : values()) {
      if (each.word().equals(word)) {
        return each;
      }
    }
    check(false, key, word, "correct, dead-letter or ignore");
    return IGNORE;
  }

  private String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
