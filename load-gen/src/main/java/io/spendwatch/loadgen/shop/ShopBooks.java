package io.spendwatch.loadgen.shop;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Calendar;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TimeZone;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * The shop's tables as an auditor reads them: what Spendwatch must have of them once all of it is
 * captured, and whether they are right in themselves. Each question is answered of one moment.
 *
 * <p>Ids: a line of a sale is {@code ss-TICKET-ITEM}, its return {@code sr-TICKET-ITEM}, a
 * transaction of the plain shop {@code tx-ID}; users are the numbers of customers, or of users.
 */
public final class ShopBooks {
  /** Of all amounts. */
  public static final String CURRENCY = "USD";

  private static final int FETCH_ROWS = 10_000;

  private static final String SALES =
      "SELECT ss_ticket_number, ss_item_sk, ss_customer_sk, ss_store_sk, ss_sold_at,"
          + " ss_net_paid_inc_tax FROM store_sales";

  private static final String RETURNS =
      "SELECT sr_ticket_number, sr_item_sk, sr_customer_sk, sr_store_sk, sr_returned_at,"
          + " sr_return_amt_inc_tax FROM store_returns";

  private static final String TRANSACTIONS =
      "SELECT id, user_id, created_at, amount FROM transactions WHERE amount <> 0";

  private static final String CUSTOMERS =
      "SELECT c_customer_sk, c_first_name, c_balance, c_balance_at FROM customer";

  private static final String BALANCES_OFF = ShopTables.load("balances_off.sql");

  private static final String STOCK_OFF =
      "SELECT inv_item_sk, inv_quantity_on_hand FROM inventory WHERE inv_quantity_on_hand < 0";

  private static final String RETURNS_OFF =
      "SELECT sr_ticket_number, sr_item_sk FROM store_returns LEFT JOIN store_sales"
          + " ON ss_ticket_number = sr_ticket_number AND ss_item_sk = sr_item_sk"
          + " WHERE ss_item_sk IS NULL OR sr_return_quantity > ss_quantity"
          + " OR sr_customer_sk <> ss_customer_sk";

  private static final String TICKETS_OFF =
      "SELECT st_ticket_number FROM store_ticket LEFT JOIN store_sales"
          + " ON ss_ticket_number = st_ticket_number WHERE ss_item_sk IS NULL";

  private final ShopDatabase database;

  /** Opens nothing yet. */
  public ShopBooks(ShopDatabase database) {
    this.database = database;
  }

  /**
   * The transactions of these tables by their id, in memory: some 400 bytes each.
   *
   * @throws OperatorException if the database refuses
   */
  public Map<String, Transaction> transactions(Shop.Tables tables) {
    Map<String, Transaction> all = new TreeMap<>();
    forEachTransaction(tables, transaction -> all.put(transaction.transactionId(), transaction));
    return all;
  }

  /**
   * Each transaction of these tables, in no order, as they are read: all of one snapshot.
   *
   * @throws OperatorException if the database refuses
   */
  public void forEachTransaction(Shop.Tables tables, Consumer<Transaction> each) {
    inSnapshot(
        statement -> {
          switch (tables) {
            case STORE -> {
              read(statement, SALES, row -> each.accept(sale(row)));
              read(statement, RETURNS, row -> each.accept(storeReturn(row)));
            }
            case USERS -> read(statement, TRANSACTIONS, row -> each.accept(plain(row)));
          }
        });
  }

  /**
   * The customers' balances, each as of when it was last changed.
   *
   * @throws OperatorException if the database refuses
   */
  public List<Balance> balances() {
    List<Balance> balances = new ArrayList<>();
    inSnapshot(
        statement ->
            read(
                statement,
                CUSTOMERS,
                row ->
                    balances.add(
                        new Balance(
                            row.getString(1),
                            row.getString(2),
                            ShopTables.minor(row.getBigDecimal(3)),
                            CURRENCY,
                            epochMs(row, 4)))));
    return balances;
  }

  /**
   * What is wrong with the store's tables, a line for each: balances that sales and returns do not
   * add up to, stock below zero, returns of what was not sold, tickets without a line. Nothing, at
   * each moment.
   *
   * @throws OperatorException if the database refuses
   */
  public List<String> findings() {
    List<String> findings = new ArrayList<>();
    inSnapshot(
        statement -> {
          read(
              statement,
              BALANCES_OFF,
              row ->
                  findings.add(
                      "customer "
                          + row.getLong(1)
                          + " has "
                          + row.getBigDecimal(2)
                          + ", due is "
                          + row.getBigDecimal(3)));
          read(
              statement,
              STOCK_OFF,
              row -> findings.add("item " + row.getLong(1) + " is there " + row.getInt(2)));
          read(
              statement,
              RETURNS_OFF,
              row ->
                  findings.add(
                      "return of " + row.getLong(1) + ", " + row.getLong(2) + " has no such sale"));
          read(
              statement,
              TICKETS_OFF,
              row -> findings.add("ticket " + row.getLong(1) + " is empty"));
        });
    return findings;
  }

  private static Transaction sale(ResultSet row) throws SQLException {
    return new Transaction(
        "ss-" + row.getLong(1) + "-" + row.getLong(2),
        row.getString(3),
        ShopTables.minor(row.getBigDecimal(6)),
        CURRENCY,
        epochMs(row, 5),
        TransactionKind.PURCHASE,
        "store-" + row.getLong(4),
        null);
  }

  private static Transaction storeReturn(ResultSet row) throws SQLException {
    String line = row.getLong(1) + "-" + row.getLong(2);
    return new Transaction(
        "sr-" + line,
        row.getString(3),
        ShopTables.minor(row.getBigDecimal(6)),
        CURRENCY,
        epochMs(row, 5),
        TransactionKind.REFUND,
        "store-" + row.getLong(4),
        "ss-" + line);
  }

  private static Transaction plain(ResultSet row) throws SQLException {
    long amountMinor = ShopTables.minor(row.getBigDecimal(4));
    return new Transaction(
        "tx-" + row.getLong(1),
        row.getString(2),
        Math.abs(amountMinor),
        CURRENCY,
        epochMs(row, 3),
        amountMinor < 0 ? TransactionKind.REFUND : TransactionKind.PURCHASE,
        null,
        null);
  }

  /** Times without a zone are UTC. */
  private static long epochMs(ResultSet row, int column) throws SQLException {
    Calendar utc = Calendar.getInstance(TimeZone.getTimeZone(ZoneOffset.UTC), Locale.ROOT);
    return row.getTimestamp(column, utc).toInstant().toEpochMilli();
  }

  /** A question, or several, of one moment. */
  @FunctionalInterface
  private interface Questions {
    void ask(Statement statement) throws SQLException;
  }

  /** What becomes of one row. */
  @FunctionalInterface
  private interface Row {
    void take(ResultSet row) throws SQLException;
  }

  private void inSnapshot(Questions questions) {
    try (Connection connection = database.connect()) {
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      connection.setReadOnly(true);
      try (Statement statement = connection.createStatement()) {
        statement.setFetchSize(FETCH_ROWS);
        questions.ask(statement);
      }
      connection.rollback();
    } catch (SQLException e) {
      throw ShopTables.failed(database, e);
    }
  }

  private static void read(Statement statement, String sql, Row each) throws SQLException {
    try (ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        each.take(rows);
      }
    }
  }
}
