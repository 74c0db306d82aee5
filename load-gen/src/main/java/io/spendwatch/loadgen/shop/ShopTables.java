package io.spendwatch.loadgen.shop;

import io.spendwatch.errors.OperatorException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The tables of the sample shop, and what is in them before the first sale. Running it again
 * changes nothing that is there. Stateless.
 */
public final class ShopTables {
  /** How many items the store has. */
  public static final int ITEMS = 200;

  /** How many users are there before anybody asks for more. */
  public static final int USERS = 1_000;

  /** The same goods, prices and balances each time. */
  private static final long SEED = 18;

  /** Little enough that the first ones run out within a minute or two. */
  private static final int STOCK_MIN = 5;

  private static final int STOCK_MAX = 40;
  private static final int PRICE_MINOR_MAX = 150_00;
  private static final int BALANCE_MINOR_MIN = 200_00;
  private static final int BALANCE_MINOR_MAX = 5_000_00;

  private static final Pattern STATEMENT_END = Pattern.compile(";\\s*\\R");

  /** A table that is missing, as the databases have it. */
  private static final String MISSING_TABLE_MARIADB = "42S02";

  private static final String MISSING_TABLE_POSTGRES = "42P01";

  private ShopTables() {}

  /**
   * Makes the tables that are missing, and the store's items.
   *
   * @throws OperatorException if the database refuses
   */
  public static void create(ShopDatabase database) {
    try (Connection connection = database.connect()) {
      try (Statement statement = connection.createStatement()) {
        String all = load("create_tables." + database.dialect().label() + ".sql");
        for (String sql : STATEMENT_END.splitAsStream(all).toList()) {
          statement.execute(sql);
        }
      }
      connection.commit();
      addItems(connection);
    } catch (SQLException e) {
      throw new OperatorException(
          "the shop's tables cannot be made in the " + database + ": " + e, e);
    }
  }

  /**
   * Adds customers to the store, and users to the plain shop, until each has so many.
   *
   * @param opened when their accounts were
   * @throws OperatorException if the tables are not there, or the database refuses
   */
  public static void addUsers(ShopDatabase database, int users, Instant opened) {
    try (Connection connection = database.connect()) {
      addCustomers(connection, users, LocalDateTime.ofInstant(opened, ZoneOffset.UTC));
      addPlainUsers(connection, users);
    } catch (SQLException e) {
      throw failed(database, e);
    }
  }

  /** What the failure of a statement of ours means, for people. */
  static OperatorException failed(ShopDatabase database, SQLException e) {
    String state = e.getSQLState() == null ? "" : e.getSQLState();
    boolean missing = state.equals(MISSING_TABLE_MARIADB) || state.equals(MISSING_TABLE_POSTGRES);
    return new OperatorException(
        missing
            ? "the shop's tables are not in the " + database + ": --create makes them"
            : database + ": " + e.getMessage(),
        e);
  }

  private static void addItems(Connection connection) throws SQLException {
    if (count(connection, "item") > 0) {
      return;
    }
    var random = new SplittableRandom(SEED);
    try (PreparedStatement item =
            connection.prepareStatement("INSERT INTO item VALUES (?, ?, ?, ?)");
        PreparedStatement stock =
            connection.prepareStatement("INSERT INTO inventory VALUES (?, ?)")) {
      for (long sk = 1; sk <= ITEMS; sk++) {
        item.setLong(1, sk);
        item.setString(2, businessId(sk));
        item.setString(3, "item " + sk);
        item.setBigDecimal(4, money(random.nextInt(99, PRICE_MINOR_MAX)));
        item.addBatch();
        stock.setLong(1, sk);
        stock.setInt(2, random.nextInt(STOCK_MIN, STOCK_MAX));
        stock.addBatch();
      }
      item.executeBatch();
      stock.executeBatch();
    }
    connection.commit();
  }

  private static void addCustomers(Connection connection, int customers, LocalDateTime opened)
      throws SQLException {
    int there = count(connection, "customer");
    try (PreparedStatement insert =
        connection.prepareStatement("INSERT INTO customer VALUES (?, ?, ?, ?, ?, ?, ?)")) {
      for (long sk = there + 1L; sk <= customers; sk++) {
        BigDecimal balance = openingBalance(sk);
        insert.setLong(1, sk);
        insert.setString(2, businessId(sk));
        insert.setString(3, "First" + sk);
        insert.setString(4, "Läst" + sk);
        insert.setBigDecimal(5, balance);
        insert.setBigDecimal(6, balance);
        insert.setObject(7, opened);
        insert.addBatch();
      }
      if (customers > there) {
        insert.executeBatch();
      }
    }
    connection.commit();
  }

  private static void addPlainUsers(Connection connection, int users) throws SQLException {
    int there = count(connection, "users");
    try (PreparedStatement insert =
        connection.prepareStatement("INSERT INTO users (username, balance) VALUES (?, ?)")) {
      for (long number = there + 1L; number <= users; number++) {
        insert.setString(1, "user" + number);
        insert.setBigDecimal(2, openingBalance(number));
        insert.addBatch();
      }
      if (users > there) {
        insert.executeBatch();
      }
    }
    connection.commit();
  }

  private static int count(Connection connection, String table) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT count(*) FROM " + table)) {
      rows.next();
      return rows.getInt(1);
    }
  }

  /** Prices by item, minor units. */
  static Map<Long, Long> prices(Connection connection) throws SQLException {
    Map<Long, Long> prices = new TreeMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT i_item_sk, i_current_price FROM item")) {
      while (rows.next()) {
        prices.put(rows.getLong(1), minor(rows.getBigDecimal(2)));
      }
    }
    connection.commit();
    return prices;
  }

  /** The statement in a file beside this class. */
  static String load(String name) {
    try (InputStream in = ShopTables.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is missing beside " + ShopTables.class);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All amounts of the shop are in {@link ShopBooks#CURRENCY}. */
  static BigDecimal money(long minor) {
    return BigDecimal.valueOf(minor, 2);
  }

  static long minor(BigDecimal money) {
    return money.movePointRight(2).longValueExact();
  }

  private static BigDecimal openingBalance(long number) {
    return money(new SplittableRandom(SEED + number).nextInt(BALANCE_MINOR_MIN, BALANCE_MINOR_MAX));
  }

  /** TPC-DS has 16 characters for these. */
  private static String businessId(long sk) {
    return String.format(Locale.ROOT, "SHOP%012d", sk);
  }
}
