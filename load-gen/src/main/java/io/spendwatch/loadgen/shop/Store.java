package io.spendwatch.loadgen.shop;

import io.spendwatch.errors.OperatorException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * A store: sales of a few items, and returns of what was sold before. Each is one transaction over
 * its tickets and lines, the stock and the customer's balance. Where an item is not there in the
 * quantity wanted, all of it is undone, and a delivery follows. Thread-safe.
 */
final class Store implements Application {
  static final int STORES = 10;
  static final int LINES_MAX = 4;
  static final int QUANTITY_MAX = 5;
  private static final int TAX_PERCENT = 8;
  private static final int DELIVERY = 30;

  /** Lines that can be returned are remembered up to here. */
  private static final int SOLD_LINES_MAX = 10_000;

  /** So many of the newest come from earlier runs. */
  private static final int EARLIER_LINES_MAX = 1_000;

  private static final String EARLIER_LINES =
      "SELECT ss_ticket_number, ss_item_sk, ss_customer_sk, ss_store_sk, ss_quantity, ss_sales_price"
          + " FROM store_sales LEFT JOIN store_returns"
          + " ON sr_ticket_number = ss_ticket_number AND sr_item_sk = ss_item_sk"
          + " WHERE sr_item_sk IS NULL ORDER BY ss_ticket_number DESC, ss_item_sk DESC LIMIT "
          + EARLIER_LINES_MAX;

  private static final String INSERT_TICKET =
      "INSERT INTO store_ticket (st_customer_sk, st_store_sk, st_sold_at) VALUES (?, ?, ?)";

  static final String INSERT_SALE =
      "INSERT INTO store_sales (ss_ticket_number, ss_item_sk, ss_customer_sk, ss_store_sk,"
          + " ss_sold_at, ss_quantity, ss_sales_price, ss_net_paid, ss_ext_tax,"
          + " ss_net_paid_inc_tax) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

  static final String INSERT_RETURN =
      "INSERT INTO store_returns (sr_ticket_number, sr_item_sk, sr_customer_sk, sr_store_sk,"
          + " sr_returned_at, sr_return_quantity, sr_return_amt, sr_return_tax,"
          + " sr_return_amt_inc_tax) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";

  private static final String CHANGE_STOCK =
      "UPDATE inventory SET inv_quantity_on_hand = inv_quantity_on_hand + ?"
          + " WHERE inv_item_sk = ? AND inv_quantity_on_hand + ? >= 0";

  private static final String CHANGE_BALANCE =
      "UPDATE customer SET c_balance = c_balance + ?, c_balance_at = ? WHERE c_customer_sk = ?";

  /** Class 23: a row that is there already. */
  private static final String CONSTRAINT = "23";

  private final int customers;
  private final double returnProbability;
  private final List<Long> items;
  private final Map<Long, Long> pricesMinor;
  private final List<SoldLine> soldLines;

  /** So much of an item, and what it costs. */
  private record Wanted(int quantity, long priceMinor) {
    long netMinor() {
      return quantity * priceMinor;
    }

    long taxMinor() {
      return quantity * taxOfOneMinor(priceMinor);
    }

    long totalMinor() {
      return netMinor() + taxMinor();
    }
  }

  private Store(
      int customers,
      double returnProbability,
      Map<Long, Long> pricesMinor,
      List<SoldLine> soldLines) {
    this.customers = customers;
    this.returnProbability = returnProbability;
    this.pricesMinor = pricesMinor;
    this.items = List.copyOf(pricesMinor.keySet());
    this.soldLines = soldLines;
  }

  /**
   * Reads prices, and what was sold before.
   *
   * @param customers who buy, from the first on; they are there
   * @param returnProbability of what happens, the share that is a return
   * @throws OperatorException if the tables are not there, or the database refuses
   */
  static Store open(ShopDatabase database, int customers, double returnProbability) {
    try (Connection connection = database.connect()) {
      Map<Long, Long> pricesMinor = ShopTables.prices(connection);
      if (pricesMinor.isEmpty()) {
        throw new OperatorException(
            "the store has no items in the " + database + ": --create makes some");
      }
      return new Store(customers, returnProbability, pricesMinor, earlierLines(connection));
    } catch (SQLException e) {
      throw ShopTables.failed(database, e);
    }
  }

