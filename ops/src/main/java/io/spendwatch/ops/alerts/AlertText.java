package io.spendwatch.ops.alerts;

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

  private AlertText() {}

  /** One line: when, what, who, the sum, the balance, the excess. */
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
        "%s  %-7s  user %-20s  spent %12s %s in 24 h  balance %12s%s%s",
        TIME.format(Instant.ofEpochMilli(alert.eventTimeMs())),
        alert.type(),
        alert.userId(),
        Money.format(alert.exposureMinor(), currency),
        currency,
        Money.format(alert.balanceMinor(), currency),
        excess,
        alert.late() ? "  (late)" : "");
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
