package io.spendwatch.ops.questions;

import io.spendwatch.streams.database.EventTimes;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** What is told of a user that no actor has in memory. Thread-safe, blocks nobody. */
public final class UserDetails {
  private static final String USER_DETAILS = SqlText.load(UserDetails.class, "user_details");
  private static final String LAST_CURRENCY = SqlText.load(UserDetails.class, "last_currency");

  private final Statements database;

  public UserDetails(Statements database) {
    this.database = database;
  }

  /**
   * Of one user.
   *
   * @param username null for none
   * @param opening of the episode that was asked for; null where its alert is not stored
   */
  record Details(String username, Opening opening) {}

  /**
   * How an episode began, as its alert says.
   *
   * @param transactionId null where a balance began it
   */
  record Opening(
      long atMs, String transactionId, long exposureMinor, long balanceMinor, String currency) {}

  /**
   * Reads them, in one statement by keys.
   *
   * @param episodeId null for none
   */
  CompletionStage<Details> of(String userId, String episodeId) {
    return database
        .read(USER_DETAILS, Tuple.of(userId, episodeId))
        .thenApply(rows -> details(rows.iterator().next()));
  }

  private static Details details(Row row) {
    return new Details(
        row.getString(0),
        row.getLong(2) == null
            ? null
            : new Opening(
                EventTimes.toMs(row.getOffsetDateTime(5)),
                row.getString(1),
                row.getLong(2),
                row.getLong(3),
                row.getString(4)));
  }

  /** Currency of the user's latest transaction, however long ago; empty for who has none. */
  CompletionStage<Optional<String>> lastCurrency(String userId) {
    return database
        .read(LAST_CURRENCY, Tuple.of(userId))
        .thenApply(
            rows -> {
              for (Row row : rows) {
                return Optional.of(row.getString(0));
              }
              return Optional.empty();
            });
  }
}
