package io.spendwatch.ops.explain;

import static io.spendwatch.ops.explain.Wording.money;
import static io.spendwatch.ops.explain.Wording.time;

import io.spendwatch.ops.OperatorException;
import io.spendwatch.ops.explain.Explanation.Episode;
import io.spendwatch.ops.explain.Explanation.Subject;
import io.spendwatch.ops.explain.StoredFacts.Entry;
import io.spendwatch.ops.explain.StoredFacts.Sum;
import io.spendwatch.protocol.Verdict;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How a user stood at an instant, by what is stored now, and why there was an alert or none. An
 * episode opens at a transaction or a change of the balance, as known when it was looked at; so a
 * sum that is greater than the balance is not always one.
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
   * @param changed the version that came into force since the last one; null without one
   * @param version of the balance; null where the history knows none
   * @param balanceMinor null without an account
   */
  private record Standing(
      String userId,
      Instant at,
      StoredTransaction last,
      StoredTransaction passedBy,
      AccountVersion changed,
      AccountVersion version,
      Long balanceMinor,
      String currency) {

    /** When it was last looked whether there is a breach. */
    Instant lookedAt() {
      Instant counted = last == null ? StoredFacts.BEFORE_ALL : last.eventTime();
      return changed == null || changed.inForceSince().isBefore(counted)
          ? counted
          : changed.inForceSince();
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

  /**
   * The balance is that which the last transaction was held against, or one that has come into
   * force since; but none that the next transaction was not held against yet.
   */
  private Standing standing(String userId, Instant at) {
    StoredTransaction last =
        facts.latest(userId, StoredFacts.BEFORE_ALL, at, Long.MAX_VALUE).orElse(null);
    StoredTransaction passedBy = facts.passed(userId, at).orElse(null);
    Long held = last == null ? null : last.balanceVersion();
    Long heldNext = passedBy == null ? Long.valueOf(Long.MAX_VALUE) : passedBy.balanceVersion();
    AccountVersion changed =
        facts
            .versionAt(userId, held == null ? 0 : held, heldNext == null ? 0 : heldNext, at)
            .orElse(null);
    if (changed != null) {
      return new Standing(
          userId, at, last, passedBy, changed, changed, changed.balanceMinor(), changed.currency());
    }
    if (last == null) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "user %s had neither an account nor a transaction up to %s",
              userId,
              time(at)));
    }
    AccountVersion version = held == null ? null : facts.version(userId, held).orElse(null);
    return new Standing(
        userId, at, last, passedBy, null, version, last.balanceMinor(), last.currency());
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
    AccountVersion version = standing.version();
    if (version != null && version.closedAt() != null) {
      return String.format(
          Locale.ROOT,
          "The account with this balance was closed at %s, by the database's clock: that ends an episode.",
          time(version.closedAt()));
    }
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
      long known = standing.passedBy().offset() - 1;
      Instant looked =
          facts
              .latest(window.userId(), StoredFacts.BEFORE_ALL, window.end(), known + 1)
              .map(StoredTransaction::eventTime)
              .orElse(window.start());
      long knownMinor =
          facts
              .sum(new Window(window.userId(), currency, looked, Known.upTo(known)))
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
    } else if (standing.changed() != null && standing.last() != null) {
      Long heldMinor = standing.last().balanceMinor();
      return String.format(
          Locale.ROOT,
          """
          The last transaction was held against %s, and none has come since: a user who is not in memory is looked at with \
          the next one.""",
          heldMinor == null ? "no account" : money(heldMinor, currency));
    }
    return null;
  }
}
