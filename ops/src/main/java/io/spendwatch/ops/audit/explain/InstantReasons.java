package io.spendwatch.ops.audit.explain;

import static io.spendwatch.ops.audit.explain.Wording.money;
import static io.spendwatch.ops.audit.explain.Wording.time;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.audit.explain.Explanation.Episode;
import io.spendwatch.ops.audit.explain.Explanation.Subject;
import io.spendwatch.ops.audit.explain.StoredFacts.Entry;
import io.spendwatch.ops.audit.explain.StoredFacts.Sum;
import io.spendwatch.protocol.Verdict;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How a user stood at an instant, by what is stored now, and why there was an alert or none. An
 * episode opens at a transaction or a version of the balance; so a sum that is greater than the
 * balance is not always one.
 */
final class InstantReasons {
  private final StoredFacts facts;
  private final int rowsMax;

  InstantReasons(StoredFacts facts, int rowsMax) {
    this.facts = facts;
    this.rowsMax = rowsMax;
  }

  /**
   * What held at the instant.
   *
   * @param last transaction up to it; null without any
   * @param passedBy the first transaction to arrive with a later event time; null without one
   * @param version of the balance in force; null where the history knows none
   * @param balanceMinor null without an account
   */
  private record Standing(
      String userId,
      Instant at,
      StoredTransaction last,
      StoredTransaction passedBy,
      AccountVersion version,
      Long balanceMinor,
      String currency) {

    /** When it was last looked whether there is a breach. */
    Instant lookedAt() {
      Instant counted = last == null ? StoredFacts.BEFORE_ALL : last.eventTime();
      return version == null || version.asOf().isBefore(counted) || version.asOf().isAfter(at)
          ? counted
          : version.asOf();
    }
  }

  Explanation explain(String userId, Instant at) {
    Standing standing = standing(userId, at);
    var window = new Window(userId, standing.currency(), at, Known.ALL);
    Sum sum = facts.sum(window);
    var alerts = facts.alerts(userId, at);
    Episode episode = Wording.episodeAt(at, alerts);
    boolean breach =
        standing.balanceMinor() != null && sum.exposureMinor() > standing.balanceMinor();
    List<String> remarks = new ArrayList<>();
    List<String> differences = new ArrayList<>();
    String therefore;
    if (episode != null) {
      therefore = "the user was in an episode, since " + time(episode.raisedAt());
      remarks.add(
          String.format(
              Locale.ROOT,
              "Its alert is %s, raised at its start; an episode raises one.",
              episode.raisedAlertId()));
      if (!breach) {
        remarks.add(
            "By what is stored now it is no breach; what was announced stays as it was announced.");
      }
    } else if (standing.balanceMinor() == null) {
      therefore = "there was no alert, since there was no account to hold it against";
      if (standing.version() != null) {
        remarks.add(
            String.format(
                Locale.ROOT, "The account went at %s.", time(standing.version().closedAt())));
      }
    } else if (!breach) {
      therefore = "there was no alert, since that is no breach";
    } else {
      therefore = "there was no alert all the same";
      String reason = reason(standing, window);
      if (reason == null) {
        differences.add("by all that is stored, an alert is missing");
      } else {
        remarks.add(reason);
      }
    }
    return new Explanation(
        Subject.INSTANT,
        sentence(standing, sum, therefore),
        remarks,
        Summation.of(facts, window, sum, null, rowsMax),
        standing.balanceMinor() == null
            ? null
            : Wording.held(
                standing.balanceMinor(),
                standing.currency(),
                standing.last() == null ? null : standing.last().balanceVersion(),
                standing.version()),
        standing.last() == null ? null : standing.last().verdict().name(),
        Wording.announcements(alerts),
        episode,
        null,
        differences);
  }

