package io.spendwatch.ops.explain;

import io.spendwatch.ops.OperatorException;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.postgres.Statements;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Explains alerts, transactions, and instants without an alert, from the tables alone: the figure
 * is computed anew, by SQL that is shown. Blocks for the answers of the database; for one thread.
 *
 * <p>Throws {@link OperatorException} where there is nothing to explain or the database does not
 * answer.
 */
public final class Explanations {
  /** About when something was: so much to either side. */
  private static final Duration ABOUT = Duration.ofDays(1);

  private static final int LISTED_MAX = 10;

  private final Statements database;
  private final Topics topics;
  private final int rowsMax;

  /**
   * @param topics for the source of a transaction, and where what is not in the tables may be
   * @param rowsMax lines of each list; the sums are of all
   */
  public Explanations(Statements database, Topics topics, int rowsMax) {
    this.database = database;
    this.topics = topics;
    this.rowsMax = rowsMax;
  }

  /**
   * The alert or transaction with this id.
   *
   * @param userId of the transaction, null if not known: its event time is then searched whole
   * @param about the transaction's event time, to a day; null if not known
   */
  public Explanation of(String id, String userId, Instant about) {
    var facts = new StoredFacts(database);
    Optional<Alert> alert = facts.alert(id);
    return alert.isPresent()
        ? new AlertReasons(facts, rowsMax).explain(alert.get())
        : new TransactionReasons(facts, topics.transactions(), rowsMax)
            .explain(transaction(facts, id, userId, about));
  }

  /** How the user stood at this instant, and why there was an alert or none. */
  public Explanation at(String userId, Instant at) {
    return new InstantReasons(new StoredFacts(database), rowsMax).explain(userId, at);
  }

  private StoredTransaction transaction(
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
      return exact.getFirst();
    }
    if (found.size() == 1) {
      return found.getFirst();
    }
    if (found.isEmpty()) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "no alert and no transaction%s has the id %s; a record that could not be taken is in topic %s, with the reason",
              of(userId, about),
              id,
              topics.transactionsDeadLetters()));
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

  private static String of(String userId, Instant about) {
    return (userId == null ? "" : " of user " + userId)
        + (about == null ? "" : " within a day of " + Wording.time(about));
  }
}
