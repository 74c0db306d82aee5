package io.spendwatch.ops.audit.explain;

import io.spendwatch.ops.audit.explain.Explanation.Announcement;
import io.spendwatch.ops.audit.explain.Explanation.Balance;
import io.spendwatch.ops.audit.explain.Explanation.Episode;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Money;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** How explanations say money, times and comparisons, and what they repeat of alerts. */
final class Wording {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSS 'UTC'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private Wording() {}

  static String time(Instant instant) {
    return TIME.format(instant);
  }

  static String decimal(long minor, String currency) {
    return Money.format(minor, currency);
  }

  static String money(long minor, String currency) {
    return decimal(minor, currency) + " " + currency;
  }

  /** Such as: 5.00 USD more than the balance of 10.00 USD (version 3, in force since …). */
  static String comparison(
      long exposureMinor, long balanceMinor, String currency, AccountVersion version) {
    String balance = balance(balanceMinor, currency, version);
    if (exposureMinor == balanceMinor) {
      return "exactly " + balance + ", and equal is no breach";
    }
    boolean more = exposureMinor > balanceMinor;
    return String.format(
        Locale.ROOT,
        "%s %s %s than %s",
        more
            ? Money.formatDifference(exposureMinor, balanceMinor, currency)
            : Money.formatDifference(balanceMinor, exposureMinor, currency),
        currency,
        more ? "more" : "less",
        balance);
  }

  /**
   * The balance, with what the history knows of it.
   *
   * @param version null where it knows nothing
   */
  static String balance(long balanceMinor, String currency, AccountVersion version) {
    return "the balance of "
        + money(balanceMinor, currency)
        + (version == null
            ? ""
            : String.format(
                Locale.ROOT,
                " (version %d, in force since %s)",
                version.version(),
                time(version.asOf())));
  }

  /**
   * The balance for the record.
   *
   * @param version null where the history knows nothing
   */
  static Balance held(long balanceMinor, String currency, Long number, AccountVersion version) {
    return version == null
        ? new Balance(decimal(balanceMinor, currency), number, null, null, null)
        : new Balance(
            decimal(balanceMinor, currency),
            version.version(),
            version.asOf(),
            version.recordedAt(),
            version.closedAt());
  }

  static List<Announcement> announcements(List<Alert> alerts) {
    return alerts.stream()
        .map(
            alert ->
                new Announcement(
                    alert.alertId(),
                    alert.type().name(),
                    at(alert),
                    alert.transactionId(),
                    alert.cause() == null ? null : alert.cause().name(),
                    alert.late(),
                    Instant.ofEpochMilli(alert.detectedAtMs())))
        .toList();
  }

  /** The episode of this id, as far as these alerts tell of it. */
  static Episode episode(String episodeId, List<Alert> alerts) {
    Optional<Alert> raised = find(episodeId, AlertType.RAISED, alerts);
    Optional<Alert> cleared = find(episodeId, AlertType.CLEARED, alerts);
    return new Episode(
        episodeId,
        raised.map(Wording::at).orElse(null),
        raised.map(Alert::alertId).orElse(null),
        cleared.map(Wording::at).orElse(null),
        cleared.map(Alert::alertId).orElse(null),
        cleared.map(alert -> alert.cause().name()).orElse(null));
  }

  /** The episode that lasts at this instant; null for none. */
  static Episode episodeAt(Instant at, List<Alert> alerts) {
    return alerts.stream()
        .filter(alert -> alert.type() == AlertType.RAISED)
        .map(alert -> episode(alert.episodeId(), alerts))
        .filter(episode -> !episode.raisedAt().isAfter(at))
        .filter(episode -> episode.clearedAt() == null || episode.clearedAt().isAfter(at))
        .findFirst()
        .orElse(null);
  }

  static Instant at(Alert alert) {
    return Instant.ofEpochMilli(alert.eventTimeMs());
  }

  private static Optional<Alert> find(String episodeId, AlertType type, List<Alert> alerts) {
    return alerts.stream()
        .filter(alert -> alert.episodeId().equals(episodeId) && alert.type() == type)
        .findFirst();
  }
}
