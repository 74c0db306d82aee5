package io.spendwatch.loadgen.shop;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.loadgen.pace.Progress;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * What the shop did before anybody looked: rows of the past days, many a transaction, for a
 * snapshot to have something to read. Nobody may be selling meanwhile: tickets are numbered here.
 *
 * <p>What a customer spent then was in the opening balance, which grows by it; balances and stock
 * stay as they are.
 */
public final class ShopHistory {
  /** Over which it is spread evenly, up to now. */
  private static final Duration SPAN = Duration.ofDays(30);

  private static final int ROWS_PER_TRANSACTION = 5_000;

  private static final String LAST_TICKET =
      "SELECT coalesce(max(st_ticket_number), 0) FROM store_ticket";

  private static final String NEXT_TICKET_POSTGRES =
      "SELECT setval(pg_get_serial_sequence('store_ticket', 'st_ticket_number'),"
          + " (SELECT max(st_ticket_number) FROM store_ticket))";

  private static final String INSERT_TICKET =
      "INSERT INTO store_ticket (st_ticket_number, st_customer_sk, st_store_sk, st_sold_at)"
          + " VALUES (?, ?, ?, ?)";

  private static final String CHANGE_OPENING =
      "UPDATE customer SET c_opening_balance = c_opening_balance + ? WHERE c_customer_sk = ?";

  private final ShopDatabase database;
  private final SplittableRandom random;
  private final int users;
  private final double returnProbability;
  private final Instant until;

  /**
   * @param users who bought, from the first on; they are there
   * @param returnProbability of a line of a sale; of the plain shop's, the share that is money back
   * @param until when the last row is from
   */
  public ShopHistory(
      ShopDatabase database, int users, double returnProbability, long seed, Instant until) {
    this.database = database;
    this.random = new SplittableRandom(seed);
    this.users = users;
    this.returnProbability = returnProbability;
    this.until = until;
  }

  /**
   * Adds so many lines of sales, with returns of some, or so many transactions of the plain shop.
   * Blocks; an interruption of the process leaves whole transactions.
   *
   * @throws OperatorException if the tables are not there, or the database refuses
   */
  public void add(Shop.Tables tables, long rows, Progress progress) {
    try (Connection connection = database.connect()) {
      switch (tables) {
        case STORE -> addSales(connection, rows, progress);
        case USERS -> addTransactions(connection, rows, progress);
      }
    } catch (SQLException e) {
      throw ShopTables.failed(database, e);
    }
  }

  private void addSales(Connection connection, long rows, Progress progress) throws SQLException {
    List<Map.Entry<Long, Long>> prices = List.copyOf(ShopTables.prices(connection).entrySet());
    long ticket = lastTicket(connection);
    try (PreparedStatement tickets = connection.prepareStatement(INSERT_TICKET);
        PreparedStatement sales = connection.prepareStatement(Store.INSERT_SALE);
        PreparedStatement returns = connection.prepareStatement(Store.INSERT_RETURN);
        PreparedStatement openings = connection.prepareStatement(CHANGE_OPENING)) {
      for (long done = 0; done < rows; ) {
        long chunkEnd = Math.min(rows, done + ROWS_PER_TRANSACTION);
        // By customer, so that the locks are taken in one order.
        Map<Long, Long> spentMinor = new TreeMap<>();
        while (done < chunkEnd) {
          ticket++;
          long customer = 1L + random.nextInt(users);
          long store = 1L + random.nextInt(Store.STORES);
          LocalDateTime soldAt = at(done, rows);
          setTicket(tickets, ticket, customer, store, soldAt);
          int first = random.nextInt(prices.size());
          long lines = Math.min(chunkEnd - done, 1L + random.nextInt(Store.LINES_MAX));
          for (int line = 0; line < lines; line++) {
            var item = prices.get((first + line) % prices.size());
            var sold =
                new Application.SoldLine(
                    ticket,
                    item.getKey(),
                    customer,
                    store,
                    1 + random.nextInt(Store.QUANTITY_MAX),
                    item.getValue());
            long costMinor = Store.setSale(sales, sold, soldAt);
            sales.addBatch();
            if (random.nextDouble() < returnProbability) {
              costMinor -= Store.setReturn(returns, sold, sold.quantity(), soldAt.plusSeconds(1));
              returns.addBatch();
            }
            spentMinor.merge(customer, costMinor, Long::sum);
            progress.step();
          }
          done += lines;
        }
        tickets.executeBatch();
        sales.executeBatch();
        returns.executeBatch();
        for (Map.Entry<Long, Long> spent : spentMinor.entrySet()) {
          openings.setBigDecimal(1, ShopTables.money(spent.getValue()));
          openings.setLong(2, spent.getKey());
          openings.addBatch();
        }
        openings.executeBatch();
        connection.commit();
      }
    }
    if (database.dialect() == ShopDatabase.Dialect.POSTGRES) {
      // There, a number that was given is not passed over by itself.
      try (Statement statement = connection.createStatement()) {
        statement.execute(NEXT_TICKET_POSTGRES);
      }
      connection.commit();
    }
  }

  private static void setTicket(
      PreparedStatement insert, long ticket, long customer, long store, LocalDateTime soldAt)
      throws SQLException {
    insert.setLong(1, ticket);
    insert.setLong(2, customer);
    insert.setLong(3, store);
    insert.setObject(4, soldAt);
    insert.addBatch();
  }

  private void addTransactions(Connection connection, long rows, Progress progress)
      throws SQLException {
    List<Long> ids = PlainShop.ids(connection, users);
    try (PreparedStatement insert = connection.prepareStatement(PlainShop.INSERT)) {
      for (long done = 0; done < rows; ) {
        long chunkEnd = Math.min(rows, done + ROWS_PER_TRANSACTION);
        for (; done < chunkEnd; done++) {
          insert.setLong(1, ids.get(random.nextInt(ids.size())));
          insert.setBigDecimal(
              2, ShopTables.money(PlainShop.amountMinor(random, returnProbability)));
          insert.setObject(3, at(done, rows));
          insert.addBatch();
          progress.step();
        }
        insert.executeBatch();
        connection.commit();
      }
    }
  }

  private LocalDateTime at(long done, long rows) {
    long backMs = (long) ((rows - done) * (SPAN.toMillis() / (double) rows));
    return LocalDateTime.ofInstant(
        until.truncatedTo(ChronoUnit.MILLIS).minusMillis(backMs), ZoneOffset.UTC);
  }

  private static long lastTicket(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(LAST_TICKET)) {
      rows.next();
      return rows.getLong(1);
    }
  }
}
