package io.spendwatch.ops.lab.demo;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.loadgen.shop.Shop;
import io.spendwatch.loadgen.shop.ShopBooks;
import io.spendwatch.loadgen.shop.ShopDatabase;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.Money;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Locale;
import java.util.LongSummaryStatistics;
import java.util.Map;

/**
 * How much there is at the shop's end, and at ours.
 *
 * @param shop by its tables
 * @param ours by {@code transactions} and {@code accounts}
 * @param balancesAlike customers whose balance is the same at both ends
 */
record BothEnds(Count shop, Count ours, long balancesAlike) {

  /**
   * What one end has.
   *
   * @param netMinor purchases less refunds
   * @param balances customers with a balance
   */
  record Count(long purchases, long refunds, long netMinor, long balances) {}

  /**
   * Asks both. Blocks.
   *
   * @throws OperatorException if the shop's database refuses
   * @throws SQLException if ours does
   */
  static BothEnds take(ShopDatabase shop, PostgresAddress database) throws SQLException {
    Map<String, Long> here = new HashMap<>();
    Map<String, Long> there = new HashMap<>();
    // Ours first: what the shop does meanwhile is not with us yet.
    Count ours = ours(database, here);
    Count shops = shop(new ShopBooks(shop), there);
    long alike =
        there.entrySet().stream()
            .filter(balance -> balance.getValue().equals(here.get(balance.getKey())))
            .count();
    return new BothEnds(shops, ours, alike);
  }

  private static Count ours(PostgresAddress database, Map<String, Long> balances)
      throws SQLException {
    try (Connection connection = database.connect("spendwatch-demo");
        Statement statement = connection.createStatement()) {
      try (ResultSet rows =
          statement.executeQuery("SELECT user_id, balance_minor FROM spendwatch.accounts")) {
        while (rows.next()) {
          balances.put(rows.getString(1), rows.getLong(2));
        }
      }
      try (ResultSet rows =
          statement.executeQuery(
              "SELECT count(*) FILTER (WHERE kind = 'PURCHASE'),"
                  + " count(*) FILTER (WHERE kind = 'REFUND'), coalesce(sum(CASE kind WHEN"
                  + " 'PURCHASE' THEN amount_minor ELSE -amount_minor END), 0)::bigint"
                  + " FROM spendwatch.transactions")) {
        rows.next();
        return new Count(rows.getLong(1), rows.getLong(2), rows.getLong(3), balances.size());
      }
    }
  }

  private static Count shop(ShopBooks books, Map<String, Long> balances) {
    var purchases = new LongSummaryStatistics();
    var refunds = new LongSummaryStatistics();
    books.forEachTransaction(
        Shop.Tables.STORE,
        transaction ->
            (switch (transaction.kind()) {
                  case PURCHASE -> purchases;
                  case REFUND -> refunds;
                })
                .accept(transaction.amountMinor()));
    for (Balance balance : books.balances()) {
      balances.put(balance.userId(), balance.balanceMinor());
    }
    return new Count(
        purchases.getCount(),
        refunds.getCount(),
        purchases.getSum() - refunds.getSum(),
        balances.size());
  }

  /** Whether all of it is the same. */
  boolean agree() {
    return shop.equals(ours) && balancesAlike == shop.balances();
  }

  /** How many rows of the shop stand for a transaction. */
  long rows() {
    return shop.purchases() + shop.refunds();
  }

  /** How many transactions we have. */
  long rowsHere() {
    return ours.purchases() + ours.refunds();
  }

  /** A few words about both. */
  String rowsText() {
    return String.format(Locale.ROOT, "%,d rows there, %,d here", rows(), rowsHere());
  }

  /** Several lines of a summary, without a line feed at the end. */
  String text() {
    return "  the shop has    "
        + words(shop, "sold lines", "returned")
        + "\n  we have         "
        + words(ours, "purchases", "refunds")
        + "\n"
        + String.format(
            Locale.ROOT,
            "  balances        %,d customers, %,d accounts, %,d of them the same",
            shop.balances(),
            ours.balances(),
            balancesAlike);
  }

  private static String words(Count count, String purchases, String refunds) {
    return String.format(
        Locale.ROOT,
        "%,d %s, %,d %s; net %s %s",
        count.purchases(),
        purchases,
        count.refunds(),
        refunds,
        Money.format(count.netMinor(), ShopBooks.CURRENCY),
        ShopBooks.CURRENCY);
  }
}
