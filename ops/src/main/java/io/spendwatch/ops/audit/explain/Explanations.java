package io.spendwatch.ops.audit.explain;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.analysis.ArchiveAccess;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.database.Statements;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Explains alerts, transactions, and instants without an alert, from the tables alone, and from the
 * archive where days have left these: the figure is computed anew, by SQL that is shown. Blocks for
 * the answers of the database; for one thread.
 *
 * <p>Throws {@link OperatorException} where there is nothing to explain or the database does not
 * answer.
 */
public final class Explanations {
  /** About when something was: so much to either side. */
  private static final Duration ABOUT = Duration.ofDays(1);

  /**
   * What decides something is a window before it, and what reveals it at most a window after: so
   * many days are read from the archive where they have left.
   */
  private static final Duration AROUND = Duration.ofDays(2);

  /** Days leave one after the other. */
  private static final int LOOKS_MAX = 3;

  private static final int LISTED_MAX = 10;

  /** The beginning of an alert's id, which is a UUID. */
  private static final Pattern SHORT_ID = Pattern.compile("[0-9a-f][0-9a-f-]{3,34}");

  /** With so many characters it is taken for an alert's before transactions are looked through. */
  private static final int UNLIKE_OTHERS = 8;

  private final Statements database;
  private final Topics topics;
  private final int rowsMax;
  private final ArchiveAccess archive;

  /**
   * @param topics for the source of a transaction, and where what is not in the tables may be
   * @param rowsMax lines of each list; the sums are of all
   * @param archive for transactions of days that have left the tables
   */
  public Explanations(Statements database, Topics topics, int rowsMax, ArchiveAccess archive) {
    this.database = database;
    this.archive = archive;
    this.topics = topics;
    this.rowsMax = rowsMax;
  }

  /** Whether this can be the beginning of an alert's id that is taken for it. */
  public static boolean isShortId(String id) {
    return SHORT_ID.matcher(id).matches();
  }

  /**
   * The alert or transaction with this id, or the one alert whose id begins so.
   *
   * @param userId of the transaction, null if not known: its event time is then searched whole
   * @param about the transaction's event time, to a day; null if not known
   */
  public Explanation of(String id, String userId, Instant about) {
    var facts = new StoredFacts(database);
    boolean namesATransaction = userId != null || about != null;
    Optional<Alert> alert = facts.alert(id);
    if (alert.isEmpty() && !namesATransaction && id.length() >= UNLIKE_OTHERS) {
      alert = alertBeginningWith(facts, id);
    }
    Optional<StoredTransaction> transaction =
        alert.isPresent() ? Optional.empty() : transaction(facts, id, userId, about);
    if (alert.isEmpty() && transaction.isEmpty() && !namesATransaction) {
      alert = alertBeginningWith(facts, id);
    }
    if (alert.isPresent()) {
      Alert found = alert.get();
      return around(
          found.userId(),
          Wording.at(found),
          then -> new AlertReasons(then, rowsMax).explain(found));
    }
    if (transaction.isPresent()) {
      StoredTransaction found = transaction.get();
      return around(found.userId(), found.eventTime(), then -> explained(then, transaction.get()));
    }
    if (userId != null && about != null) {
      return around(
          userId,
          about,
          then ->
              explained(
                  then,
                  transaction(then, id, userId, about)
                      .orElseThrow(() -> unknown(id, userId, about))));
    }
    throw unknown(id, userId, about);
  }

  private Explanation explained(StoredFacts facts, StoredTransaction transaction) {
    return new TransactionReasons(facts, topics.transactions(), rowsMax).explain(transaction);
  }

