package io.spendwatch.loadgen.shop;

import io.spendwatch.errors.OperatorException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Users and their transactions, as plainly as can be; after each transaction the database is asked
 * which users have spent more than they have in 24 hours, as one would without Spendwatch.
 * Thread-safe.
 */
final class PlainShop implements Application {
  private static final Duration WINDOW = Duration.ofHours(24);
  private static final int AMOUNT_MINOR_MAX = 250_00;

  static final String INSERT =
      "INSERT INTO transactions (user_id, amount, created_at) VALUES (?, ?, ?)";

  private static final String RISKY_USERS = ShopTables.load("risky_users.sql");

  private static final String USERS = "SELECT id FROM users ORDER BY id LIMIT ?";

  private final List<Long> users;
  private final double returnProbability;

  private PlainShop(List<Long> users, double returnProbability) {
    this.users = users;
    this.returnProbability = returnProbability;
  }

  /**
   * Reads who there is.
   *
   * @param users who spend, from the first on
   * @param returnProbability of the transactions, the share that is money back
   * @throws OperatorException if the tables are not there, or the database refuses
   */
  static PlainShop open(ShopDatabase database, int users, double returnProbability) {
    try (Connection connection = database.connect()) {
      return new PlainShop(ids(connection, users), returnProbability);
    } catch (SQLException e) {
      throw ShopTables.failed(database, e);
    }
  }

  /** The first users' ids. */
  static List<Long> ids(Connection connection, int users) throws SQLException {
    List<Long> ids = new ArrayList<>();
    try (PreparedStatement question = connection.prepareStatement(USERS)) {
      question.setInt(1, users);
      try (ResultSet rows = question.executeQuery()) {
        while (rows.next()) {
          ids.add(rows.getLong(1));
        }
      }
    }
    connection.commit();
    return ids;
  }

  /** Of one transaction; negative for money back. */
  static long amountMinor(SplittableRandom random, double returnProbability) {
    long amountMinor = random.nextInt(1, AMOUNT_MINOR_MAX);
    return random.nextDouble() < returnProbability ? -amountMinor : amountMinor;
  }

  @Override
  public Step next(SplittableRandom random, LocalDateTime nowUtc) {
    long user = users.get(random.nextInt(users.size()));
    long amountMinor = amountMinor(random, returnProbability);
    return connection -> spend(connection, user, amountMinor, nowUtc);
  }

  @Override
  public Optional<Step> followUp(Outcome outcome, LocalDateTime nowUtc) {
    return outcome instanceof Outcome.Spent
        ? Optional.of(connection -> riskyUsers(connection, nowUtc.minus(WINDOW)))
        : Optional.empty();
  }

  private static Outcome spend(
      Connection connection, long user, long amountMinor, LocalDateTime nowUtc)
      throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
      insert.setLong(1, user);
      insert.setBigDecimal(2, ShopTables.money(amountMinor));
      insert.setObject(3, nowUtc);
      insert.executeUpdate();
    }
    return new Outcome.Spent(amountMinor);
  }

  private static Outcome riskyUsers(Connection connection, LocalDateTime after)
      throws SQLException {
    Set<Long> risky = new HashSet<>();
    try (PreparedStatement question = connection.prepareStatement(RISKY_USERS)) {
      question.setObject(1, after);
      try (ResultSet rows = question.executeQuery()) {
        while (rows.next()) {
          risky.add(rows.getLong(1));
        }
      }
    }
    return new Outcome.Asked(risky);
  }
}
