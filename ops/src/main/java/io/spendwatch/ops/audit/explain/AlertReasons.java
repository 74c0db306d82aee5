package io.spendwatch.ops.audit.explain;

import static io.spendwatch.ops.audit.explain.Wording.money;
import static io.spendwatch.ops.audit.explain.Wording.time;

import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.ops.audit.explain.Explanation.Arrival;
import io.spendwatch.ops.audit.explain.Explanation.Subject;
import io.spendwatch.ops.audit.explain.StoredFacts.Entries;
import io.spendwatch.ops.audit.explain.StoredFacts.Sum;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** Why an alert was raised or cleared. */
final class AlertReasons {
  private static final Duration WINDOW = Rule.EXPOSURE_24H.window();

  private final StoredFacts facts;
  private final int rowsMax;

  AlertReasons(StoredFacts facts, int rowsMax) {
    this.facts = facts;
    this.rowsMax = rowsMax;
  }

  /** A window as it was known at one of the points at which the alert can have been decided. */
  private record Candidate(Window window, Sum sum) {
    boolean is(Alert alert) {
      return sum.exposureMinor() == alert.exposureMinor()
          && sum.transactions() == alert.transactions();
    }
  }

  Explanation explain(Alert alert) {
    Instant at = Wording.at(alert);
    // A record that reveals something about an instant is at most a window away from it.
    Optional<StoredTransaction> arrival =
        facts.arrivedWith(alert, at.minus(WINDOW), at.plus(WINDOW));
    Candidate decided = decided(alert);
    AccountVersion version =
        facts.versionOf(alert.userId(), alert.balanceMinor(), alert.currency(), at).orElse(null);
    List<Alert> alerts = facts.alerts(alert.userId(), at);
    Summation summation =
        Summation.of(facts, decided.window(), decided.sum(), alert.exposureMinor(), rowsMax);
    Entries left = null;
    if (alert.cause() == AlertCause.EXPIRY) {
      left = facts.left(decided.window(), rowsMax);
      summation = summation.withLeft(left);
    }
    return new Explanation(
        Subject.ALERT,
        sentence(alert, version, left),
        remarks(alert, arrival),
        summation,
        Wording.held(alert.balanceMinor(), alert.currency(), null, version),
        null,
        Wording.announcements(List.of(alert)),
        Wording.episode(alert.episodeId(), alerts),
        new Arrival(
            alert.source().topic(),
            alert.source().partition(),
            alert.source().offset(),
            alert.late(),
            Instant.ofEpochMilli(alert.detectedAtMs())),
        differences(alert, decided));
  }

  /**
   * What is decided with a transaction knows it. The end of an episode, or a change of the balance,
   * is looked at before the record that was due next is counted, or before all of its batch, or
   * after it; the alert has the place of that record in any case, and only its figures tell which.
   */
  private Candidate decided(Alert alert) {
    Stays stays = facts.stays(alert.userId());
    long arrival = facts.arrival(alert);
    var window =
        new Window(alert.userId(), alert.currency(), Wording.at(alert), Known.upTo(stays, arrival));
    Candidate first = candidate(window);
    if (alert.late() || alert.transactionId() != null || first.is(alert)) {
      return first;
    }
    return Stream.concat(
            Stream.of(Known.upTo(stays, arrival - 1)),
            facts.lastBatch(window).stream().map(batch -> new Known(stays, arrival, batch)))
        .map(known -> candidate(window.asOf(known)))
        .filter(other -> other.is(alert))
        .findFirst()
        .orElse(first);
  }

  private Candidate candidate(Window window) {
    return new Candidate(window, facts.sum(window));
  }

  private static String sentence(Alert alert, AccountVersion version, Entries left) {
    return alert.type() == AlertType.RAISED
        ? raised(alert, version)
        : cleared(alert, version, left);
  }

  private static String raised(Alert alert, AccountVersion version) {
    String currency = alert.currency();
    String comparison =
        Wording.comparison(alert.exposureMinor(), alert.balanceMinor(), currency, version);
    String by =
        alert.transactionId() == null
            ? "when that came into force"
            : "with transaction " + alert.transactionId();
    return String.format(
        Locale.ROOT,
        "User %s spent %s in the 24 hours to %s, %s, %s.",
        alert.userId(),
        money(alert.exposureMinor(), currency),
        time(Wording.at(alert)),
        comparison,
        by);
  }

  private static String cleared(Alert alert, AccountVersion version, Entries left) {
    String currency = alert.currency();
    boolean within = alert.exposureMinor() <= alert.balanceMinor();
    String why =
        switch (alert.cause()) {
          case EXPIRY ->
              String.format(Locale.ROOT, "when %s left the 24 hours", left(left, currency));
          case REFUND ->
              alert.transactionId() == null
                  ? "through a refund"
                  : "with refund " + alert.transactionId();
          case BALANCE ->
              within ? "when that balance came into force" : "when the account was closed";
          case OTHER -> "for a reason that this version does not know";
        };
    return within
        ? String.format(
            Locale.ROOT,
            "User %s was out of breach at %s, %s: %s spent in the 24 hours to then, %s.",
            alert.userId(),
            time(Wording.at(alert)),
            why,
            money(alert.exposureMinor(), currency),
            Wording.comparison(alert.exposureMinor(), alert.balanceMinor(), currency, version))
        : String.format(
            Locale.ROOT,
            "The episode of user %s ended at %s, %s.",
            alert.userId(),
            time(Wording.at(alert)),
            why);
  }

  private static String left(Entries left, String currency) {
    if (left.entries().isEmpty()) {
      return "spend";
    }
    StoredFacts.Entry last = left.entries().getLast();
    String one = last.transactionId() + " of " + money(last.signedMinor(), currency);
    return left.total() == 1 ? one : one + " and " + (left.total() - 1) + " more";
  }

  private static List<String> remarks(Alert alert, Optional<StoredTransaction> arrival) {
    List<String> remarks = new ArrayList<>();
    if (alert.late() && alert.revealedBy() == null) {
      remarks.add(
          "It became visible when a version of the balance came that was in force earlier.");
    } else if (alert.late()) {
      remarks.add(
          arrival
              .map(
                  row ->
                      String.format(
                          Locale.ROOT,
                          "It became visible when transaction %s, of %s, arrived out of order.",
                          row.transactionId(),
                          time(row.eventTime())))
              .orElse(
                  String.format(
                      Locale.ROOT,
                      "It became visible when transaction %s arrived out of order.",
                      alert.revealedBy())));
    }
    return remarks;
  }

  private static List<String> differences(Alert alert, Candidate decided) {
    List<String> differences = new ArrayList<>();
    String currency = alert.currency();
    if (!decided.is(alert)) {
      differences.add(
          String.format(
              Locale.ROOT,
              "the exposure is stored as %s of %d transactions, but they come to %s of %d",
              money(alert.exposureMinor(), currency),
              alert.transactions(),
              money(decided.sum().exposureMinor(), currency),
              decided.sum().transactions()));
    }
    boolean breach = alert.exposureMinor() > alert.balanceMinor();
    if (alert.type() == AlertType.RAISED && !breach) {
      differences.add("it was raised, but the stored exposure is not more than the stored balance");
    } else if (alert.type() == AlertType.CLEARED && breach && alert.cause() != AlertCause.BALANCE) {
      differences.add("it was cleared, but the stored exposure is more than the stored balance");
    }
    return differences;
  }
}