  /**
   * Explains what happened to a user at an instant, from the tables and, where days around it have
   * left, from the archive. A day that leaves meanwhile is found there by the next look.
   */
  private Explanation around(
      String userId, Instant at, Function<StoredFacts, Explanation> explanation) {
    LocalDate from = LocalDate.ofInstant(at.minus(AROUND), ZoneOffset.UTC);
    LocalDate to = LocalDate.ofInstant(at.plus(AROUND), ZoneOffset.UTC);
    var tables = new StoredFacts(database);
    List<LocalDate> left = tables.daysLeft(from, to);
    for (int look = 1; ; look++) {
      Explanation explained =
          left.isEmpty()
              ? explanation.apply(new StoredFacts(database))
              : explanation
                  .apply(new StoredFacts(new WithArchived(database, archived(userId, left))))
                  .withRemark(fromTheArchive(left));
      List<LocalDate> now = tables.daysLeft(from, to);
      if (now.equals(left) || look == LOOKS_MAX) {
        return explained;
      }
      left = now;
    }
  }

  private String archived(String userId, List<LocalDate> left) {
    try {
      return archive.with(reader -> reader.transactions(userId, left.getFirst(), left.getLast()));
    } catch (OperatorException e) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "the user's transactions of %s have left the table for the archive, from which they"
                  + " could not be read: %s (what would explain it: `spendwatch explain` where"
                  + " SPENDWATCH_ARCHIVE_URI is set, or `spendwatch archive restore %s`)",
              days(left),
              e.getMessage(),
              left.getFirst()),
          e);
    }
  }

  private static String fromTheArchive(List<LocalDate> left) {
    return String.format(
        Locale.ROOT,
        "The transactions of %s have left the table: they were read from the archive, and the SQL"
            + " that is shown finds them when they are restored.",
        days(left));
  }

  private static String days(List<LocalDate> left) {
    return left.size() == 1
        ? left.getFirst().toString()
        : left.getFirst() + " to " + left.getLast();
  }

  /** How the user stood at this instant, and why there was an alert or none. */
  public Explanation at(String userId, Instant at) {
    return around(userId, at, facts -> new InstantReasons(facts, rowsMax).explain(userId, at));
  }

  private Optional<Alert> alertBeginningWith(StoredFacts facts, String id) {
    if (!isShortId(id)) {
      return Optional.empty();
    }
    List<Alert> found = facts.alertsBeginningWith(id, LISTED_MAX);
    if (found.size() > 1) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "several alerts have an id that begins with %s, say more of it: %s%s",
              id,
              found.stream()
                  .map(
                      alert ->
                          String.format(
                              Locale.ROOT,
                              "%s (%s, user %s, %s)",
                              alert.alertId(),
                              alert.type(),
                              alert.userId(),
                              Wording.time(Wording.at(alert))))
                  .collect(Collectors.joining(", ")),
              found.size() == LISTED_MAX ? ", …" : ""));
    }
    return found.stream().findFirst();
  }

  private Optional<StoredTransaction> transaction(
      StoredFacts facts, String id, String userId, Instant about) {
    List<StoredTransaction> found =
        facts.transactions(
            id,
            userId,
            about == null ? StoredFacts.BEFORE_ALL : about.minus(ABOUT),
            about == null ? StoredFacts.AFTER_ALL : about.plus(ABOUT),
            LISTED_MAX);
    List<StoredTransaction> exact =
        found.stream().filter(row -> row.eventTime().equals(about)).toList();
    if (exact.size() == 1) {
      return Optional.of(exact.getFirst());
    }
    if (found.size() <= 1) {
      return found.stream().findFirst();
    }
    throw new OperatorException(
        String.format(
            Locale.ROOT,
            "several transactions have the id %s, say which by --user and --at: %s%s",
            id,
            found.stream()
                .map(row -> "--user " + row.userId() + " --at " + row.eventTime())
                .collect(Collectors.joining(", ")),
            found.size() == LISTED_MAX ? ", …" : ""));
  }

  private OperatorException unknown(String id, String userId, Instant about) {
    return new OperatorException(
        String.format(
            Locale.ROOT,
            "no alert and no transaction%s has the id %s; a record that could not be taken is in"
                + " topic %s, with the reason",
            of(userId, about),
            id,
            topics.transactionsDeadLetters()));
  }

  private static String of(String userId, Instant about) {
    return (userId == null ? "" : " of user " + userId)
        + (about == null ? "" : " within a day of " + Wording.time(about));
  }
}
