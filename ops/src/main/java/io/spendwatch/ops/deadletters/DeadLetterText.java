package io.spendwatch.ops.deadletters;

import static io.spendwatch.protocol.ForeignText.shown;

import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/** Dead letters for people, in 80 columns; several lines, without a line feed at the end. */
public final class DeadLetterText {
  private static final int COLUMNS = 80;

  /** Of a payload; `--json` has all of it. */
  private static final int PAYLOAD_MAX = 4_000;

  private DeadLetterText() {}

  /** Three lines for each: when, why and whose; where; what was said. */
  public static String list(List<DeadLetter> letters, boolean more) {
    var lines = new StringJoiner(System.lineSeparator());
    for (DeadLetter letter : letters) {
      lines.add(
          cut(
              String.format(
                  Locale.ROOT,
                  "%s  %-18s  key %s",
                  shown(or(letter.at(), "(no time)")),
                  shown(or(letter.reason(), "(no reason)")),
                  shown(or(letter.key(), "(none)")))));
      lines.add("  " + shown(letter.place().toString()));
      lines.add(cut("  " + shown(or(letter.message(), "(no message)"))));
    }
    if (letters.isEmpty()) {
      lines.add("no dead letters");
    } else if (more) {
      lines.add("and more: see --limit, --since");
    }
    return lines.toString();
  }

  /** All of one. */
  public static String whole(DeadLetterContent content) {
    DeadLetter letter = content.letter();
    DeadLetter.Source source = letter.source();
    var lines = new StringJoiner(System.lineSeparator());
    add(lines, "letter", letter.place().toString());
    add(lines, "put aside", letter.at());
    add(lines, "reason", letter.reason());
    add(lines, "message", letter.message());
    add(
        lines,
        "record",
        source.topic()
            + "/"
            + source.partition()
            + "/"
            + source.offset()
            + ", of "
            + source.timestamp());
    add(lines, "replay of", letter.replayOf());
    add(lines, "replayed", or(content.replayedTo(), "no"));
    add(lines, "key", letter.key());
    for (DeadLetterContent.Header header : content.headers()) {
      if (!header.name().startsWith("dlq.")) {
        add(lines, "header", header.name() + ": " + or(header.value(), "(no text)"));
      }
    }
    add(
        lines,
        "value",
        letter.valueOmitted()
            ? letter.valueBytes() + " bytes, which were too many to be kept"
            : letter.valueBytes() < 0 ? "none" : letter.valueBytes() + " bytes");
    String payload = content.value() == null ? content.valueBase64() : content.value();
    if (payload != null) {
      lines.add("");
      lines.add(shown(payload.substring(0, Math.min(PAYLOAD_MAX, payload.length()))));
      if (payload.length() > PAYLOAD_MAX) {
        lines.add("… --json shows all of it");
      }
    }
    return lines.toString();
  }

  /** A line for each. */
  public static String replays(List<Replay> replays, boolean rehearsed) {
    var lines = new StringJoiner(System.lineSeparator());
    for (Replay replay : replays) {
      lines.add(shown(replay.letter()));
      lines.add("  " + shown(outcome(replay)));
    }
    long done = replays.stream().filter(Replay::isDone).count();
    lines.add(
        String.format(
            Locale.ROOT,
            rehearsed ? "%d of %d would be put back: --yes does it" : "%d of %d put back",
            done,
            replays.size()));
    return lines.toString();
  }

  private static String outcome(Replay replay) {
    return switch (replay.outcome()) {
      case REPLAYED -> "is now at " + replay.to();
      case WOULD_BE_REPLAYED -> "would go " + replay.detail();
      case ALREADY_REPLAYED, NOT_THERE, INCOMPLETE -> "refused: " + replay.detail();
    };
  }

  private static void add(StringJoiner lines, String name, String value) {
    if (value != null) {
      lines.add(String.format(Locale.ROOT, "%-10s %s", name, shown(value)));
    }
  }

  private static String or(String text, String otherwise) {
    return text == null ? otherwise : text;
  }

  private static String cut(String line) {
    return line.codePointCount(0, line.length()) <= COLUMNS
        ? line
        : line.substring(0, line.offsetByCodePoints(0, COLUMNS - 1)) + "…";
  }
}
