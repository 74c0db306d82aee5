package io.spendwatch.ops.audit.explain;

import static io.spendwatch.ops.audit.explain.Wording.money;
import static io.spendwatch.ops.audit.explain.Wording.time;

import io.spendwatch.ops.audit.explain.Explanation.Arrival;
import io.spendwatch.ops.audit.explain.Explanation.Episode;
import io.spendwatch.ops.audit.explain.Explanation.Subject;
import io.spendwatch.ops.audit.explain.StoredFacts.Sum;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Why a transaction has its verdict, and what that led to. */
final class TransactionReasons {
  private final StoredFacts facts;
  private final String topic;
  private final int rowsMax;

  TransactionReasons(StoredFacts facts, String topic, int rowsMax) {
    this.facts = facts;
    this.topic = topic;
    this.rowsMax = rowsMax;
  }

  Explanation explain(StoredTransaction row) {
    long arrival = facts.arrival(row);
    var window =
        new Window(
            row.userId(),
            row.currency(),
            row.eventTime(),
            Known.upTo(facts.stays(row.userId()), arrival));
    Sum sum = facts.sum(window);
    AccountVersion version =
        row.balanceVersion() == null
            ? null
            : facts.version(row.userId(), row.balanceVersion()).orElse(null);
    Optional<StoredTransaction> ahead =
        facts.latest(row.userId(), row.eventTime(), StoredFacts.AFTER_ALL, arrival);
    List<Alert> alerts = facts.alerts(row.userId(), row.eventTime(), arrival);
    List<Alert> ledTo = alerts.stream().filter(alert -> facts.arrival(alert) == arrival).toList();
    Episode lasting = lasting(row, alerts);
    List<String> differences = differences(row, sum, version);
    List<String> remarks = new ArrayList<>();
    ahead.ifPresent(
        latest ->
            remarks.add(
                String.format(
                    Locale.ROOT,
                    "It arrived out of order: the user's latest then was %s, of %s.",
                    latest.transactionId(),
                    time(latest.eventTime()))));
    facts
        .versionBefore(row.userId(), row.eventTime())
        .filter(now -> row.balanceVersion() == null || now.version() != row.balanceVersion())
        .ifPresent(
            now ->
                remarks.add(
                    String.format(
                        Locale.ROOT,
                        "Version %d of the balance, %s, in force since %s, came later, at %s: the verdict stays as it was.",
                        now.version(),
                        money(now.balanceMinor(), now.currency()),
                        time(now.asOf()),
                        time(now.recordedAt()))));
    remarkOnAlerts(row, ledTo, lasting, ahead.isPresent(), remarks, differences);
    return new Explanation(
        Subject.TRANSACTION,
        sentence(row, version),
        remarks,
        Summation.of(facts, window, sum, row.exposureMinor(), rowsMax),
        row.balanceMinor() == null
            ? null
            : Wording.held(row.balanceMinor(), row.currency(), row.balanceVersion(), version),
        row.verdict().name(),
        Wording.announcements(ledTo),
        lasting == null && !ledTo.isEmpty()
            ? Wording.episode(ledTo.getLast().episodeId(), alerts)
            : lasting,
        new Arrival(topic, row.partition(), row.offset(), ahead.isPresent(), row.ingestedAt()),
        differences);
  }

  /** The episode that lasted at its time when it arrived, else that of today; null for none. */
  private Episode lasting(StoredTransaction row, List<Alert> alerts) {
    List<Alert> then =
        alerts.stream().filter(alert -> facts.arrival(alert) <= facts.arrival(row)).toList();
    Episode known = Wording.episodeAt(row.eventTime(), then);
    return known == null
        ? Wording.episodeAt(row.eventTime(), alerts)
        : Wording.episode(known.episodeId(), alerts);
  }

  private static String sentence(StoredTransaction row, AccountVersion version) {
    String spent =
        String.format(
            Locale.ROOT,
            "User %s spent %s in the 24 hours to %s",
            row.userId(),
            money(row.exposureMinor(), row.currency()),
            time(row.eventTime()));
    String with = "with transaction " + row.transactionId();
    return switch (row.verdict()) {
      case CLEAR, BREACH ->
          String.format(
              Locale.ROOT,
              "%s, %s, %s.",
              spent,
              Wording.comparison(row.exposureMinor(), row.balanceMinor(), row.currency(), version),
              with);
      case NO_ACCOUNT ->
          String.format(Locale.ROOT, "%s, %s, and had no account to hold it against.", spent, with);
      case TOO_LATE ->
          String.format(
              Locale.ROOT,
              "%s, %s, which came too late to change anything: 24 hours or more behind the user's latest.",
              spent,
              with);
    };
  }

  private static void remarkOnAlerts(
      StoredTransaction row,
      List<Alert> ledTo,
      Episode lasting,
      boolean outOfOrder,
      List<String> remarks,
      List<String> differences) {
    boolean raised = ledTo.stream().anyMatch(alert -> alert.type() == AlertType.RAISED);
    if (row.verdict() == Verdict.BREACH && !raised) {
      if (lasting != null) {
        remarks.add(
            String.format(
                Locale.ROOT,
                "It raised no alert of its own: the user was in breach since %s (alert %s), and an episode raises one.",
                time(lasting.raisedAt()),
                lasting.raisedAlertId()));
      } else if (outOfOrder) {
        remarks.add(
            "It raised no alert: it changes nothing beyond what had been announced of that time, and that stays.");
      } else {
        differences.add("it is a breach, but no alert covers its time");
      }
    } else if (row.verdict() == Verdict.CLEAR && lasting != null) {
      remarks.add(
          String.format(
              Locale.ROOT,
              "The episode of that time (since %s, alert %s) stays as it was announced.",
              time(lasting.raisedAt()),
              lasting.raisedAlertId()));
    }
  }

  private static List<String> differences(StoredTransaction row, Sum sum, AccountVersion version) {
    List<String> differences = new ArrayList<>();
    if (sum.exposureMinor() != row.exposureMinor()) {
      differences.add(
          String.format(
              Locale.ROOT,
              "the exposure is stored as %s, but its transactions come to %s",
              money(row.exposureMinor(), row.currency()),
              money(sum.exposureMinor(), row.currency())));
    }
    if (row.balanceMinor() != null) {
      boolean breach = row.exposureMinor() > row.balanceMinor();
      if (row.verdict() != Verdict.TOO_LATE && breach != (row.verdict() == Verdict.BREACH)) {
        differences.add(
            String.format(
                Locale.ROOT,
                "the verdict is %s, but the stored exposure is %s than the stored balance",
                row.verdict(),
                breach ? "more" : "not more"));
      }
      if (version != null && version.balanceMinor() != row.balanceMinor()) {
        differences.add(
            String.format(
                Locale.ROOT,
                "the balance is stored as %s, but version %d was %s",
                money(row.balanceMinor(), row.currency()),
                version.version(),
                money(version.balanceMinor(), version.currency())));
      }
    }
    return differences;
  }
}