  /** The balance is that in force, by the versions known now; none where the account had gone. */
  private Standing standing(String userId, Instant at) {
    StoredTransaction last =
        facts.latest(userId, StoredFacts.BEFORE_ALL, at, Long.MAX_VALUE).orElse(null);
    StoredTransaction passedBy = facts.passed(userId, at).orElse(null);
    AccountVersion version = facts.versionAt(userId, at).orElse(null);
    if (version != null && version.closedAt() != null && !version.closedAt().isAfter(at)) {
      return new Standing(userId, at, last, passedBy, version, null, version.currency());
    }
    if (version != null) {
      return new Standing(
          userId, at, last, passedBy, version, version.balanceMinor(), version.currency());
    }
    if (last == null) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "user %s had neither an account nor a transaction up to %s",
              userId,
              time(at)));
    }
    return new Standing(userId, at, last, passedBy, null, last.balanceMinor(), last.currency());
  }

  private static String sentence(Standing standing, Sum sum, String therefore) {
    String spent =
        String.format(
            Locale.ROOT,
            "User %s spent %s in the 24 hours to %s",
            standing.userId(),
            money(sum.exposureMinor(), standing.currency()),
            time(standing.at()));
    return standing.balanceMinor() == null
        ? String.format(Locale.ROOT, "%s; %s.", spent, therefore)
        : String.format(
            Locale.ROOT,
            "%s, %s; %s.",
            spent,
            Wording.comparison(
                sum.exposureMinor(),
                standing.balanceMinor(),
                standing.currency(),
                standing.version()),
            therefore);
  }

  /** Why a breach by what is stored now opened no episode; null where nothing says so. */
  private String reason(Standing standing, Window window) {
    long balanceMinor = standing.balanceMinor();
    String currency = window.currency();
    var whenLookedAt = new Window(window.userId(), currency, standing.lookedAt(), Known.ALL);
    if (facts.sum(whenLookedAt).exposureMinor() <= balanceMinor) {
      return String.format(
          Locale.ROOT,
          """
          It is so only since a refund left the 24 hours, after %s, when it was last looked at. That opens no episode; the \
          next transaction does.""",
          time(standing.lookedAt()));
    }
    long inTimeMinor =
        facts.entries(window, Integer.MAX_VALUE).entries().stream()
            .filter(entry -> entry.verdict() != Verdict.TOO_LATE)
            .mapToLong(Entry::signedMinor)
            .sum();
    if (inTimeMinor <= balanceMinor) {
      return String.format(
          Locale.ROOT,
          """
          Without what came too late, 24 hours or more behind the user's latest, it would be %s: that raises nothing.""",
          money(inTimeMinor, currency));
    }
    if (standing.passedBy() != null) {
      long known = facts.arrival(standing.passedBy()) - 1;
      Instant looked =
          facts
              .latest(window.userId(), StoredFacts.BEFORE_ALL, window.end(), known + 1)
              .map(StoredTransaction::eventTime)
              .orElse(window.start());
      long knownMinor =
          facts
              .sum(
                  new Window(
                      window.userId(),
                      currency,
                      looked,
                      Known.upTo(facts.stays(window.userId()), known)))
              .exposureMinor();
      if (knownMinor <= balanceMinor) {
        return String.format(
            Locale.ROOT,
            """
            When the user's time passed that instant, the last transaction known was of %s, and left %s; the rest arrived \
            later, out of order. Of what that changes, only a breach that lasts longer than the episodes announced is raised.""",
            time(looked),
            money(knownMinor, currency));
      }
    }
    AccountVersion version = standing.version();
    if (version != null && standing.last() != null) {
      StoredTransaction last = standing.last();
      if (last.ingestedAt().isBefore(version.recordedAt())) {
        return String.format(
            Locale.ROOT,
            """
            Version %d of the balance came at %s, after the last transaction up to then: it is looked at once the partition's \
            time has passed its %s, and that of a user without a transaction in 48 hours with the next one.""",
            version.version(),
            time(version.recordedAt()),
            time(version.asOf()));
      }
    }
    return null;
  }
}
