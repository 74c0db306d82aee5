package io.spendwatch.ops.alerts;

import static io.spendwatch.protocol.ForeignText.shown;

import io.spendwatch.ops.terminal.Terminal;
import io.spendwatch.ops.terminal.Terminal.Colour;
import io.spendwatch.ops.terminal.Wrapped;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Money;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * Alerts for people: one line each, which fits the terminal, with more in it where there is room.
 */
public final class AlertText {
  private static final DateTimeFormatter SECONDS = time("yyyy-MM-dd HH:mm:ss'Z'");
  private static final DateTimeFormatter MILLIS = time("yyyy-MM-dd HH:mm:ss.SSS'Z'");

  /** Two of the five groups of a UUID. */
  private static final int SHORT_ID = 13;

  /** From so many columns on a line has the sums, too. */
  private static final int WITH_SUMS = 104;

  /** And from so many on the milliseconds, and the words between. */
  private static final int WITH_ALL = 144;

  private static final int USER_WIDTH = 18;
  private static final int USER_MIN = 8;

  private AlertText() {}

  /**
   * One line: when, what, its short id, who, and by how much the balance is exceeded, or what ended
   * it; from {@value #WITH_SUMS} columns on with sum and balance.
   */
  public static String line(Alert alert, Terminal terminal) {
    boolean hasAll = terminal.columns() >= WITH_ALL;
    String type = String.format(Locale.ROOT, "%-7s", alert.type());
    String before =
        (hasAll ? MILLIS : SECONDS).format(Instant.ofEpochMilli(alert.eventTimeMs())) + " ";
    String between =
        String.format(
            Locale.ROOT, " %-13s ", Wrapped.cut(shown(shortId(alert.alertId())), SHORT_ID));
    String user = shown(alert.userId());
    String sums = hasAll ? inWords(alert) : terminal.columns() >= WITH_SUMS ? sums(alert) : "";
    String late = alert.late() ? " late" : "";
    int room =
        terminal.columns()
            - before.length()
            - type.length()
            - between.length()
            - sums.length()
            - late.length()
            - 1;
    // Who it is comes before how it is said.
    String outcome = outcome(alert, true);
    if (user.length() + outcome.length() > room) {
      outcome = outcome(alert, false);
    }
    int width = Math.max(USER_MIN, room - outcome.length());
    return before
        + terminal.coloured(type, alert.type() == AlertType.RAISED ? Colour.RED : Colour.GREEN)
        + between
        + String.format(
            Locale.ROOT, "%-" + Math.min(width, USER_WIDTH) + "s", Wrapped.cutWithin(user, width))
        + " "
        + sums
        + outcome
        + late;
  }

  private static String sums(Alert alert) {
    return String.format(
        Locale.ROOT,
        "%12s of %12s  ",
        Money.format(alert.exposureMinor(), alert.currency()),
        Money.format(alert.balanceMinor(), alert.currency()));
  }

  private static String inWords(Alert alert) {
    return String.format(
        Locale.ROOT,
        "spent %12s %s in 24 h, balance %12s  ",
        Money.format(alert.exposureMinor(), alert.currency()),
        shown(alert.currency()),
        Money.format(alert.balanceMinor(), alert.currency()));
  }

  private static String outcome(Alert alert, boolean inWords) {
    return switch (alert.type()) {
      case RAISED ->
          (inWords ? "over by " : "+")
              + Money.formatDifference(
                  alert.exposureMinor(), alert.balanceMinor(), alert.currency())
              + " "
              + shown(alert.currency());
      case CLEARED ->
          switch (alert.cause()) {
            case EXPIRY -> inWords ? "spend left the window" : "by time";
            case REFUND -> inWords ? "by a refund" : "refund";
            case BALANCE -> inWords ? "by a new balance" : "balance";
            case OTHER -> "ended";
          };
    };
  }

  /** The beginning of an id, as {@code explain} takes it: one of many millions is alone with it. */
  private static String shortId(String alertId) {
    return alertId.substring(0, Math.min(SHORT_ID, alertId.length()));
  }

  private static DateTimeFormatter time(String pattern) {
    return DateTimeFormatter.ofPattern(pattern, Locale.ROOT).withZone(ZoneOffset.UTC);
  }
}
