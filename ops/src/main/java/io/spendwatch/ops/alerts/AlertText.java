package io.spendwatch.ops.alerts;

import static io.spendwatch.protocol.ForeignText.shown;

import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.Money;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Alerts for people. */
public final class AlertText {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  /** Two of the five groups of a UUID. */
  private static final int SHORT_ID = 13;

  private AlertText() {}

  /** One line: when, what, its short id, who, the sum, the balance, the excess. */
  public static String line(Alert alert) {
    String currency = alert.currency();
    String excess =
        switch (alert.type()) {
          case RAISED ->
              "  exceeds by "
                  + Money.formatDifference(alert.exposureMinor(), alert.balanceMinor(), currency);
          case CLEARED -> "  " + cause(alert);
        };
    return String.format(
        Locale.ROOT,
        "%s  %-7s  %-13s  user %-20s  spent %12s %s in 24 h  balance %12s%s%s",
        TIME.format(Instant.ofEpochMilli(alert.eventTimeMs())),
        alert.type(),
        shown(shortId(alert.alertId())),
        shown(alert.userId()),
        Money.format(alert.exposureMinor(), currency),
        shown(currency),
        Money.format(alert.balanceMinor(), currency),
        excess,
        alert.late() ? "  (late)" : "");
  }

  /** The beginning of an id, as {@code explain} takes it: one of many millions is alone with it. */
  private static String shortId(String alertId) {
    return alertId.substring(0, Math.min(SHORT_ID, alertId.length()));
  }

  private static String cause(Alert alert) {
    return switch (alert.cause()) {
      case EXPIRY -> "ended as spend left the window";
      case REFUND -> "ended by a refund";
      case BALANCE -> "ended by a new balance";
      case OTHER -> "ended";
    };
  }
}
