package io.spendwatch.ops.capture;

import static io.spendwatch.ops.capture.CaptureBed.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.capture.CaptureBed.Running;
import io.spendwatch.ops.capture.config.CapturePath;
import io.spendwatch.ops.capture.config.MisfitException;
import io.spendwatch.ops.lab.sandbox.database.BusinessServer.Engine;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.Transaction;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a capture promises, whatever the product; on real servers. */
abstract class CaptureContract extends CapturedTables {
  CaptureContract(Engine engine) {
    super(engine);
  }

  @Test
  void sendsWhatIsThereAndThenWhatHappens() throws Exception {
    bed()
        .sql(
            "INSERT INTO "
                + table("users")
                + " VALUES (1, 'Ærøskøbing 🦊', 100.00), (2, NULL, -5.5)");
    sell(
        "(1, 1, 12.34, '2024-07-12 15:57:33.120', 'é🦊'), (2, 2, 0.01, '2024-07-12 00:00:00', NULL)");
    CaptureBed.Site site = site();
    try (Running _ = site.start()) {
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 1234L, "2", 1L)));
      sell("(3, 1, 7.00, '2024-07-13 01:00:00', 'x')");
      bed().sql("UPDATE " + table("sales") + " SET amount = 10.34 WHERE id = 1");
      bed().sql("UPDATE " + table("sales") + " SET note = 'other' WHERE id = 3");
      bed().sql("UPDATE " + table("sales") + " SET user_id = 3 WHERE id = 2");
      bed().sql("UPDATE " + table("users") + " SET balance = 90.00 WHERE id = 1");
      bed().sql("UPDATE " + table("users") + " SET balance = 100.00 WHERE id = 1");
      sell("(4, 9, 1.00, '2024-07-13 01:00:00', 'last')");
      await().atMost(SOON).until(() -> site.sums().containsKey("9"));
      bed().sql("DELETE FROM " + table("sales") + " WHERE id = 4");
      await().atMost(SOON).until(() -> site.sums().equals(sumsOfRows()));
    }
    assertThat(site.sums()).isEqualTo(Map.of("1", 1734L, "3", 1L));
    Transaction first = site.distinct().get("1/sale-1");
    assertThat(first.eventTimeMs()).isEqualTo(1_720_799_853_120L);
    assertThat(first.merchant()).isEqualTo("é🦊");
    assertThat(site.transactions())
        .as("nothing for a change that counts nothing")
        .hasSize(2 + 1 + 1 + 2 + 1 + 1);
    await().atMost(SOON).until(() -> site.inForce().equals(balancesOfRows()));
    List<Balance> ofFirst =
        site.balances().stream().filter(balance -> balance.userId().equals("1")).toList();
    assertThat(ofFirst).extracting(Balance::balanceMinor).containsExactly(10000L, 9000L, 10000L);
    assertThat(ofFirst).extracting(Balance::asOfMs).isSorted().doesNotHaveDuplicates();
    assertThat(ofFirst.getFirst().username()).isEqualTo("Ærøskøbing 🦊");
    assertThat(site.letters("tx")).isEmpty();
  }

  @Test
  void anAuditNamesEachRowThatIsNotWhatWasSentForIt() throws Exception {
    bed().sql("INSERT INTO " + table("users") + " VALUES (1, 'é', 100.00), (2, NULL, 0)");
    sell(
        "(1, 1, 12.34, '2024-07-12 15:57:33.120', 'x'), (2, 2, 0.01, '2024-07-12 00:00:00', NULL),"
            + " (3, 1, 7.00, '2024-07-12 01:00:00', NULL), (4, 1, 0, '2024-07-12 01:00:00', NULL),"
            + " (5, 1, 2.00, '2024-07-13 01:00:00.5', NULL), (6, 1, NULL, '2024-07-12 01:00:00', NULL)");
    CaptureBed.Site site = site();
    try (Running _ = site.start()) {
      await().atMost(SOON).until(() -> site.sums().equals(sumsOfRows()));
      bed()
          .sql(
              "UPDATE " + table("sales") + " SET amount = 10.34 WHERE id = 1",
              "UPDATE " + table("sales") + " SET user_id = 3 WHERE id = 2",
              "UPDATE " + table("sales") + " SET amount = 1.00 WHERE id = 4",
              "DELETE FROM " + table("sales") + " WHERE id = 3",
              "UPDATE "
                  + table("sales")
                  + " SET amount = 11.00, sold_at = '2024-07-14' WHERE id = 1");
      await().atMost(SOON).until(() -> site.sums().equals(sumsOfRows()));
      await().atMost(SOON).until(() -> site.inForce().equals(balancesOfRows()));
    }
    site.store();
    site.map(
        mapping("amount", "") + bed().warehouseSettings("{ table = " + table("sales") + " }", ""));
    try (Running _ = site.start(CapturePath.WAREHOUSE, false)) {
      await()
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(audit(site, 0, "--warehouse", "--json"))
                      .contains(
                          "\"transactions\":{\"", "\"rowsHere\":5", "\"dayColumn\":\"sold_at\""));
    }
    assertThat(audit(site, 0))
        .contains("4 rows and 2 accounts there", "clean: both databases say the same")
        .contains("1 rows for which the mapping has no answer count nothing");

    bed()
        .sql(
            "UPDATE " + table("sales") + " SET amount = 11.01 WHERE id = 1",
            "UPDATE " + table("sales") + " SET sold_at = '2024-07-12 00:00:00.001' WHERE id = 2",
            "DELETE FROM " + table("sales") + " WHERE id = 4",
            "UPDATE " + table("users") + " SET balance = 99.99 WHERE id = 1");
    sell("(7, 8, 3.00, '2024-07-13 01:00:00', NULL)");
    assertThat(audit(site, 1))
        .contains(
            "DIFFERENT " + table("sales") + " transaction sale-1 of user 1",
            "there     11.01 USD of user 1 at 2024-07-14T00:00:00Z",
            "here      11.00 USD of user 1 at 2024-07-14T00:00:00Z",
            "DIFFERENT " + table("sales") + " transaction sale-2 of user 3",
            "there     0.01 USD of user 3 at 2024-07-12T00:00:00.001Z",
            "here      0.01 USD of user 3 at 2024-07-12T00:00:00Z",
            "EXTRA transaction sale-4 of user 1",
            "MISSING " + table("sales") + " transaction sale-7 of user 8",
            "BALANCE " + table("users") + " of user 1",
            "5 findings");

    site.map(mapping("amount", "on-update = ignore, on-delete = ignore"));
    assertThat(audit(site, 1, "--json"))
        .as("changed and deleted rows are as they may be then")
        .contains("\"findingsTotal\":2", "\"MISSING\"", "\"sale-7\"", "\"BALANCE\"")
        .doesNotContain("sale-1", "sale-2", "sale-4");
  }

  @Test
  void putsAsideWhatCannotBeMappedAndCountsItOnceItCan() throws Exception {
    CaptureBed.Site site = site();
    sell("(1, 1, NULL, '2024-07-12 15:57:33', NULL)");
    try (Running _ = site.start()) {
      await().atMost(SOON).until(() -> site.letters("tx").size() == 1);
      sell("(2, NULL, 5.00, '2024-07-12 15:57:33', NULL)");
      bed().sql("UPDATE " + table("sales") + " SET amount = 3.00 WHERE id = 1");
      sell("(3, 2, 1.00, '2024-07-12 15:57:33', NULL)");
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 300L, "2", 100L)));
    }
    assertThat(site.letters("tx"))
        .anyMatch(letter -> letter.startsWith("MISSING_FIELD 1 ") && letter.contains("\"id\":"))
        .anyMatch(letter -> letter.startsWith("MISSING_FIELD - "))
        .hasSize(2);
  }

  @Test
  void changesOfRowsAreLettersWhereThatIsSet() throws Exception {
    CaptureBed.Site site = site();
    site.map(mapping("amount", "on-update = dead-letter, on-delete = dead-letter"));
    sell("(1, 1, 9.00, '2024-07-12 15:57:33', NULL), (2, 1, 1.00, '2024-07-12 15:57:33', NULL)");
    try (Running _ = site.start()) {
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 1000L)));
      bed().sql("UPDATE " + table("sales") + " SET amount = 4.00 WHERE id = 1");
      bed().sql("DELETE FROM " + table("sales") + " WHERE id = 2");
      await().atMost(SOON).until(() -> site.letters("tx").size() == 2);
    }
    assertThat(site.sums()).isEqualTo(Map.of("1", 1000L));
    assertThat(site.letters("tx"))
        .as("what would make up for it, to be put back")
        .allMatch(letter -> letter.startsWith("CHANGED_ROW 1 {\"transactionId\":\"sale-"))
        .anyMatch(letter -> letter.contains("\"amount\":\"5.00\"") && letter.contains("REFUND"))
        .anyMatch(letter -> letter.contains("\"amount\":\"1.00\"") && letter.contains("REFUND"));
  }

  @Test
  void aCaptureThatIsKilledAtAnyMomentLosesAndDoublesNothing() throws Exception {
    long seed = Long.getLong("spendwatch.capture.seed", System.nanoTime());
    System.out.println("spendwatch.capture.seed=" + seed);
    var random = new Random(seed);
    int kills = Integer.getInteger("spendwatch.capture.kills", 4);
    bed().sql("INSERT INTO " + table("users") + " VALUES (1, 'a', 0), (2, 'b', 0), (3, 'c', 0)");
    CaptureBed.Site site = site();
    try (Running first = site.start()) {
      await().atMost(SOON).until(() -> site.inForce().size() == 3);
      sell("(1, 1, 5.00, '2024-07-12 15:57:33', NULL)");
      await().atMost(SOON).until(() -> site.sums().size() == 1 && first.isRunning());
    }
    var stop = new CountDownLatch(1);
    CompletableFuture<Void> shop =
        CompletableFuture.runAsync(
            () -> {
              try {
                trade(new Random(seed), stop);
              } catch (SQLException | InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    for (int i = 0; i < kills; i++) {
      Process process = site.startProcess(CapturePath.KAFKA);
      try {
        int before = site.transactions().size();
        await()
            .atMost(SOON)
            .untilAsserted(
                () ->
                    assertThat(site.transactions())
                        .as(() -> "its log: " + site.log())
                        .hasSizeGreaterThan(before));
        boolean _ = process.waitFor(Duration.ofMillis(random.nextInt(700)));
      } finally {
        var _ = process.destroyForcibly().waitFor();
      }
    }
    try (Running _ = site.start()) {
      stop.countDown();
      shop.join();
      await().atMost(SOON).untilAsserted(() -> assertThat(site.sums()).isEqualTo(sumsOfRows()));
      await()
          .atMost(SOON)
          .untilAsserted(() -> assertThat(site.inForce()).isEqualTo(balancesOfRows()));
    }
    Map<String, Transaction> distinct = site.distinct();
    for (List<String> row : bed().rows("SELECT id, user_id FROM " + table("sales"))) {
      assertThat(distinct).containsKey(row.get(1) + "/sale-" + row.get(0));
    }
    assertThat(site.letters("tx")).isEmpty();
    assertAsOfGrows(site.balances());
  }

  /** In the order of what was sent first; what is sent again is the same. */
  private static void assertAsOfGrows(List<Balance> balances) {
    Map<String, Long> latest = new HashMap<>();
    Map<String, Balance> seen = new HashMap<>();
    for (Balance balance : balances) {
      Balance same = seen.putIfAbsent(balance.userId() + "@" + balance.asOfMs(), balance);
      if (same == null) {
        Long before = latest.put(balance.userId(), balance.asOfMs());
        assertThat(before == null || before < balance.asOfMs()).isTrue();
      } else {
        assertThat(balance)
            .as(
                () ->
                    balances.stream()
                        .filter(each -> each.userId().equals(balance.userId()))
                        .map(each -> each.asOfMs() % 1_000_000 + "=" + each.balanceMinor())
                        .toList()
                        .toString())
            .isEqualTo(same);
      }
    }
  }

  /** Sales, some of them changed or deleted soon, and balances; some of it rolled back. */
  private void trade(Random random, CountDownLatch stop) throws SQLException, InterruptedException {
    try (Connection connection = bed().connect();
        Statement statement = connection.createStatement();
        PreparedStatement insert =
            connection.prepareStatement(
                "INSERT INTO "
                    + table("sales")
                    + " (id, user_id, amount, sold_at) VALUES (?, ?, ?, '2024-07-12 15:57:33')")) {
      connection.setAutoCommit(false);
      long id = 1000;
      // As fast as a few customers are.
      while (!stop.await(3, TimeUnit.MILLISECONDS)) {
        int user = 1 + random.nextInt(3);
        for (int i = random.nextInt(4); i >= 0; i--) {
          insert.setLong(1, ++id);
          insert.setInt(2, user);
          insert.setBigDecimal(3, BigDecimal.valueOf(1 + random.nextInt(10_000), 2));
          insert.executeUpdate();
        }
        statement.execute(
            "UPDATE %s SET balance = balance + 1.25 - 0.5 * %d WHERE id = %d"
                .formatted(table("users"), random.nextInt(4), user));
        if (random.nextInt(4) == 0) {
          statement.execute(
              "UPDATE %s SET amount = amount + 0.10 WHERE id BETWEEN %d AND %d"
                  .formatted(table("sales"), id - random.nextInt(6), id));
        }
        if (random.nextInt(6) == 0) {
          statement.execute(
              "DELETE FROM %s WHERE id = %d".formatted(table("sales"), id - random.nextInt(30)));
        }
        if (random.nextInt(6) == 0) {
          connection.rollback();
        } else {
          connection.commit();
        }
      }
    }
  }

  @Test
  void aTableThatIsNotAsTheMappingSaysIsOneLine() throws Exception {
    CaptureBed.Site site = site();
    site.map(mapping("amout", ""));
    PrintStream err = System.err;
    var printed = new ByteArrayOutputStream();
    int status;
    try {
      System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
      status =
          Spendwatch.run(
              Map.of("capture", CaptureCommand.class),
              "capture",
              "--config",
              site.file().toString(),
              "--check");
    } finally {
      System.setErr(err);
    }
    assertThat(status).isEqualTo(2);
    assertThat(printed.toString(StandardCharsets.UTF_8).lines().toList())
        .containsExactly(
            "spendwatch capture: table "
                + table("sales")
                + " has no column amout (did you mean amount?)");
  }

  @Test
  void aRenamedColumnStopsItAndAMappingThatFollowsGoesOn() throws Exception {
    CaptureBed.Site site = site();
    try (Running _ = site.start()) {
      sell("(1, 1, 5.00, '2024-07-12 15:57:33', NULL)");
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 500L)));
      bed().sql("ALTER TABLE " + table("sales") + " ADD COLUMN tax decimal(10,2)");
      sell("(2, 1, 2.00, '2024-07-12 15:57:33', NULL)");
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 700L)));
    }
    sell("(3, 1, 1.00, '2024-07-12 15:57:33', NULL)");
    bed()
        .sql(
            "ALTER TABLE " + table("sales") + " RENAME COLUMN amount TO price",
            "INSERT INTO "
                + table("sales")
                + " (id, user_id, price, sold_at) VALUES (4, 1, 0.50, '2024-07-12 15:57:33')");
    try (Running capture = site.start()) {
      assertThat(capture.failure())
          .isInstanceOf(MisfitException.class)
          .hasMessageContaining("has no column amount");
    }
    site.map(mapping("price", "renamed { price = amount }"));
    try (Running capture = site.start()) {
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 850L)));
      bed()
          .sql(
              "ALTER TABLE " + table("sales") + " RENAME COLUMN price TO cost",
              "INSERT INTO "
                  + table("sales")
                  + " (id, user_id, cost, sold_at) VALUES (5, 1, 1.00, '2024-07-12 15:57:33')");
      assertThat(capture.failure())
          .hasMessageContaining("has no column price any more")
          .hasMessageContaining("renamed { new = old }");
    }
    assertThat(site.sums()).isEqualTo(Map.of("1", 850L));
  }

  @Test
  void valuesAreTheSameInTheSnapshotAndInTheLog() throws Exception {
    String columns =
        switch (engine()) {
          case POSTGRES ->
              "(id numeric, amount numeric, cents int, zoned timestamptz, local timestamp(6), day date,"
                  + " clock time)";
          case MARIADB ->
              "(id BIGINT UNSIGNED PRIMARY KEY, amount DECIMAL(30,10), cents INT UNSIGNED, zoned"
                  + " TIMESTAMP(6) NULL, local DATETIME(6), day DATE, clock TIME)";
        };
    bed().sql("CREATE TABLE " + table("values") + " " + columns);
    if (engine() == Engine.POSTGRES) {
      bed().sql("ALTER TABLE " + table("values") + " REPLICA IDENTITY FULL");
    }
    List<String> times =
        List.of(
            "zoned",
            "{ column = local, zone = \"Europe/Berlin\" }",
            "{ day = day, time = clock, zone = \"Europe/Berlin\" }");
    for (int i = 0; i < times.size(); i++) {
      String unit = i == 0 ? "minor" : "major";
      CaptureBed.Site each =
          bed()
          .new Site(
              "v" + i + suffix(),
              """
              transactions = [
                {
                  table = %s, id = "v-{id}", user-id = u, amount = %s, amount-unit = %s, currency = USD
                  event-time = %s, kind { positive = PURCHASE }
                }
              ]
              """
                  .formatted(table("values"), i == 0 ? "cents" : "amount", unit, times.get(i)));
      bed().sql("DELETE FROM " + table("values"));
      insertValues("18446744073709551614");
      try (Running _ = each.start()) {
        await().atMost(SOON).until(() -> each.distinct().size() == 1);
        insertValues("18446744073709551615");
        await().atMost(SOON).until(() -> each.distinct().size() == 2);
      }
      Transaction first = each.distinct().get("u/v-18446744073709551614");
      Transaction second = each.distinct().get("u/v-18446744073709551615");
      assertThat(first.amountMinor()).isEqualTo(i == 0 ? 2_147_483_647L : 1234L);
      assertThat(first.eventTimeMs())
          .isEqualTo(Instant.parse("2026-07-01T10:11:12Z").toEpochMilli() + (i == 2 ? 0 : 345));
      assertThat(second)
          .usingRecursiveComparison()
          .ignoringFields("transactionId")
          .isEqualTo(first);
      assertThat(each.letters("tx")).isEmpty();
    }
  }

  private void insertValues(String id) throws SQLException {
    String zoned =
        engine() == Engine.POSTGRES
            ? "'2026-07-01 10:11:12.345678+00'"
            : "convert_tz('2026-07-01 10:11:12.345678', '+00:00', @@session.time_zone)";
    bed()
        .sql(
            "INSERT INTO %s VALUES (%s, 12.34, 2147483647, %s, '2026-07-01 12:11:12.345678', '2026-07-01', '12:11:12')"
                .formatted(table("values"), id, zoned));
  }

  @Test
  void aTableThatIsNewInTheMappingIsNotPassedOver() throws Exception {
    CaptureBed.Site site = site();
    site.map(
        "balances = [ { table = %s, user-id = \"{id}\", balance = balance, currency = USD } ]"
            .formatted(table("users")));
    bed().sql("INSERT INTO " + table("users") + " VALUES (1, 'a', 1.00)");
    sell("(1, 1, 5.00, '2024-07-12 15:57:33', NULL)");
    try (Running _ = site.start()) {
      await().atMost(SOON).until(() -> site.inForce().equals(Map.of("1", 100L)));
      bed().sql("UPDATE " + table("users") + " SET balance = 2.00");
      await().atMost(SOON).until(() -> site.inForce().equals(Map.of("1", 200L)));
    }
    site.map(mapping("amount", ""));
    try (Running capture = site.start()) {
      assertThat(capture.failure())
          .hasMessageContaining("new in the mapping: " + table("sales"))
          .hasMessageContaining("capture --snapshot");
    }
    try (Running _ = site.startWithSnapshot()) {
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 500L)));
    }
  }

  @Test
  void aSnapshotOfManyUsersIsNotSentAgainAlthoughNothingHappensAfterIt() throws Exception {
    int users = 2500;
    bed()
        .sql(
            "INSERT INTO "
                + table("users")
                + IntStream.rangeClosed(1, users)
                    .mapToObj(id -> "(" + id + ", NULL, 1.00)")
                    .collect(Collectors.joining(", ", " VALUES ", "")));
    CaptureBed.Site site = site();
    try (Running _ = site.start()) {
      await().atMost(SOON).until(() -> site.inForce().size() == users);
    }
    try (Running _ = site.start()) {
      sell("(1, 1, 5.00, '2024-07-12 15:57:33', NULL)");
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 500L)));
    }
    assertThat(site.balances()).hasSize(users);
  }

  @Test
  void waitsForKafkaAndLosesNothing() throws Exception {
    CaptureBed.Site site = site();
    try (Running capture = site.start()) {
      sell("(1, 1, 5.00, '2024-07-12 15:57:33', NULL)");
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 500L)));
      bed().stopKafka();
      try {
        sell("(2, 1, 1.00, '2024-07-12 15:57:33', NULL)");
        await().atMost(SOON).until(() -> capture.progress().now(0).unacknowledged() > 0);
      } finally {
        bed().startKafka();
      }
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 600L)));
      assertThat(capture.isRunning()).isTrue();
    }
  }
}
