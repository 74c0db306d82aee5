package io.spendwatch.ops.deadletters;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a record is in Kafka; in one word {@code topic/partition/offset}.
 *
 * @param partition from 0
 * @param offset from 0
 */
public record LetterPlace(String topic, int partition, long offset) {
  private static final Pattern FORM =
      Pattern.compile(
          "(?<topic>[A-Za-z0-9._-]{1,249})/(?<partition>\\d{1,9})/(?<offset>\\d{1,18})");

  /**
   * Reads it in one word.
   *
   * @throws IllegalArgumentException for anything else
   */
  public static LetterPlace parse(String text) {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      throw new IllegalArgumentException(
          text + " (expected: TOPIC/PARTITION/OFFSET, as the list shows it)");
    }
    return new LetterPlace(
        form.group("topic"),
        Integer.parseInt(form.group("partition")),
        Long.parseLong(form.group("offset")));
  }

  @Override
  public String toString() {
    return topic + "/" + partition + "/" + offset;
  }
}