  private static List<SoldLine> earlierLines(Connection connection) throws SQLException {
    List<SoldLine> lines = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(EARLIER_LINES)) {
      while (rows.next()) {
        lines.add(
            new SoldLine(
                rows.getLong(1),
                rows.getLong(2),
                rows.getLong(3),
                rows.getLong(4),
                rows.getInt(5),
                ShopTables.minor(rows.getBigDecimal(6))));
      }
    }
    connection.commit();
    return lines;
  }

  @Override
  public Step next(SplittableRandom random, LocalDateTime nowUtc) {
    if (random.nextDouble() < returnProbability) {
      Optional<SoldLine> line = takeSoldLine(random);
      if (line.isPresent()) {
        int quantity = 1 + random.nextInt(line.get().quantity());
        return connection -> takeBack(connection, line.get(), quantity, nowUtc);
      }
    }
    long customer = 1L + random.nextInt(customers);
    long store = 1L + random.nextInt(STORES);
    // By item: who locks stock in one order waits for nobody who waits for them.
    Map<Long, Wanted> wanted = new TreeMap<>();
    int lines = 1 + random.nextInt(LINES_MAX);
    for (int i = 0; i < lines; i++) {
      // The first items sell best.
      double place = random.nextDouble();
      long item = items.get((int) (place * place * items.size()));
      wanted.put(item, new Wanted(1 + random.nextInt(QUANTITY_MAX), pricesMinor.get(item)));
    }
    return connection -> sell(connection, customer, store, wanted, nowUtc);
  }

  @Override
  public Optional<Step> followUp(Outcome outcome, LocalDateTime nowUtc) {
    return switch (outcome) {
      case Outcome.Sold sold -> {
        remember(sold.lines());
        yield Optional.empty();
      }
      case Outcome.OutOfStock missing ->
          Optional.of(connection -> deliver(connection, missing.item()));
      case Outcome.Returned _,
          Outcome.ReturnedBefore _,
          Outcome.Delivered _,
          Outcome.Spent _,
          Outcome.Asked _,
          Outcome.Unknown _ ->
          Optional.empty();
    };
  }

  private Outcome sell(
      Connection connection,
      long customer,
      long store,
      Map<Long, Wanted> wanted,
      LocalDateTime nowUtc)
      throws SQLException {
    long ticket = insertTicket(connection, customer, store, nowUtc);
    long amountMinor = 0;
    List<SoldLine> sold = new ArrayList<>();
    try (PreparedStatement insert = connection.prepareStatement(INSERT_SALE)) {
      for (Map.Entry<Long, Wanted> line : wanted.entrySet()) {
        var one =
            new SoldLine(
                ticket,
                line.getKey(),
                customer,
                store,
                line.getValue().quantity(),
                line.getValue().priceMinor());
        amountMinor += setSale(insert, one, nowUtc);
        insert.addBatch();
        sold.add(one);
      }
      insert.executeBatch();
    }
    for (SoldLine line : sold) {
      if (!changeStock(connection, line.item(), -line.quantity())) {
        return new Outcome.OutOfStock(line.item());
      }
    }
    changeBalance(connection, customer, -amountMinor, nowUtc);
    return new Outcome.Sold(sold, amountMinor);
  }

  private static long insertTicket(
      Connection connection, long customer, long store, LocalDateTime nowUtc) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(INSERT_TICKET, new String[] {"st_ticket_number"})) {
      insert.setLong(1, customer);
      insert.setLong(2, store);
      insert.setObject(3, nowUtc);
      insert.executeUpdate();
      try (ResultSet keys = insert.getGeneratedKeys()) {
        keys.next();
        return keys.getLong(1);
      }
    }
  }

  private static Outcome takeBack(
      Connection connection, SoldLine line, int quantity, LocalDateTime nowUtc)
      throws SQLException {
    long amountMinor;
    try (PreparedStatement insert = connection.prepareStatement(INSERT_RETURN)) {
      amountMinor = setReturn(insert, line, quantity, nowUtc);
      insert.executeUpdate();
    } catch (SQLException e) {
      if (e.getSQLState() != null && e.getSQLState().startsWith(CONSTRAINT)) {
        return new Outcome.ReturnedBefore();
      }
      throw e;
    }
    changeStock(connection, line.item(), quantity);
    changeBalance(connection, line.customer(), amountMinor, nowUtc);
    return new Outcome.Returned(amountMinor);
  }

  /** Sets {@link #INSERT_SALE}; answers with what the customer pays for the line. */
  static long setSale(PreparedStatement insert, SoldLine line, LocalDateTime soldAt)
      throws SQLException {
    var sold = new Wanted(line.quantity(), line.priceMinor());
    insert.setLong(1, line.ticket());
    insert.setLong(2, line.item());
    insert.setLong(3, line.customer());
    insert.setLong(4, line.store());
    insert.setObject(5, soldAt);
    insert.setInt(6, line.quantity());
    insert.setBigDecimal(7, ShopTables.money(line.priceMinor()));
    insert.setBigDecimal(8, ShopTables.money(sold.netMinor()));
    insert.setBigDecimal(9, ShopTables.money(sold.taxMinor()));
    insert.setBigDecimal(10, ShopTables.money(sold.totalMinor()));
    return sold.totalMinor();
  }

  /** Sets {@link #INSERT_RETURN}; answers with what the customer gets back. */
  static long setReturn(
      PreparedStatement insert, SoldLine line, int quantity, LocalDateTime returnedAt)
      throws SQLException {
    var back = new Wanted(quantity, line.priceMinor());
    insert.setLong(1, line.ticket());
    insert.setLong(2, line.item());
    insert.setLong(3, line.customer());
    insert.setLong(4, line.store());
    insert.setObject(5, returnedAt);
    insert.setInt(6, quantity);
    insert.setBigDecimal(7, ShopTables.money(back.netMinor()));
    insert.setBigDecimal(8, ShopTables.money(back.taxMinor()));
    insert.setBigDecimal(9, ShopTables.money(back.totalMinor()));
    return back.totalMinor();
  }

  private static Outcome deliver(Connection connection, long item) throws SQLException {
    changeStock(connection, item, DELIVERY);
    return new Outcome.Delivered();
  }

  /** Whether there was enough. */
  private static boolean changeStock(Connection connection, long item, int quantity)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(CHANGE_STOCK)) {
      update.setInt(1, quantity);
      update.setLong(2, item);
      update.setInt(3, quantity);
      return update.executeUpdate() == 1;
    }
  }

  private static void changeBalance(
      Connection connection, long customer, long amountMinor, LocalDateTime nowUtc)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(CHANGE_BALANCE)) {
      update.setBigDecimal(1, ShopTables.money(amountMinor));
      update.setObject(2, nowUtc);
      update.setLong(3, customer);
      if (update.executeUpdate() != 1) {
        throw new OperatorException("customer " + customer + " is gone");
      }
    }
  }

  private void remember(List<SoldLine> sold) {
    synchronized (soldLines) {
      for (SoldLine line : sold) {
        if (soldLines.size() < SOLD_LINES_MAX) {
          soldLines.add(line);
        } else {
          // In the place of one or another of the old ones.
          soldLines.set((int) (line.ticket() % SOLD_LINES_MAX), line);
        }
      }
    }
  }

  private Optional<SoldLine> takeSoldLine(SplittableRandom random) {
    synchronized (soldLines) {
      if (soldLines.isEmpty()) {
        return Optional.empty();
      }
      int place = random.nextInt(soldLines.size());
      SoldLine last = soldLines.removeLast();
      return Optional.of(place == soldLines.size() ? last : soldLines.set(place, last));
    }
  }

  private static long taxOfOneMinor(long priceMinor) {
    return (priceMinor * TAX_PERCENT + 50) / 100;
  }
}
