package io.spendwatch.ops.audit.explain;

import static io.spendwatch.ops.audit.explain.Wording.time;

import io.spendwatch.ops.audit.explain.Explanation.Announcement;
import io.spendwatch.ops.audit.explain.Explanation.Arrival;
import io.spendwatch.ops.audit.explain.Explanation.Balance;
import io.spendwatch.ops.audit.explain.Explanation.Episode;
import io.spendwatch.ops.audit.explain.Summation.Line;
import io.spendwatch.ops.audit.explain.Summation.Listing;
import io.spendwatch.protocol.ForeignText;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** An {@link Explanation} for people. */
public final class ExplanationText {
  private static final String LINE = "  %-27s  %-20s  %-8s  %15s  %15s%s";

  private final List<String> lines = new ArrayList<>();

  private ExplanationText() {}

  /** All of it, without a line end after the last line. */
  public static String of(Explanation explanation) {
    var text = new ExplanationText();
    text.add(explanation);
    return String.join("\n", text.lines);
  }

  private void add(Explanation explanation) {
    say(explanation.sentence());
    explanation.remarks().forEach(this::say);
    explanation.differences().forEach(what -> say("! The tables disagree: " + what + "."));
    lines.add("");
    Summation summation = explanation.summation();
    fact("window", "(%s, %s]: the first instant is out, the last is in", summation);
    fact(
        "exposure",
        summation.recomputed()
            + " "
            + summation.currency()
            + " of "
            + counted(summation.transactions())
            + stored(summation));
    fact("balance", balance(explanation.balance(), summation.currency()));
    if (explanation.verdict() != null) {
      fact("verdict", explanation.verdict());
    }
    explanation.alerts().forEach(alert -> fact("alert", alert(alert)));
    if (explanation.episode() != null) {
      fact("episode", episode(explanation.episode()));
    }
    if (explanation.arrival() != null) {
      fact("source", source(explanation.arrival()));
    }
    list("Counted:", summation.entries());
    if (summation.left() != null) {
      list("Left the 24 hours at that instant:", summation.left());
    }
    list("Arrived later, and not counted:", summation.arrivedLater());
    lines.add("");
    lines.add("The same figure in psql:");
    // Its literals hold no line ends: they are escaped there, and indenting changes none of them.
    summation.sql().lines().map(line -> "  " + line).forEach(lines::add);
  }

  private void say(String line) {
    lines.add(ForeignText.shown(line));
  }

  private void fact(String name, String form, Summation summation) {
    fact(name, String.format(Locale.ROOT, form, time(summation.after()), time(summation.to())));
  }

  private void fact(String name, String what) {
    say(String.format(Locale.ROOT, "%-8s  %s", name, what));
  }

  private void list(String title, Listing listing) {
    if (listing.lines().isEmpty()) {
      return;
    }
    lines.add("");
    lines.add(title);
    lines.add(
        String.format(Locale.ROOT, LINE, "event time", "transaction", "kind", "amount", "sum", ""));
    if (listing.earlier() > 0) {
      lines.add(
          String.format(
              Locale.ROOT,
              LINE,
              "… " + listing.earlier() + " more before these",
              "",
              "",
              listing.earlierSum(),
              listing.earlierSum(),
              "  (--rows shows more)"));
    }
    for (Line line : listing.lines()) {
      say(
          String.format(
              Locale.ROOT,
              LINE,
              time(line.eventTime()),
              line.transactionId(),
              line.kind(),
              line.amount(),
              line.sum(),
              line.verdict().equals("TOO_LATE") ? "  TOO_LATE" : ""));
    }
  }

  private static String counted(long transactions) {
    return transactions == 1 ? "1 transaction" : transactions + " transactions";
  }

  private static String stored(Summation summation) {
    if (summation.stored() == null) {
      return ", as stored now";
    }
    return summation.stored().equals(summation.recomputed())
        ? ", stored and recomputed"
        : " recomputed, but stored as " + summation.stored();
  }

  private static String balance(Balance balance, String currency) {
    if (balance == null) {
      return "none: there was no account";
    }
    var text = new StringBuilder(balance.amount()).append(' ').append(currency);
    if (balance.version() != null) {
      text.append(", version ").append(balance.version());
    }
    if (balance.inForceSince() == null) {
      return text.append(", of which the history knows nothing more").toString();
    }
    text.append(", in force since ").append(time(balance.inForceSince()));
    text.append(", recorded at ").append(time(balance.recordedAt()));
    if (balance.accountClosedAt() != null) {
      text.append("; the account was closed at ").append(time(balance.accountClosedAt()));
    }
    return text.toString();
  }

  private static String alert(Announcement alert) {
    return String.format(
        Locale.ROOT,
        "%s at %s%s%s: %s",
        alert.type(),
        time(alert.eventTime()),
        alert.cause() == null ? "" : " by " + alert.cause(),
        alert.late() ? ", late" : "",
        alert.alertId());
  }

  private static String episode(Episode episode) {
    return String.format(
        Locale.ROOT,
        "%s, from %s to %s",
        episode.episodeId(),
        instant(episode.raisedAt(), "?"),
        episode.clearedAt() == null
            ? "now, not ended"
            : instant(episode.clearedAt(), "?") + " by " + episode.cause());
  }

  private static String instant(Instant instant, String otherwise) {
    return instant == null ? otherwise : time(instant);
  }

  private static String source(Arrival arrival) {
    return String.format(
        Locale.ROOT,
        "%s, partition %d, offset %d, %s; decided at %s",
        arrival.topic(),
        arrival.partition(),
        arrival.offset(),
        arrival.outOfOrder() ? "out of order" : "in order",
        time(arrival.decidedAt()));
  }
}
