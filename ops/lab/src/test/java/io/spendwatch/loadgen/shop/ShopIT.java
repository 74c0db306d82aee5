package io.spendwatch.loadgen.shop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.loadgen.pace.Progress;
import io.spendwatch.loadgen.pace.Ticker;
import io.spendwatch.loadgen.shop.Shop.Tables;
import io.spendwatch.ops.lab.sandbox.database.BusinessServer;
import io.spendwatch.ops.lab.sandbox.database.BusinessServer.Engine;
import io.spendwatch.ops.lab.sandbox.start.DataDirectory;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The shop against real databases: what its tables have in the end, whatever happened. */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class ShopIT {
  private static final int USERS = 40;
  private static final Duration LONG = Duration.ofMinutes(2);

  private final long seed = ThreadLocalRandom.current().nextInt(1_000_000);

  @TempDir private Path root;

  @ParameterizedTest
  @EnumSource
  void whatItSaysIsWhatItsTablesHave(Engine engine) throws Exception {
    try (DataDirectory directory = DataDirectory.take(root);
        BusinessServer server = BusinessServer.start(engine, directory, 0)) {
      ShopDatabase database = open(server);
      var books = new ShopBooks(database);
      addHistory(books, database);
      int earlier = books.transactions(Tables.STORE).size();
      int earlierPlain = books.transactions(Tables.USERS).size();
      // Little, so that it runs out.
      execute(database, "UPDATE inventory SET inv_quantity_on_hand = 5");

      Instant before = Instant.now();
      ShopReport report = shop(database, Tables.STORE, Duration.ofSeconds(6)).run();

      assertThat(report.sales()).as("%s, seed %d", report, seed).isGreaterThan(20);
      assertThat(report.returns()).as("%s, seed %d", report, seed).isPositive();
      assertThat(report.outOfStock()).as("%s, seed %d", report, seed).isPositive();
      assertThat(report.deliveries()).isEqualTo(report.outOfStock());
      assertThat(report.unknown() + report.lostConnections()).isZero();
      assertThat(books.findings()).isEmpty();

      Map<String, Transaction> all = books.transactions(Tables.STORE);
      assertThat(all).hasSize((int) (earlier + report.lines() + report.returns()));
      Map<String, Transaction> transactions = since(all, before);
      assertThat(sum(transactions, TransactionKind.PURCHASE)).isEqualTo(report.soldMinor());
      assertThat(sum(transactions, TransactionKind.REFUND)).isEqualTo(report.returnedMinor());
      assertThat(transactions.values())
          .allSatisfy(
              transaction -> {
                assertThat(transaction.eventTimeMs())
                    .isLessThanOrEqualTo(Instant.now().toEpochMilli());
                if (transaction.kind() == TransactionKind.REFUND) {
                  assertThat(all.get(transaction.originalTransactionId()).amountMinor())
                      .isGreaterThanOrEqualTo(transaction.amountMinor());
                }
              });
      assertBalancesMoved(books, all, database);

      plainShop(database, earlierPlain);

      // What is wrong is found.
      execute(
          database,
          "UPDATE customer SET c_balance = c_balance + 0.01 WHERE c_customer_sk = 7",
          "INSERT INTO store_ticket (st_customer_sk, st_store_sk, st_sold_at)"
              + " VALUES (7, 1, CURRENT_TIMESTAMP)");
      assertThat(books.findings())
          .hasSize(2)
          .anyMatch(finding -> finding.startsWith("customer 7 has "))
          .anyMatch(finding -> finding.matches("ticket \\d+ is empty"));
    }
  }

  private void addHistory(ShopBooks books, ShopDatabase database) {
    var history = new ShopHistory(database, USERS, 0.2, seed, Instant.now());
    var unseen = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    try (Progress progress = Progress.of("history", 7_000, unseen)) {
      history.add(Tables.STORE, 6_000, progress);
      history.add(Tables.USERS, 1_000, progress);
    }
    assertThat(books.findings()).isEmpty();
    Map<TransactionKind, Long> kinds =
        books.transactions(Tables.STORE).values().stream()
            .collect(Collectors.groupingBy(Transaction::kind, Collectors.counting()));
    assertThat(kinds.get(TransactionKind.PURCHASE)).isEqualTo(6_000);
    assertThat(kinds.get(TransactionKind.REFUND)).isBetween(900L, 1_500L);
    assertThat(books.transactions(Tables.USERS)).hasSize(1_000);
  }

  private static Map<String, Transaction> since(Map<String, Transaction> all, Instant instant) {
    long fromMs = instant.toEpochMilli();
    return all.entrySet().stream()
        .filter(entry -> entry.getValue().eventTimeMs() >= fromMs)
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  /** Each transaction, and a question after each. */
  private void plainShop(ShopDatabase database, int earlier) throws SQLException {
    execute(database, "UPDATE users SET balance = 300");
    Instant before = Instant.now();
    ShopReport report = shop(database, Tables.USERS, Duration.ofSeconds(4)).run();

    Map<String, Transaction> all = new ShopBooks(database).transactions(Tables.USERS);
    Map<String, Transaction> transactions = since(all, before);
    assertThat(all).hasSize((int) (earlier + report.sales() + report.returns()));
    assertThat(report.sales()).isPositive();
    assertThat(report.returns()).isPositive();
    assertThat(report.questions()).isEqualTo(report.sales() + report.returns());
    assertThat(sum(transactions, TransactionKind.PURCHASE)).isEqualTo(report.soldMinor());
    assertThat(sum(transactions, TransactionKind.REFUND)).isEqualTo(report.returnedMinor());
    long over =
        since(all, Instant.now().minus(Duration.ofHours(24))).values().stream()
            .collect(
                Collectors.groupingBy(
                    Transaction::userId, Collectors.summingLong(Transaction::signedAmountMinor)))
            .values()
            .stream()
            .filter(spentMinor -> spentMinor > 300_00)
            .count();
    // Those who are over in the end were when it last asked; others may have been meanwhile.
    assertThat(report.riskyUsers()).isBetween(over, (long) USERS);
  }

  @ParameterizedTest
  @EnumSource
  void goesOnOverAKilledDatabaseAndLosesNothing(Engine engine) throws Exception {
    var said = new ByteArrayOutputStream();
    try (DataDirectory directory = DataDirectory.take(root)) {
      int port = Ports.free();
      Shop shop;
      CompletableFuture<ShopReport> report;
      try (BusinessServer server = BusinessServer.start(engine, directory, port)) {
        ShopDatabase database = open(server);
        shop =
            new Shop(
                database,
                settings(Tables.STORE, Duration.ofHours(1)),
                InstantSource.system(),
                Ticker.SYSTEM,
                new PrintStream(said, true, StandardCharsets.UTF_8));
        report = CompletableFuture.supplyAsync(shop::run, Thread::startVirtualThread);
        awaitSales(database, report, 20);
        server.server().kill();
      }
      try (BusinessServer server = BusinessServer.start(engine, directory, port)) {
        ShopDatabase database = database(server);
        awaitSales(database, report, tickets(database) + 20);
        shop.stop();
        ShopReport done = report.get(LONG.toSeconds(), TimeUnit.SECONDS);

        assertThat(done.lostConnections() + done.unknown()).as("%s", done).isPositive();
        assertThat(said.toString(StandardCharsets.UTF_8))
            .contains("shop: waiting for the business database", "is back")
            .doesNotContain(server.password());
        var books = new ShopBooks(database);
        assertThat(books.findings()).isEmpty();
        assertThat(tickets(database)).isBetween(done.sales(), done.sales() + done.unknown());
      }
    }
  }

  @Test
  void namesWhatIsMissing() throws Exception {
    try (DataDirectory directory = DataDirectory.take(root);
        BusinessServer server = BusinessServer.start(Engine.POSTGRES, directory, 0)) {
      ShopDatabase database = database(server);
      assertThatThrownBy(() -> ShopTables.addUsers(database, USERS, Instant.EPOCH))
          .isInstanceOf(OperatorException.class)
          .hasMessage(
              "the shop's tables are not in the business database at postgresql://127.0.0.1:"
                  + server.server().port()
                  + "/shop: --create makes them");
    }
  }

  private void assertBalancesMoved(
      ShopBooks books, Map<String, Transaction> transactions, ShopDatabase database)
      throws SQLException {
    Map<String, Long> spentMinor =
        transactions.values().stream()
            .collect(
                Collectors.groupingBy(
                    Transaction::userId, Collectors.summingLong(Transaction::signedAmountMinor)));
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      for (Balance balance : books.balances()) {
        try (ResultSet row =
            statement.executeQuery(
                "SELECT c_opening_balance FROM customer WHERE c_customer_sk = "
                    + balance.userId())) {
          row.next();
          assertThat(ShopTables.minor(row.getBigDecimal(1)) - balance.balanceMinor())
              .as("customer %s", balance.userId())
              .isEqualTo(spentMinor.getOrDefault(balance.userId(), 0L));
        }
      }
    }
  }

  private static long sum(Map<String, Transaction> transactions, TransactionKind kind) {
    return transactions.values().stream()
        .filter(transaction -> transaction.kind() == kind)
        .mapToLong(Transaction::amountMinor)
        .sum();
  }

  private static void awaitSales(
      ShopDatabase database, CompletableFuture<ShopReport> report, long tickets) {
    await("sales")
        .atMost(LONG)
        .failFast("the shop has closed", report::isDone)
        .until(() -> tickets(database) >= tickets);
  }

  private static long tickets(ShopDatabase database) throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT count(*) FROM store_ticket")) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private static ShopDatabase open(BusinessServer server) {
    ShopDatabase database = database(server);
    ShopTables.create(database);
    ShopTables.create(database);
    ShopTables.addUsers(database, USERS, Instant.now());
    ShopTables.addUsers(database, USERS, Instant.now());
    assertThat(new ShopBooks(database).balances()).hasSize(USERS);
    return database;
  }

  private static ShopDatabase database(BusinessServer server) {
    return ShopDatabase.parse(server.uri(), "", server.password());
  }

  private Shop shop(ShopDatabase database, Tables tables, Duration duration) {
    return new Shop(
        database, settings(tables, duration), InstantSource.system(), Ticker.SYSTEM, System.err);
  }

  private Shop.Settings settings(Tables tables, Duration duration) {
    return new Shop.Settings(tables, Duration.ofMillis(10), duration, 4, USERS, 0.2, seed);
  }

  private static void execute(ShopDatabase database, String... statements) throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
      connection.commit();
    }
  }
}
