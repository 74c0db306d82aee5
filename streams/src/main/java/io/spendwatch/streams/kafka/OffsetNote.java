package io.spendwatch.streams.kafka;

import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a committed offset carries as its metadata: the place of the last published alert in the
 * partition's sequence. Alerts, offset and note are one Kafka transaction, so the note says exactly
 * what subscribers have seen.
 */
public final class OffsetNote {
  private static final Pattern FORM = Pattern.compile("v1;seq=(\\d{1,18})");

  private OffsetNote() {}

  public static String of(long publishedAlertSeq) {
    return "v1;seq=" + publishedAlertSeq;
  }

  /** Empty where there is no note of ours, as after an operator has moved the offset. */
  public static OptionalLong publishedAlertSeq(@Nullable String metadata) {
    Matcher matcher = FORM.matcher(metadata == null ? "" : metadata);
    return matcher.matches()
        ? OptionalLong.of(Long.parseLong(matcher.group(1)))
        : OptionalLong.empty();
  }
}
